#ifndef SIP_COMPOSITOR_PUBLICATION_TABLE_H_
#define SIP_COMPOSITOR_PUBLICATION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "sip/compose/composed_state.h"

namespace sipevents::sip {

struct PublishedResource;

// What one publisher says of a resource.
struct Publication {
  uint64_t id = 0;         // never reused; 0: this place is free
  uint64_t serial = 0;     // of its last success, over all publications; 0: it has no tag
  uint64_t publisher = 0;  // a hash of who it is from; 0: of a caller of ours
  uint64_t local_id = 0;   // LocalPublication::id, of a caller of ours
  uint32_t slot = 0;       // its place in the table
  bool is_local = false;   // of a caller of ours
  PublishedResource* resource = nullptr;
  std::string content_type;
  // Never null. Where watchers are shown just this, a part of the composed state: it is kept once.
  std::shared_ptr<const std::string> body;
  absl::Time publish_time;  // of the body; no two publications have the same
  absl::Time expire_time = absl::InfiniteFuture();
};

// What is published of a resource in one event package: one publication at least.
struct PublishedResource {
  std::string uri;
  size_t package = 0;
  absl::InlinedVector<uint32_t, 2> slots;  // of its publications, in the order they were created
  ComposedStatePtr composed;               // null until it was composed
};

// How much may be published. A publication is one of a resource and package.
struct PublicationLimits {
  size_t publications = 1'000'000;
  size_t octets = size_t{1} << 30;  // bodies of all publications
  size_t per_resource = 32;
  // Phones that never say which publication they mean make a new one at each change; this many of
  // them are kept.
  size_t per_publisher = 8;
};

// All publications, by place, resource and caller's id. Keeps books; knows no SIP, and composes
// nothing.
//
// Threads: one; its owner's. Pointers to publications are good until they are removed; those to
// resources until their last publication is.
class PublicationTable {
 public:
  explicit PublicationTable(PublicationLimits limits) : limits_(limits) {}
  PublicationTable(const PublicationTable&) = delete;
  PublicationTable& operator=(const PublicationTable&) = delete;

  // Whether a new publication, or another body, would be within the limits.
  struct Room {
    // The bound that refuses it, as metrics name it; empty: there is room.
    std::string_view refused_by;
    // A publication of the same publisher has to go for it; null: none.
    Publication* evicted = nullptr;
  };
  // `publisher`: its publication of the resource that was refreshed least recently goes where it
  // has `per_publisher` of them, or the resource has `per_resource` in all. 0: none goes.
  Room FindRoom(std::string_view uri, size_t package, uint64_t publisher, size_t octets);
  // The same for another body of a publication.
  Room FindRoom(const Publication& publication, size_t octets) const;

  // Adds one: `publication` says who it is from, and has content_type and body; id, slot, resource
  // and publish_time are set here.
  Publication& Add(std::string_view uri, size_t package, Publication publication, absl::Time now);
  // Replaces the state.
  void SetBody(Publication& publication, std::string_view content_type,
               std::shared_ptr<const std::string> body, absl::Time now);
  void SetExpireTime(Publication& publication, absl::Time expire_time);
  // A new serial, since something succeeded.
  void Renew(Publication& publication) { publication.serial = NewSerial(); }
  // A serial that no publication has.
  uint64_t NewSerial() { return ++last_serial_; }
  // Its resource stays, maybe without publications, until DropIfEmpty().
  void Remove(Publication& publication);
  // Forgets a resource that nobody publishes; true if it did.
  bool DropIfEmpty(PublishedResource& resource);

  // Null: there is none.
  PublishedResource* FindResource(std::string_view uri, size_t package) const;
  Publication* FindLocal(uint64_t id);
  Publication* At(uint32_t slot);

  // The one that expires first; null: none does.
  Publication* FirstToExpire();
  // InfiniteFuture: none does.
  absl::Time NextExpireTime() const {
    return expiries_.empty() ? absl::InfiniteFuture() : expiries_.begin()->first;
  }

  size_t size() const { return size_; }
  size_t octets() const { return octets_; }
  size_t resource_count() const { return resources_.size(); }

 private:
  using Key = std::pair<std::string_view, size_t>;
  struct HashResource {
    using is_transparent = void;
    size_t operator()(const Key& key) const;
    size_t operator()(const std::unique_ptr<PublishedResource>& resource) const;
  };
  struct SameResource {
    using is_transparent = void;
    bool operator()(const std::unique_ptr<PublishedResource>& a, const Key& b) const;
    bool operator()(const Key& a, const std::unique_ptr<PublishedResource>& b) const;
    bool operator()(const std::unique_ptr<PublishedResource>& a,
                    const std::unique_ptr<PublishedResource>& b) const;
  };

  // The bound that another `octets` would break; empty: none.
  std::string_view RefusedBy(size_t publications, size_t octets, size_t freed) const;
  uint32_t NewSlot();
  absl::Time NewPublishTime(absl::Time now);

  const PublicationLimits limits_;
  std::deque<Publication> places_;
  std::vector<uint32_t> free_;
  absl::flat_hash_set<std::unique_ptr<PublishedResource>, HashResource, SameResource> resources_;
  absl::flat_hash_map<uint64_t, uint32_t> by_local_id_;
  absl::btree_set<std::pair<absl::Time, uint32_t>> expiries_;  // those that expire
  size_t size_ = 0;
  size_t octets_ = 0;
  uint64_t last_id_ = 0;
  uint64_t last_serial_ = 0;
  absl::Time last_publish_time_ = absl::InfinitePast();
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_PUBLICATION_TABLE_H_
