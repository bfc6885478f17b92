#ifndef SIP_PUBLICATION_H_
#define SIP_PUBLICATION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

// What gateway/ sees of publishing to an event state compositor elsewhere (SIP PUBLISH, RFC 3903).

namespace sipevents::sip {

// Says what to publish. Every field was checked by the caller; URIs are in canonical form.
struct PublishRequest {
  std::string target_uri;     // Request-URI and To: whose state it is
  std::string event_package;  // e.g. "presence"
  std::string identity;       // From; empty: the agent's own
  std::string content_type;
  std::string body;  // not empty
  // Until when the state is true. No PUBLISH asks for longer than that, if the compositor lets it
  // (423); it is not withdrawn by itself then. InfiniteFuture: until it is withdrawn.
  absl::Time expire_time = absl::InfiniteFuture();
};

enum class PublicationState {
  kPublishing,  // the compositor has not taken the first state yet
  kActive,      // it holds the state, maybe not the newest one (see accepted_revision)
  kRetrying,    // it holds nothing of ours as far as we know; tried again at retry_time
  kEnded,       // for good: refused, or withdrawn
};

// Where a publication stands.
struct PublicationStatus {
  PublicationState state = PublicationState::kPublishing;
  // With kRetrying and kEnded: as SubscriptionStatus::reason (`response`, `timeout`, `transport`
  // …); `not-kept`: accepted for no time; `expired`: what was granted ended before it could be
  // refreshed; `overload`: too much is published here; `unpublished` after Unpublish() or Drain().
  // With kActive: how the last change or refresh failed while what was accepted before lives on.
  std::string reason;
  int sip_status = 0;                                 // that led here; 0 if none
  absl::Time retry_time = absl::InfinitePast();       // of the next try after a failure, or of the
                                                      // one under way; past: there is none
  absl::Time sip_expire_time = absl::InfinitePast();  // what the compositor granted; past: nothing
  absl::Time waiting_since = absl::InfinitePast();    // see SubscriptionStatus
  // Which state the compositor has accepted: 0 none, 1 that of Publish(), and one more with each
  // Modify(), whose states may be left out when newer ones follow (EPA-03).
  uint64_t accepted_revision = 0;

  bool operator==(const PublicationStatus&) const = default;
};

// Hears what becomes of one publication.
//
// Threads: called on the SIP thread that owns the publication, one call at a time, with no lock
// held; must not block.
class PublicationObserver {
 public:
  virtual ~PublicationObserver() = default;
  // The status differs from the last one told. The first call follows Publish().
  virtual void OnStatus(const PublicationStatus& status) = 0;
  // The last call; follows OnStatus(kEnded).
  virtual void OnEnded() = 0;
};

// Names a publication of an agent; never reused.
using PublicationId = uint64_t;

// Keeps state published over SIP.
//
// Threads: any; each call posts to the SIP thread that owns the publication and returns at once.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Publishes a state and keeps it alive, over refreshes and failures, until Unpublish() or a
  // failure that is final.
  virtual PublicationId Publish(PublishRequest request,
                                std::shared_ptr<PublicationObserver> observer) = 0;

  // Replaces the state.
  virtual void Modify(PublicationId id, std::string content_type, std::string body) = 0;

  // The state is true for longer, or less long, than was said. Where the compositor would keep it
  // for too long it is told at once, by a refresh.
  virtual void SetExpireTime(PublicationId id, absl::Time expire_time) = 0;

  // Withdraws it: PUBLISH with Expires 0 where the compositor may hold something, again by the
  // retry policy where that fails. The observer hears kEnded `unpublished` once that is answered or
  // refused for good, or nothing is held any more.
  virtual void Unpublish(PublicationId id) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_PUBLICATION_H_
