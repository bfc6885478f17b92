#include "gateway/registry/subscription_registry.h"

#include <algorithm>

#include "gateway/registry/subscribe_request.h"
#include "gateway/rpc/errors.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {

// A row of the table. Guarded by the registry's mutex, but for what never changes.
struct SubscriptionRegistry::Entry {
  WantedSubscription wanted;  // `expires`: the largest asked for
  std::shared_ptr<Incarnation> incarnation;
  sip::SubscriptionId sip_id = 0;
  std::map<std::string, absl::Time> holds;  // by caller, until when
  size_t watches = 0;
  // How long it lives without watches and holds.
  absl::Time linger_until = absl::InfinitePast();
  TimerQueue::TimerId review = 0;
  bool in_table = true;
};

// What a lease gives back.
struct WatchLease::Held {
  std::shared_ptr<SubscriptionRegistry> registry;
  std::shared_ptr<SubscriptionRegistry::Entry> entry;
  absl::Duration linger;
};

WatchLease::WatchLease(std::shared_ptr<Incarnation> incarnation, std::unique_ptr<Held> held,
                       bool started)
    : incarnation_(std::move(incarnation)), held_(std::move(held)), started_(started) {}

WatchLease::WatchLease(WatchLease&& other) noexcept = default;

WatchLease::~WatchLease() {
  if (held_ != nullptr) held_->registry->Release(held_->entry, held_->linger);
}

SubscriptionRegistry::SubscriptionRegistry(Options options, const Parts& parts)
    : options_(options), parts_(parts) {}

SubscriptionRegistry::~SubscriptionRegistry() {
  // The SIP side ends what is left by itself: see sip::Agent::Drain().
  MutexLock lock(mutex_);
  timer_.Cancel(parts_.executor);
}

absl::Status SubscriptionRegistry::AdmitStart(const std::string& name, bool restart) {
  if (!restart && table_.size() >= options_.max_subscriptions) {
    return BoundReached("max_subscriptions", static_cast<int64_t>(options_.max_subscriptions));
  }
  if (parts_.budget.StateBytesOverBound()) {
    return BoundReached("log_bytes", parts_.budget.max_bytes());
  }
  const absl::Duration wait = restarts_.TryStart(name, parts_.clock.Now());
  if (wait > absl::ZeroDuration()) return RestartedTooOften(name, wait);
  return absl::OkStatus();
}

void SubscriptionRegistry::Start(Entry& entry) {
  ++starts_;
  auto& waiting = waiting_[entry.wanted.key.tenant];
  if (waiting == nullptr) waiting = std::make_shared<std::atomic<int64_t>>(0);
  entry.incarnation = std::make_shared<Incarnation>(entry.wanted, RandomBase32(parts_.random, 16),
                                                    Incarnation::Parts{
                                                        .clock = parts_.clock,
                                                        .executor = parts_.executor,
                                                        .budget = parts_.budget,
                                                        .metrics = parts_.metrics,
                                                        .log_limits = options_.log_limits,
                                                        .waiting_count = waiting,
                                                    });
  entry.sip_id = parts_.agent.Subscribe(SubscribeRequestFor(entry.wanted), entry.incarnation);
}

absl::Status SubscriptionRegistry::Restart(Entry& entry) {
  restarts_.OnTerminated(entry.wanted.name, parts_.clock.Now());
  SIPEVENTS_RETURN_IF_ERROR(AdmitStart(entry.wanted.name, /*restart=*/true));
  Start(entry);
  return absl::OkStatus();
}

void SubscriptionRegistry::AskForExpires(Entry& entry, absl::Duration expires) {
  if (expires <= entry.wanted.expires) return;
  entry.wanted.expires = expires;
  if (entry.incarnation->terminated()) return;
  entry.incarnation->SetExpires(expires);
  parts_.agent.SetExpires(entry.sip_id, expires);
}

absl::StatusOr<std::shared_ptr<SubscriptionRegistry::Entry>> SubscriptionRegistry::FindOrStart(
    const WantedSubscription& wanted) {
  const auto found = table_.find({wanted.key.tenant, wanted.name});
  if (found != table_.end()) {
    const std::shared_ptr<Entry>& entry = found->second;
    AskForExpires(*entry, wanted.expires);
    entry->wanted.every |= wanted.every;
    if (entry->incarnation->terminated()) SIPEVENTS_RETURN_IF_ERROR(Restart(*entry));
    return entry;
  }
  SIPEVENTS_RETURN_IF_ERROR(AdmitStart(wanted.name, /*restart=*/false));
  auto entry = std::make_shared<Entry>();
  entry->wanted = wanted;
  Start(*entry);
  table_.emplace(std::make_pair(wanted.key.tenant, wanted.name), entry);
  return entry;
}

absl::StatusOr<std::shared_ptr<SubscriptionRegistry::Entry>> SubscriptionRegistry::FindEntry(
    const std::string& tenant, const std::string& name) const {
  const auto found = table_.find({tenant, name});
  if (found == table_.end()) return SubscriptionNotFound(name);
  return found->second;
}

absl::StatusOr<std::shared_ptr<const Incarnation>> SubscriptionRegistry::Hold(
    const WantedSubscription& wanted, const std::string& caller, absl::Duration ttl) {
  MutexLock lock(mutex_);
  const absl::Time now = parts_.clock.Now();
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindOrStart(wanted));
  auto& holds = entry->holds;
  if (holds.size() >= options_.max_holds_per_subscription && holds.count(caller) == 0) {
    std::erase_if(holds, [&](const auto& hold) { return hold.second <= now; });
    if (holds.size() >= options_.max_holds_per_subscription) {
      return BoundReached("max_holds_per_subscription",
                          static_cast<int64_t>(options_.max_holds_per_subscription));
    }
  }
  holds[caller] = now + ttl;
  Review(entry, now);
  return entry->incarnation;
}

absl::Status SubscriptionRegistry::AdmitWatch() {
  if (watches_ < options_.max_watches) return absl::OkStatus();
  return BoundReached("max_watches", static_cast<int64_t>(options_.max_watches));
}

WatchLease SubscriptionRegistry::Lease(const std::shared_ptr<Entry>& entry,
                                       std::optional<absl::Duration> linger, bool started) {
  ++watches_;
  ++entry->watches;
  auto held = std::make_unique<WatchLease::Held>();
  held->registry = std::static_pointer_cast<SubscriptionRegistry>(shared_from_this());
  held->entry = entry;
  held->linger = linger.value_or(options_.linger);
  return WatchLease(entry->incarnation, std::move(held), started);
}

absl::StatusOr<WatchLease> SubscriptionRegistry::Watch(const WantedSubscription& wanted,
                                                       std::optional<absl::Duration> linger) {
  MutexLock lock(mutex_);
  SIPEVENTS_RETURN_IF_ERROR(AdmitWatch());
  const uint64_t starts_before = starts_;
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindOrStart(wanted));
  return Lease(entry, linger, starts_ != starts_before);
}

absl::StatusOr<WatchLease> SubscriptionRegistry::WatchExisting(const std::string& tenant,
                                                               const std::string& name,
                                                               std::optional<absl::Duration> linger,
                                                               bool every) {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(tenant, name));
  SIPEVENTS_RETURN_IF_ERROR(AdmitWatch());
  entry->wanted.every |= every;
  const uint64_t starts_before = starts_;
  if (entry->incarnation->terminated()) SIPEVENTS_RETURN_IF_ERROR(Restart(*entry));
  return Lease(entry, linger, starts_ != starts_before);
}

void SubscriptionRegistry::Release(const std::shared_ptr<Entry>& entry, absl::Duration linger) {
  MutexLock lock(mutex_);
  const absl::Time now = parts_.clock.Now();
  --watches_;
  --entry->watches;
  entry->linger_until = std::max(entry->linger_until, now + linger);
  Review(entry, now);
}

absl::StatusOr<std::shared_ptr<const Incarnation>> SubscriptionRegistry::Find(
    const std::string& tenant, const std::string& name) const {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(tenant, name));
  return entry->incarnation;
}

absl::StatusOr<SubscriptionRegistry::Keepers> SubscriptionRegistry::FindKeepers(
    const std::string& tenant, const std::string& name) const {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(tenant, name));
  const absl::Time now = parts_.clock.Now();
  Keepers keepers{.incarnation = entry->incarnation,
                  .sip_id = entry->sip_id,
                  .watches = entry->watches,
                  .holds = {},
                  .linger_until = entry->linger_until};
  for (const auto& hold : entry->holds) {
    if (hold.second > now) keepers.holds.push_back(hold);
  }
  return keepers;
}

std::vector<std::shared_ptr<const Incarnation>> SubscriptionRegistry::ListAfter(
    const std::string& tenant, const std::string& after, size_t limit) const {
  std::vector<std::shared_ptr<const Incarnation>> found;
  MutexLock lock(mutex_);
  for (auto row = table_.upper_bound({tenant, after});
       row != table_.end() && row->first.first == tenant && found.size() < limit; ++row) {
    found.push_back(row->second->incarnation);
  }
  return found;
}

absl::Status SubscriptionRegistry::DropHold(const std::string& tenant, const std::string& name,
                                            const std::string& caller) {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(tenant, name));
  if (entry->holds.erase(caller) == 0) return absl::OkStatus();
  const absl::Time now = parts_.clock.Now();
  entry->linger_until = std::max(entry->linger_until, now + options_.linger);
  Review(entry, now);
  return absl::OkStatus();
}

absl::Status SubscriptionRegistry::End(const std::string& tenant, const std::string& name) {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(tenant, name));
  entry->incarnation->MarkDeleted();
  Forget(*entry, parts_.clock.Now());
  ArmTimer(parts_.clock.Now());
  return absl::OkStatus();
}

// Decides whether the Subscription goes on, and when to ask again.
void SubscriptionRegistry::Review(const std::shared_ptr<Entry>& entry, absl::Time now) {
  if (!entry->in_table) return;
  reviews_.Cancel(entry->review);
  entry->review = 0;
  if (entry->watches > 0) return;  // asked again when the last one ends
  absl::Time held_until = absl::InfinitePast();
  for (const auto& [caller, until] : entry->holds) held_until = std::max(held_until, until);
  const absl::Time linger_from_hold = held_until + options_.linger;
  if (held_until <= now) {
    entry->holds.clear();
    entry->linger_until = std::max(entry->linger_until, linger_from_hold);
    held_until = entry->linger_until;
  }
  if (held_until > now) {
    entry->review = reviews_.At(
        held_until, [this, entry]() ABSL_NO_THREAD_SAFETY_ANALYSIS { due_.push_back(entry); });
  } else {
    Forget(*entry, now);
  }
  ArmTimer(now);
}

void SubscriptionRegistry::Forget(Entry& entry, absl::Time now) {
  reviews_.Cancel(entry.review);
  entry.in_table = false;
  if (entry.incarnation->terminated()) {
    restarts_.OnTerminated(entry.wanted.name, now);
  } else {
    parts_.agent.Unsubscribe(entry.sip_id);
  }
  table_.erase({entry.wanted.key.tenant, entry.wanted.name});
}

void SubscriptionRegistry::ArmTimer(absl::Time now) {
  timer_.ArmFor(reviews_.NextDue(), now, weak_from_this(), parts_.executor);
}

void SubscriptionRegistry::Run() {
  MutexLock lock(mutex_);
  const absl::Time now = parts_.clock.Now();
  timer_.OnRun();
  reviews_.RunDue(now);
  for (const std::shared_ptr<Entry>& entry : std::exchange(due_, {})) Review(entry, now);
  ArmTimer(now);
}

size_t SubscriptionRegistry::size() const {
  MutexLock lock(mutex_);
  return table_.size();
}

int64_t SubscriptionRegistry::WaitingOf(const std::string& tenant) const {
  MutexLock lock(mutex_);
  const auto found = waiting_.find(tenant);
  return found == waiting_.end() ? 0 : found->second->load(std::memory_order_relaxed);
}

}  // namespace sipevents::gateway
