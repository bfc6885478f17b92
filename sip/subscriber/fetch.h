#ifndef SIP_SUBSCRIBER_FETCH_H_
#define SIP_SUBSCRIBER_FETCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sip/packages/event_package.h"
#include "sip/stack/dialog_table.h"
#include "sip/subscriber/subscribe_exchange.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// Asks for a state once: SUBSCRIBE with Expires 0 outside a dialog, and the NOTIFYs that answer
// it (SUB-54). Is over after the first NOTIFY, or T1 later where the package allows forks; after
// a final response that is no 2xx; or when Timer N fires.
//
// Threads: the SIP thread. Ends as Subscription does.
class Fetch : public DialogOwner {
 public:
  Fetch(SubscriberContext& context, SubscribeRequest request,
        std::shared_ptr<FetchObserver> observer, std::function<void()> on_done);
  ~Fetch() override;

  void Start();
  // Gives up: the observer hears 503 `transport`.
  void Abandon();

  NotifyAnswer OnNotify(const IncomingNotify& notify) override;

 private:
  // A fork that answered.
  struct Fork {
    std::string tag;
    uint32_t cseq = 0;
    NotifyAnswer answer;
  };

  void OnAnswer(const Response& response);
  void Deliver(const IncomingNotify& notify, uint32_t index);
  void Finish(const FetchResult& result);
  void ArmTimer(absl::Duration delay, std::function<void()> action);

  SubscriberContext& context_;
  SubscribeTemplate subscribe_;
  const EventPackage& package_;
  std::unique_ptr<StateMerger> merger_;
  std::shared_ptr<FetchObserver> observer_;  // null: finished
  std::function<void()> on_done_;
  DialogTable::Id id_;
  SubscribeExchange exchange_;
  std::vector<Fork> forks_;
  bool accepted_ = false;
  TimerQueue::TimerId timer_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_FETCH_H_
