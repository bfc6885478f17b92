#ifndef GATEWAY_PUBLICATIONS_LIVE_PUBLICATION_H_
#define GATEWAY_PUBLICATIONS_LIVE_PUBLICATION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "gateway/publications/published_content.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/change_queue.h"
#include "sip/base/mutex.h"
#include "sip/publication.h"
#include "sipevents/v1/publications.pb.h"

namespace sipevents::gateway {

// What never changes about a Publication.
struct PublicationIdentity {
  std::string name;
  std::string uid;
  std::string tenant;
  std::string owner;       // the caller who made it
  std::string target_uri;  // canonical
  std::string event_package;
  std::string identity;  // towards SIP; empty: the gateway's own
  bool local = false;    // the route
  uint64_t number = 0;   // of this process; never used again
  absl::Time create_time;
};

// What its owner says, and says anew with each change.
struct PublicationWord {
  PublishedContentPtr content;
  std::string etag;
  absl::Time update_time;
  absl::Time expire_time;
  uint64_t revision = 0;  // 1 at first, one more with each change of the content or the time
};

// A Publication: what its owner says, and what SIP says of it.
//
// Threads: any. Holds its lock for a few steps only, so that the SIP thread may take it.
class LivePublication final : public Changing {
 public:
  // `metrics` must outlive it.
  LivePublication(PublicationIdentity identity, PublicationWord word, Metrics& metrics);
  ~LivePublication() override;

  const PublicationIdentity& identity() const { return identity_; }

  // The whole resource, as it is now.
  v1::Publication Describe() const;

  // Changing:
  const std::string& name() const override { return identity_.name; }
  bool gone() const override { return gone_.load(std::memory_order_acquire); }
  // A v1.PublicationItem.
  std::string EncodeItem() const override;

  // The newest word.
  PublicationWord word() const;
  // Its owner says something else from now on.
  void Say(PublicationWord word);

  // LOCAL: this word is published …
  void Accept(const PublicationWord& word);
  // … or this revision cannot be: what was published before goes on, unless there is a newer word.
  void RollBack(uint64_t revision);

  // REMOTE: begins to publish anew, with the newest word; returns the number of the round.
  uint64_t BeginRound();
  // SIP has been told the newest word in this round.
  void CountChange();
  // SIP's word on the round; what comes of an earlier one is passed over. Returns whether that is
  // news.
  bool TakeStatus(uint64_t round, const sip::PublicationStatus& status);
  // Whether SIP has given up the round.
  bool has_ended() const;

  // It is over; `reason` is `deleted` or `expired`.
  void End(const std::string& reason);

  // For the feed: whether it is about to be told of. Returns what it was.
  bool SetQueued(bool queued) const { return queued_.exchange(queued, std::memory_order_acq_rel); }

 private:
  void SetState(sip::PublicationState state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PublicationIdentity identity_;
  Metrics& metrics_;
  std::atomic<bool> gone_{false};
  mutable std::atomic<bool> queued_{false};

  mutable Mutex mutex_;
  PublicationWord word_ ABSL_GUARDED_BY(mutex_);
  PublicationWord accepted_ ABSL_GUARDED_BY(mutex_);
  sip::PublicationStatus status_ ABSL_GUARDED_BY(mutex_);
  uint64_t round_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t round_changes_ ABSL_GUARDED_BY(mutex_) = 0;  // as accepted_revision of SIP counts
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_LIVE_PUBLICATION_H_
