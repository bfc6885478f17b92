#ifndef GATEWAY_REGISTRY_INCARNATION_H_
#define GATEWAY_REGISTRY_INCARNATION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "gateway/registry/subscription_key.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/event_log.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// One life of a Subscription, from its SUBSCRIBE to its TERMINATED: hears what the SIP side
// tells, keeps the status, and writes the log that the streams read.
//
// Threads: the SubscriptionObserver calls come on the SIP thread, one at a time; all else on any
// thread. The SIP thread takes no lock that anybody holds for longer than a copy of the status.
class Incarnation final : public sip::SubscriptionObserver {
 public:
  // What it is made of; everything referred to must outlive it.
  struct Parts {
    const Clock& clock;
    FanoutExecutor& executor;
    HistoryBudget& budget;
    Metrics& metrics;
    LogLimits log_limits;
    // Counts the Subscriptions of the tenant that wait; null: nobody wants to know.
    std::shared_ptr<std::atomic<int64_t>> waiting_count;
  };

  // `uid` is new; `wanted.expires` is what the agent is asked for.
  Incarnation(const WantedSubscription& wanted, std::string uid, const Parts& parts);
  ~Incarnation() override;
  Incarnation(const Incarnation&) = delete;
  Incarnation& operator=(const Incarnation&) = delete;

  const std::string& name() const { return log_->identity().name; }
  const std::string& uid() const { return log_->identity().uid; }
  const SubscriptionKey& key() const { return key_; }
  const std::shared_ptr<EventLog>& log() const { return log_; }
  PackageMetrics& metrics() const { return metrics_; }

  // The resource as it is now.
  v1::Subscription Describe() const;

  // Whether TERMINATED was told: nothing follows.
  bool terminated() const { return terminated_.load(std::memory_order_acquire); }

  // Whether the state can be shown as if it had been fetched just now: the subscription is
  // active, its notifier answers, and the last NOTIFY came at `since` or later.
  bool IsFresh(absl::Time since) const;

  // The newest event of each fork and member of a list, in the order in which they came.
  std::vector<EntryRef> NewestEvents() const;

  // A member of a list that its notifier ended as `noresource` or `rejected`.
  struct MissingMember {
    std::string uri;
    std::string reason;
  };
  // Those that have not come back, in the order in which they went; at most kMostMissing.
  static constexpr size_t kMostMissing = 64;
  std::vector<MissingMember> MissingMembers() const;

  // The agent was asked for another duration.
  void SetExpires(absl::Duration expires);

  // A caller ends it for all: TERMINATED, when it comes, says `deleted`.
  void MarkDeleted() { deleted_.store(true, std::memory_order_relaxed); }

  // sip::SubscriptionObserver:
  void OnStatus(const sip::SubscriptionStatus& status) override;
  void OnNotification(const sip::Notification& notification) override;
  void OnQuietNotify(absl::Time receive_time) override;
  void OnDialogEnded(std::string_view dialog, std::string_view reason, bool state_remains) override;
  void OnMemberGone(std::string_view dialog, std::string_view member_uri, uint32_t member_instance,
                    std::string_view reason) override;
  void OnEnded() override;

 private:
  // What the SIP thread remembers of what a fork, or a member of its list, shows.
  struct Shown {
    EntryKey key = 0;
    // How many octets at the end of its newest event are the document.
    size_t document_octets = 0;
  };
  using MemberId = std::pair<std::string, uint32_t>;  // URI and instance
  struct Dialog {
    Shown own;
    // Bounded where they are made (sip::kMaxListMembers).
    absl::flat_hash_map<MemberId, Shown> members;
    uint32_t last_member = 0;
  };

  Dialog& DialogOf(std::string_view id);
  static Shown& ShownBy(const sip::Notification& notification, Dialog& dialog);
  std::string LastDocument(const Shown& shown) const;
  void CountWaiting(bool before, bool now);
  // Forgets those of a fork; of this URI, unless that is empty.
  void ForgetMissing(EntryKey dialog, std::string_view member_uri);
  void NoteNotify(absl::Time receive_time);

  const SubscriptionKey key_;
  const absl::Time create_time_;
  const Clock& clock_;
  PackageMetrics& metrics_;
  const std::shared_ptr<EventLog> log_;
  const std::string event_head_;
  const std::shared_ptr<std::atomic<int64_t>> waiting_count_;

  std::atomic<bool> terminated_{false};
  std::atomic<bool> deleted_{false};
  std::atomic<int64_t> last_notify_nanos_{0};  // since 1970; 0: none yet

  mutable Mutex mutex_;
  sip::SubscriptionStatus status_ ABSL_GUARDED_BY(mutex_);
  absl::Duration expires_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<EntryKey, MissingMember>> missing_ ABSL_GUARDED_BY(mutex_);  // by fork

  // The SIP thread's own.
  uint64_t log_head_ = 0;  // 0: nothing was appended yet
  uint32_t last_dialog_ = 0;
  bool any_missing_ = false;  // spares the lock
  absl::flat_hash_map<std::string, Dialog> dialogs_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_INCARNATION_H_
