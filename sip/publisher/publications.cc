#include "sip/publisher/publications.h"

#include <utility>
#include <vector>

#include "sip/base/log.h"

namespace sipevents::sip {

Publications::~Publications() {
  turns_.Clear();  // those that go leave no turn to those that go next
}

void Publications::Publish(PublicationId id, PublishRequest request,
                           std::shared_ptr<PublicationObserver> observer) {
  const char* const bound =
      draining_ ? nullptr : BoundReached(publications_.size() + 1, octets_ + request.body.size());
  octets_ += request.body.size();
  auto publication =
      std::make_unique<RemotePublication>(parts_, turns_, digests_, std::move(request),
                                          std::move(observer), [this, id] { OnEnded(id); });
  RemotePublication* const raw = publication.get();
  publications_.emplace(id, std::move(publication));
  if (bound != nullptr) {
    CountBound(bound);
    raw->Refuse("overload");
  } else if (draining_) {
    raw->Refuse("unpublished");
  } else {
    raw->Start();
  }
}

void Publications::Modify(PublicationId id, std::string content_type, std::string body) {
  const auto found = publications_.find(id);
  if (found == publications_.end()) return;
  RemotePublication& publication = *found->second;
  const size_t octets = octets_ - publication.octets() + body.size();
  if (octets > octets_) {
    if (const char* const bound = BoundReached(0, octets)) {
      CountBound(bound);
      publication.RefuseModify();
      return;
    }
  }
  octets_ = octets;
  publication.Modify(std::move(content_type), std::move(body));
}

void Publications::SetExpireTime(PublicationId id, absl::Time expire_time) {
  const auto found = publications_.find(id);
  if (found != publications_.end()) found->second->SetExpireTime(expire_time);
}

void Publications::Unpublish(PublicationId id) {
  const auto found = publications_.find(id);
  if (found != publications_.end()) found->second->Unpublish(absl::InfiniteFuture());
}

void Publications::Drain(std::function<void()> on_idle) {
  if (std::exchange(draining_, true)) return;
  on_idle_ = std::move(on_idle);
  std::vector<PublicationId> ids;
  ids.reserve(publications_.size());
  for (const auto& [id, publication] : publications_) ids.push_back(id);
  for (const PublicationId id : ids) {
    const auto found = publications_.find(id);
    if (found != publications_.end()) found->second->Unpublish(parts_.clock.Now());
  }
  TellIdle();
}

void Publications::OnEnded(PublicationId id) {
  const auto found = publications_.find(id);
  octets_ -= found->second->octets();
  publications_.erase(found);
  TellIdle();
}

void Publications::TellIdle() {
  if (!publications_.empty() || on_idle_ == nullptr) return;
  // From the loop: whoever hears of it may destroy this.
  parts_.timers.At(parts_.clock.Now(), std::exchange(on_idle_, nullptr));
}

const char* Publications::BoundReached(size_t publications, size_t octets) const {
  if (publications > parts_.most_publications) return "remote_publications";
  return octets > parts_.most_octets ? "remote_publication_octets" : nullptr;
}

void Publications::CountBound(const char* bound) const {
  if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached(bound);
  Log(LogSeverity::kWarning, "publisher", "no room for what is to be published",
      {{"bound", bound}, {"publications", publications_.size()}, {"octets", octets_}});
}

}  // namespace sipevents::sip
