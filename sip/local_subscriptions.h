#ifndef SIP_LOCAL_SUBSCRIPTIONS_H_
#define SIP_LOCAL_SUBSCRIPTIONS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "sip/agent.h"
#include "sip/dialog/request_sender.h"
#include "sip/notifier/notifier.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// Subscriptions of our own callers to what is served here: the watcher at one end and the
// subscriber at the other are joined without a network. The notifier sees a watcher like any other,
// with the identity of the caller, so that the same policy and the same documents are for both.
//
// It is the sender of the notifier: NOTIFYs whose first hop is a local subscription come here, all
// others go to the one that sends over the network.
//
// Threads: the SIP thread that serves.
class LocalSubscriptions final : public RequestSender {
 public:
  // `context` is as for a Subscriber; its sender takes what is not local.
  explicit LocalSubscriptions(SubscriberContext context);
  ~LocalSubscriptions() override;

  // Where its SUBSCRIBEs go; must outlive what is followed. Before the first call of the others.
  void SetNotifier(Notifier* notifier) { notifier_ = notifier; }

  void Subscribe(SubscriptionId id, const SubscribeRequest& request,
                 std::shared_ptr<SubscriptionObserver> observer);
  // The observer hears kTerminated `unsubscribed` and OnEnded(); an unknown id is fine.
  void Unsubscribe(SubscriptionId id);
  SubscriptionExplanation Explain(SubscriptionId id) const;
  // The result is told before it returns, or from the loop soon after.
  void Fetch(const SubscribeRequest& request, std::shared_ptr<FetchObserver> observer);

  // RequestSender:
  RequestId Send(std::string first_hop, RequestPriority priority, RequestClient& client) override;
  void Forget(RequestId id) override;
  absl::Status CheckFirstHop(std::string_view first_hop) const override {
    return context_.sender.CheckFirstHop(first_hop);
  }
  ServerState StateOf(std::string_view server) const override {
    return context_.sender.StateOf(server);
  }

 private:
  class Entry;
  struct OnItsWay;

  // Sends the SUBSCRIBE of an entry: to follow it, or to fetch it once. Returns the answer.
  RequestAnswer Ask(Entry& entry, const SubscribeRequest& request, bool once);
  void Deliver(RequestId id);
  void End(uint64_t id);

  SubscriberContext context_;
  Notifier* notifier_ = nullptr;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Entry>> entries_;  // fetches too
  absl::flat_hash_map<RequestId, OnItsWay> on_its_way_;            // NOTIFYs
  uint64_t last_fetch_ = 0;
  uint64_t last_request_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_LOCAL_SUBSCRIPTIONS_H_
