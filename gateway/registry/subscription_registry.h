#ifndef GATEWAY_REGISTRY_SUBSCRIPTION_REGISTRY_H_
#define GATEWAY_REGISTRY_SUBSCRIPTION_REGISTRY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/registry/incarnation.h"
#include "gateway/registry/restart_limiter.h"
#include "gateway/registry/subscription_key.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/deadline_timer.h"
#include "gateway/watch/event_log.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/history_budget.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"

namespace sipevents::gateway {

class SubscriptionRegistry;

// The right to watch a Subscription, which keeps it alive: given by the registry, given back by
// its end.
//
// Threads: one at a time.
class WatchLease {
 public:
  WatchLease(WatchLease&& other) noexcept;
  WatchLease& operator=(WatchLease&& other) = delete;
  ~WatchLease();

  const Incarnation& subscription() const { return *incarnation_; }
  // Whether this watch began the incarnation: then nothing in its log is older than the watch.
  bool started() const { return started_; }

 private:
  friend class SubscriptionRegistry;
  struct Held;
  WatchLease(std::shared_ptr<Incarnation> incarnation, std::unique_ptr<Held> held, bool started);

  std::shared_ptr<Incarnation> incarnation_;
  std::unique_ptr<Held> held_;
  bool started_;
};

// The table of all Subscriptions: which callers share one, and how long each lives. A
// Subscription lives while somebody watches or holds it, and for a linger time after the last
// one; the SIP subscription ends with it.
//
// A Subscription that the SIP side ended for good stays in the table as TERMINATED for the same
// time; who asks for it anew starts a new incarnation of it, at a limited rate.
//
// Threads: any. Calls to the agent are made with the table's lock held, which SIP threads never
// take. Make it with std::make_shared.
class SubscriptionRegistry final : public Runnable {
 public:
  struct Options {
    // How long a Subscription outlives its last watch or hold, unless the watch asked for
    // another time.
    absl::Duration linger = absl::Minutes(5);
    size_t max_subscriptions = 1'000'000;
    size_t max_watches = 200'000;
    size_t max_holds_per_subscription = 1'000;
    LogLimits log_limits;
  };
  // All must outlive the registry, and the incarnations that the agent holds.
  struct Parts {
    sip::Agent& agent;
    const Clock& clock;
    RandomSource& random;
    FanoutExecutor& executor;
    HistoryBudget& budget;
    Metrics& metrics;
  };

  SubscriptionRegistry(Options options, const Parts& parts);
  ~SubscriptionRegistry() override;

  // Errors of all that start a Subscription: RESOURCE_EXHAUSTED with BOUND_REACHED
  // (`max_subscriptions`, `max_watches`, `max_holds_per_subscription`, `log_bytes`) or
  // RESTARTED_TOO_OFTEN.

  // Takes or renews the hold of `caller`, and starts the Subscription if need be.
  absl::StatusOr<std::shared_ptr<const Incarnation>> Hold(const WantedSubscription& wanted,
                                                          const std::string& caller,
                                                          absl::Duration ttl);

  // Begins a watch, and starts the Subscription if need be. After the watch the Subscription
  // lives on for `linger`; nullopt: as in the options.
  absl::StatusOr<WatchLease> Watch(const WantedSubscription& wanted,
                                   std::optional<absl::Duration> linger);

  // The same for one that is there (maybe TERMINATED); `every` is as in WantedSubscription. Error:
  // SUBSCRIPTION_NOT_FOUND, also for those of another tenant.
  absl::StatusOr<WatchLease> WatchExisting(const std::string& tenant, const std::string& name,
                                           std::optional<absl::Duration> linger,
                                           bool every = false);

  // Error: SUBSCRIPTION_NOT_FOUND, also for those of another tenant.
  absl::StatusOr<std::shared_ptr<const Incarnation>> Find(const std::string& tenant,
                                                          const std::string& name) const;

  // What keeps a Subscription alive, for people who look for a fault.
  struct Keepers {
    std::shared_ptr<const Incarnation> incarnation;
    sip::SubscriptionId sip_id = 0;
    size_t watches = 0;
    // By caller, until when; those that are over are left out.
    std::vector<std::pair<std::string, absl::Time>> holds;
    absl::Time linger_until = absl::InfinitePast();
  };
  // Error: SUBSCRIPTION_NOT_FOUND.
  absl::StatusOr<Keepers> FindKeepers(const std::string& tenant, const std::string& name) const;

  // The first `limit` of a tenant whose names come after `after`, by name.
  std::vector<std::shared_ptr<const Incarnation>> ListAfter(const std::string& tenant,
                                                            const std::string& after,
                                                            size_t limit) const;

  // Drops the hold of `caller`, if there is one. Error: SUBSCRIPTION_NOT_FOUND.
  absl::Status DropHold(const std::string& tenant, const std::string& name,
                        const std::string& caller);

  // Ends it for everyone and forgets it: its watches end with TERMINATED `deleted`. Error:
  // SUBSCRIPTION_NOT_FOUND.
  absl::Status End(const std::string& tenant, const std::string& name);

  // How many there are, for metrics and tests.
  size_t size() const;

  // How many of a tenant's have a SUBSCRIBE that waits for its turn.
  int64_t WaitingOf(const std::string& tenant) const;

 private:
  friend class WatchLease;
  struct Entry;
  // Tenant and name: a list is of one tenant, in the order of names.
  using Table = absl::btree_map<std::pair<std::string, std::string>, std::shared_ptr<Entry>>;

  absl::StatusOr<std::shared_ptr<Entry>> FindOrStart(const WantedSubscription& wanted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<Entry>> FindEntry(const std::string& tenant,
                                                   const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AdmitStart(const std::string& name, bool restart)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Restart(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Start(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AskForExpires(Entry& entry, absl::Duration expires) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AdmitWatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WatchLease Lease(const std::shared_ptr<Entry>& entry, std::optional<absl::Duration> linger,
                   bool started) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(const std::shared_ptr<Entry>& entry, absl::Duration linger);
  void Review(const std::shared_ptr<Entry>& entry, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReviewAt(const std::shared_ptr<Entry>& entry, absl::Time when)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(Entry& entry, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ArmTimer(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Reviews what is due.
  void Run() override;

  const Options options_;
  const Parts parts_;

  mutable Mutex mutex_;
  Table table_ ABSL_GUARDED_BY(mutex_);
  // Of each tenant that ever started one; tenants are made by the operator.
  std::map<std::string, std::shared_ptr<std::atomic<int64_t>>> waiting_ ABSL_GUARDED_BY(mutex_);
  RestartLimiter restarts_ ABSL_GUARDED_BY(mutex_);
  size_t watches_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t starts_ ABSL_GUARDED_BY(mutex_) = 0;  // of incarnations
  // At most one per entry.
  TimerQueue reviews_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Entry>> due_ ABSL_GUARDED_BY(mutex_);  // empty between calls
  DeadlineTimer timer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_SUBSCRIPTION_REGISTRY_H_
