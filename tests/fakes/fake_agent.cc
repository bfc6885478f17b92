#include "tests/fakes/fake_agent.h"

#include <algorithm>

namespace sipevents::sip {

SubscriptionId FakeSipAgent::Subscribe(SubscribeRequest request,
                                       std::shared_ptr<SubscriptionObserver> observer) {
  MutexLock lock(mutex_);
  Subscribed subscribed;
  subscribed.id = subscriptions_.size() + 1;
  subscribed.expires = request.expires;
  subscribed.request = std::move(request);
  subscribed.observer = std::move(observer);
  subscriptions_.push_back(std::move(subscribed));
  return subscriptions_.size();
}

void FakeSipAgent::Unsubscribe(SubscriptionId id) {
  {
    MutexLock lock(mutex_);
    Subscribed& subscribed = subscriptions_.at(id - 1);
    if (subscribed.unsubscribed) return;
    subscribed.unsubscribed = true;
    if (subscribed.ended) return;
  }
  Terminate(id, "unsubscribed");
}

void FakeSipAgent::SetExpires(SubscriptionId id, absl::Duration expires) {
  MutexLock lock(mutex_);
  subscriptions_.at(id - 1).expires = expires;
}

void FakeSipAgent::Explain(SubscriptionId id,
                           std::function<void(const SubscriptionExplanation&)> done) {
  SubscriptionExplanation explanation;
  {
    MutexLock lock(mutex_);
    if (const auto found = explanations_.find(id); found != explanations_.end()) {
      explanation = found->second;
    }
    if (holds_explanations_) {
      held_.emplace_back([explanation, done = std::move(done)] { done(explanation); });
      return;
    }
  }
  done(explanation);
}

void FakeSipAgent::SetExplanation(SubscriptionId id, SubscriptionExplanation explanation) {
  MutexLock lock(mutex_);
  explanations_[id] = std::move(explanation);
}

void FakeSipAgent::HoldExplanations() {
  MutexLock lock(mutex_);
  holds_explanations_ = true;
}

size_t FakeSipAgent::held_explanations() const {
  MutexLock lock(mutex_);
  return held_.size();
}

void FakeSipAgent::AnswerHeldExplanations() {
  std::vector<std::function<void()>> held;
  {
    MutexLock lock(mutex_);
    held.swap(held_);
  }
  for (const auto& answer : held) answer();
}

void FakeSipAgent::DropHeldExplanations() {
  std::vector<std::function<void()>> dropped;
  MutexLock lock(mutex_);
  dropped.swap(held_);
}

void FakeSipAgent::Fetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer) {
  MutexLock lock(mutex_);
  fetches_.push_back({std::move(request), std::move(observer)});
}

void FakeSipAgent::Drain(absl::Time /*deadline*/, std::function<void()> done) {
  for (const Subscribed& subscribed : subscriptions()) Unsubscribe(subscribed.id);
  done();
}

std::vector<FakeSipAgent::Subscribed> FakeSipAgent::subscriptions() const {
  MutexLock lock(mutex_);
  return subscriptions_;
}

std::vector<FakeSipAgent::Fetched> FakeSipAgent::fetches() const {
  MutexLock lock(mutex_);
  return fetches_;
}

void FakeSipAgent::ForgetFetches() {
  std::vector<Fetched> forgotten;
  MutexLock lock(mutex_);
  forgotten.swap(fetches_);
}

FakeSipAgent::Subscribed FakeSipAgent::last() const {
  MutexLock lock(mutex_);
  return subscriptions_.back();
}

int FakeSipAgent::live() const {
  MutexLock lock(mutex_);
  return static_cast<int>(std::count_if(subscriptions_.begin(), subscriptions_.end(),
                                        [](const Subscribed& each) { return !each.ended; }));
}

std::shared_ptr<SubscriptionObserver> FakeSipAgent::ObserverOf(SubscriptionId id) const {
  MutexLock lock(mutex_);
  return subscriptions_.at(id - 1).observer;
}

void FakeSipAgent::Status(SubscriptionId id, const SubscriptionStatus& status) {
  ObserverOf(id)->OnStatus(status);
}

void FakeSipAgent::Status(SubscriptionId id, SubscriptionState state, std::string reason,
                          int sip_status) {
  SubscriptionStatus status;
  status.state = state;
  status.reason = std::move(reason);
  status.sip_status = sip_status;
  Status(id, status);
}

void FakeSipAgent::Notify(SubscriptionId id, const Notification& notification) {
  ObserverOf(id)->OnNotification(notification);
}

void FakeSipAgent::NotifyBody(SubscriptionId id, std::string_view dialog, std::string_view body,
                              absl::Time receive_time) {
  Notification notification;
  notification.dialog = dialog;
  notification.receive_time = receive_time;
  notification.content_type = "text/plain";
  notification.body = body;
  Notify(id, notification);
}

void FakeSipAgent::EndDialog(SubscriptionId id, std::string_view dialog, std::string_view reason,
                             bool state_remains) {
  ObserverOf(id)->OnDialogEnded(dialog, reason, state_remains);
}

void FakeSipAgent::EndMember(SubscriptionId id, std::string_view dialog,
                             std::string_view member_uri, std::string_view reason) {
  ObserverOf(id)->OnMemberGone(dialog, member_uri, /*member_instance=*/0, reason);
}

void FakeSipAgent::Terminate(SubscriptionId id, std::string reason, int sip_status) {
  std::shared_ptr<SubscriptionObserver> observer;
  {
    MutexLock lock(mutex_);
    subscriptions_.at(id - 1).ended = true;
    observer = subscriptions_.at(id - 1).observer;
  }
  SubscriptionStatus status;
  status.state = SubscriptionState::kTerminated;
  status.reason = std::move(reason);
  status.sip_status = sip_status;
  observer->OnStatus(status);
  observer->OnEnded();
}

}  // namespace sipevents::sip
