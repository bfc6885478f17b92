#include "sip/compositor/publication_table.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

size_t PublicationTable::HashResource::operator()(const Key& key) const {
  return absl::HashOf(AbslView(key.first), key.second);
}

size_t PublicationTable::HashResource::operator()(
    const std::unique_ptr<PublishedResource>& resource) const {
  return (*this)(Key(resource->uri, resource->package));
}

bool PublicationTable::SameResource::operator()(const std::unique_ptr<PublishedResource>& a,
                                                const Key& b) const {
  return a->package == b.second && a->uri == b.first;
}

bool PublicationTable::SameResource::operator()(const Key& a,
                                                const std::unique_ptr<PublishedResource>& b) const {
  return (*this)(b, a);
}

bool PublicationTable::SameResource::operator()(const std::unique_ptr<PublishedResource>& a,
                                                const std::unique_ptr<PublishedResource>& b) const {
  return (*this)(a, Key(b->uri, b->package));
}

std::string_view PublicationTable::RefusedBy(size_t publications, size_t octets,
                                             size_t freed) const {
  if (publications > limits_.publications) return "publications";
  if (octets_ - freed + octets > limits_.octets) return "publication_octets";
  return {};
}

PublicationTable::Room PublicationTable::FindRoom(std::string_view uri, size_t package,
                                                  uint64_t publisher, size_t octets) {
  Room room;
  size_t of_publisher = 0;
  Publication* least_recent = nullptr;
  const PublishedResource* resource = FindResource(uri, package);
  if (resource != nullptr && publisher != 0) {
    for (const uint32_t slot : resource->slots) {
      Publication& publication = places_[slot];
      if (publication.publisher != publisher) continue;
      ++of_publisher;
      // Serials grow with each success.
      if (least_recent == nullptr || publication.serial < least_recent->serial) {
        least_recent = &publication;
      }
    }
  }
  const bool full = resource != nullptr && resource->slots.size() >= limits_.per_resource;
  if (full || of_publisher >= limits_.per_publisher) {
    room.evicted = least_recent;
    if (room.evicted == nullptr) {
      room.refused_by = "publications_per_resource";
      return room;
    }
  }
  const bool one_goes = room.evicted != nullptr;
  room.refused_by =
      RefusedBy(size_ + (one_goes ? 0 : 1), octets, one_goes ? room.evicted->body->size() : 0);
  return room;
}

PublicationTable::Room PublicationTable::FindRoom(const Publication& publication,
                                                  size_t octets) const {
  return {RefusedBy(size_, octets, publication.body->size()), nullptr};
}

uint32_t PublicationTable::NewSlot() {
  if (free_.empty()) {
    places_.emplace_back();
    return static_cast<uint32_t>(places_.size() - 1);
  }
  const uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

// Two that come at once are not published at once: else it would be open which one is the last.
absl::Time PublicationTable::NewPublishTime(absl::Time now) {
  last_publish_time_ = std::max(now, last_publish_time_ + absl::Nanoseconds(1));
  return last_publish_time_;
}

Publication& PublicationTable::Add(std::string_view uri, size_t package, Publication publication,
                                   absl::Time now) {
  PublishedResource* resource = FindResource(uri, package);
  if (resource == nullptr) {
    auto added = std::make_unique<PublishedResource>();
    added->uri = std::string(uri);
    added->package = package;
    resource = added.get();
    resources_.insert(std::move(added));
  }
  const absl::Time expire_time = std::exchange(publication.expire_time, absl::InfiniteFuture());
  const uint32_t slot = NewSlot();
  Publication& added = places_[slot];
  added = std::move(publication);
  added.id = ++last_id_;
  added.slot = slot;
  added.resource = resource;
  added.publish_time = NewPublishTime(now);
  resource->slots.push_back(slot);
  if (added.is_local) by_local_id_[added.local_id] = slot;
  SetExpireTime(added, expire_time);
  ++size_;
  octets_ += added.body->size();
  return added;
}

void PublicationTable::SetBody(Publication& publication, std::string_view content_type,
                               std::shared_ptr<const std::string> body, absl::Time now) {
  octets_ += body->size() - publication.body->size();
  publication.content_type = content_type;
  publication.body = std::move(body);
  publication.publish_time = NewPublishTime(now);
}

void PublicationTable::SetExpireTime(Publication& publication, absl::Time expire_time) {
  if (publication.expire_time == expire_time) return;
  expiries_.erase({publication.expire_time, publication.slot});
  publication.expire_time = expire_time;
  if (expire_time != absl::InfiniteFuture()) expiries_.insert({expire_time, publication.slot});
}

void PublicationTable::Remove(Publication& publication) {
  SetExpireTime(publication, absl::InfiniteFuture());
  if (publication.is_local) by_local_id_.erase(publication.local_id);
  auto& slots = publication.resource->slots;
  slots.erase(std::find(slots.begin(), slots.end(), publication.slot));
  --size_;
  octets_ -= publication.body->size();
  free_.push_back(publication.slot);
  publication = Publication();
}

bool PublicationTable::DropIfEmpty(PublishedResource& resource) {
  if (!resource.slots.empty()) return false;
  resources_.erase(resources_.find(Key(resource.uri, resource.package)));
  return true;
}

PublishedResource* PublicationTable::FindResource(std::string_view uri, size_t package) const {
  const auto it = resources_.find(Key(uri, package));
  return it == resources_.end() ? nullptr : it->get();
}

Publication* PublicationTable::FindLocal(uint64_t id) {
  const auto it = by_local_id_.find(id);
  return it == by_local_id_.end() ? nullptr : &places_[it->second];
}

Publication* PublicationTable::At(uint32_t slot) {
  if (slot >= places_.size() || places_[slot].id == 0) return nullptr;
  return &places_[slot];
}

Publication* PublicationTable::FirstToExpire() {
  return expiries_.empty() ? nullptr : &places_[expiries_.begin()->second];
}

}  // namespace sipevents::sip
