#ifndef SIP_PUBLISHER_PUBLICATIONS_H_
#define SIP_PUBLISHER_PUBLICATIONS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "sip/publication.h"
#include "sip/publisher/publish_turns.h"
#include "sip/publisher/remote_publication.h"
#include "sip/subscriber/digest_cache.h"

namespace sipevents::sip {

// The publications of one SIP thread.
//
// Bounds: PublisherParts::most_publications and most_octets. A publication past them ends at once,
// `overload`; a change past the second is not sent, and its publication says so. Each is counted
// (SipMetrics::OnBoundReached(): `remote_publications`, `remote_publication_octets`).
//
// Threads: the SIP thread.
class Publications {
 public:
  explicit Publications(PublisherParts parts) : parts_(std::move(parts)) {}
  ~Publications();
  Publications(const Publications&) = delete;
  Publications& operator=(const Publications&) = delete;

  // As those of Publisher; an id that is not there is ignored.
  void Publish(PublicationId id, PublishRequest request,
               std::shared_ptr<PublicationObserver> observer);
  void Modify(PublicationId id, std::string content_type, std::string body);
  void SetExpireTime(PublicationId id, absl::Time expire_time);
  void Unpublish(PublicationId id);

  // Removes all that is published (EPA-10), and does not wait where a compositor has asked for
  // silence; calls `on_idle` once, from the loop, when the compositors have answered. New
  // publications end at once from here on. Again is ignored.
  void Drain(std::function<void()> on_idle);

  size_t size() const { return publications_.size(); }

 private:
  void OnEnded(PublicationId id);
  void TellIdle();
  // Why there is no room; null: there is.
  const char* BoundReached(size_t publications, size_t octets) const;
  void CountBound(const char* bound) const;

  const PublisherParts parts_;
  PublishTurns turns_;
  DigestCache digests_;
  absl::flat_hash_map<PublicationId, std::unique_ptr<RemotePublication>> publications_;
  size_t octets_ = 0;  // of all bodies
  bool draining_ = false;
  std::function<void()> on_idle_;
};

}  // namespace sipevents::sip

#endif  // SIP_PUBLISHER_PUBLICATIONS_H_
