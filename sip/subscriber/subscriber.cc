#include "sip/subscriber/subscriber.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"

namespace sipevents::sip {
namespace {

constexpr absl::Duration kIdleCheck = absl::Milliseconds(20);

}  // namespace

Subscriber::Subscriber(SubscriberContext context) : context_(std::move(context)) {}

Subscriber::~Subscriber() { context_.timers.Cancel(idle_timer_); }

void Subscriber::Subscribe(SubscriptionId id, SubscribeRequest request,
                           std::shared_ptr<SubscriptionObserver> observer) {
  const std::string event_package = request.event_package;
  ++names_in_use_[event_package];
  if (FollowsUnsolicited(event_package)) unsolicited_.Add(request.target_uri, id);
  auto subscription =
      std::make_unique<Subscription>(context_, std::move(request), std::move(observer),
                                     [this, id, event_package] { Erase(id, event_package); });
  Subscription* raw = subscription.get();
  subscriptions_.emplace(id, std::move(subscription));
  if (draining_) {
    raw->Unsubscribe();
  } else {
    raw->Start();
  }
}

void Subscriber::Erase(SubscriptionId id, const std::string& event_package) {
  if (const auto it = names_in_use_.find(event_package); --it->second == 0) {
    names_in_use_.erase(it);
  }
  const auto it = subscriptions_.find(id);
  if (FollowsUnsolicited(event_package)) {
    unsolicited_.Remove(it->second->request().target_uri, id);
  }
  subscriptions_.erase(it);
}

void Subscriber::Unsubscribe(SubscriptionId id) {
  if (auto it = subscriptions_.find(id); it != subscriptions_.end()) it->second->Unsubscribe();
}

void Subscriber::SetExpires(SubscriptionId id, absl::Duration expires) {
  if (auto it = subscriptions_.find(id); it != subscriptions_.end()) {
    it->second->SetExpires(expires);
  }
}

SubscriptionExplanation Subscriber::Explain(SubscriptionId id) const {
  const auto it = subscriptions_.find(id);
  return it == subscriptions_.end() ? SubscriptionExplanation() : it->second->Explain();
}

void Subscriber::StartFetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer) {
  const uint64_t id = ++last_fetch_;
  auto fetch = std::make_unique<Fetch>(context_, digests_, std::move(request), std::move(observer),
                                       [this, id] { fetches_.erase(id); });
  Fetch* raw = fetch.get();
  fetches_.emplace(id, std::move(fetch));
  if (draining_) {
    raw->Abandon();
  } else {
    raw->Start();
  }
}

void Subscriber::Drain(std::function<void()> on_idle) {
  draining_ = true;
  on_idle_ = std::move(on_idle);
  for (const auto& [id, fetch] : fetches_) fetch->Abandon();
  for (const auto& [id, subscription] : subscriptions_) subscription->Unsubscribe();
  WatchIdle();
}

void Subscriber::WatchIdle() {
  const bool alive = std::any_of(subscriptions_.begin(), subscriptions_.end(),
                                 [](const auto& entry) { return entry.second->alive(); });
  if (!alive) {
    std::exchange(on_idle_, nullptr)();
    return;
  }
  idle_timer_ = context_.timers.At(context_.clock.Now() + kIdleCheck, [this] { WatchIdle(); });
}

bool Subscriber::FollowsUnsolicited(std::string_view event_package) const {
  return context_.unsolicited != nullptr && sip::TakesUnsolicited(event_package);
}

void Subscriber::TakeUnsolicited(const UnsolicitedState& state) {
  for (const SubscriptionId id : unsolicited_.Find(state.resources)) {
    subscriptions_.at(id)->TakeUnsolicited(state);
  }
}

// SUB-24: 489 for what nobody here understands, 481 for what nobody asked for.
NotifyAnswer Subscriber::OnNotify(const IncomingNotify& notify) {
  if (context_.unsolicited != nullptr) {
    if (std::optional<NotifyAnswer> answer = context_.unsolicited->Take(notify)) return *answer;
  }
  if (DialogOwner* owner = context_.dialogs.Find(notify.call_id, notify.to_tag)) {
    NotifyAnswer answer = owner->OnNotify(notify);
    if (answer.status != 481 || KnowsPackage(notify.event_type)) return answer;
  } else if (KnowsPackage(notify.event_type)) {
    return {481, {}};
  }
  std::vector<std::string> names;
  for (const EventPackage& package : TypedPackages()) names.emplace_back(package.name);
  return {489, {{"Allow-Events", absl::StrJoin(names, ", ")}}};
}

bool Subscriber::KnowsPackage(std::string_view event_type) const {
  return IsTypedPackage(event_type) || names_in_use_.contains(AbslView(event_type));
}

}  // namespace sipevents::sip
