#ifndef SIP_SUBSCRIBER_SUBSCRIBER_H_
#define SIP_SUBSCRIBER_SUBSCRIBER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "sip/agent.h"
#include "sip/subscriber/digest_cache.h"
#include "sip/subscriber/fetch.h"
#include "sip/subscriber/subscriber_context.h"
#include "sip/subscriber/subscription.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {

// Owns the subscriptions and fetches of one SIP thread, and finds the one a NOTIFY is for.
//
// Threads: the SIP thread.
class Subscriber : public NotifyHandler {
 public:
  explicit Subscriber(SubscriberContext context);
  ~Subscriber() override;

  void Subscribe(SubscriptionId id, SubscribeRequest request,
                 std::shared_ptr<SubscriptionObserver> observer);
  void Unsubscribe(SubscriptionId id);
  void SetExpires(SubscriptionId id, absl::Duration expires);
  SubscriptionExplanation Explain(SubscriptionId id) const;
  void StartFetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer);

  // Ends everything; calls `on_idle` once no notifier holds anything for us any more. New
  // subscriptions and fetches end at once from here on.
  void Drain(std::function<void()> on_idle);

  NotifyAnswer OnNotify(const IncomingNotify& notify) override;

  // State that came to this or another SIP thread without being asked for.
  void TakeUnsolicited(const UnsolicitedState& state);

 private:
  void WatchIdle();
  void Erase(SubscriptionId id, const std::string& event_package);
  bool KnowsPackage(std::string_view event_type) const;
  bool FollowsUnsolicited(std::string_view event_package) const;

  SubscriberContext context_;
  absl::flat_hash_map<SubscriptionId, std::unique_ptr<Subscription>> subscriptions_;
  DigestCache digests_;  // of fetches
  absl::flat_hash_map<uint64_t, std::unique_ptr<Fetch>> fetches_;
  // How many subscriptions follow an event name: a NOTIFY of any other gets 489, unless the
  // package is a typed one.
  absl::flat_hash_map<std::string, int> names_in_use_;
  uint64_t last_fetch_ = 0;
  UnsolicitedIndex unsolicited_;
  bool draining_ = false;
  std::function<void()> on_idle_;
  TimerQueue::TimerId idle_timer_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIBER_H_
