#ifndef SIP_SUBSCRIBER_FETCH_H_
#define SIP_SUBSCRIBER_FETCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sip/dialog/dialog_table.h"
#include "sip/packages/event_package.h"
#include "sip/subscriber/digest_cache.h"
#include "sip/subscriber/state_intake.h"
#include "sip/subscriber/subscribe_exchange.h"
#include "sip/subscriber/subscribe_template.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// Asks for a state once: SUBSCRIBE with Expires 0 outside a dialog, and the NOTIFYs that answer
// it (SUB-54). Is over after the first NOTIFY, or T1, at least half a second, later where the
// package allows forks; after a final response that is no 2xx; when Timer N fires; or when the
// SUBSCRIBE has waited as long for its turn. Where the peer knows no Expires 0, it subscribes for a
// short while, and ends that with the first NOTIFY of each fork (DEV-07).
//
// Threads: the SIP thread. Ends as Subscription does.
class Fetch : public DialogOwner, private SubscribeExchange::Owner {
 public:
  Fetch(SubscriberContext& context, DigestCache& digests, SubscribeRequest request,
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
    std::unique_ptr<SubscribeExchange> exchange;  // ends the short subscription; null: none
  };

  // SubscribeExchange::Owner:
  void OnResend(SubscribeExchange& exchange) override;
  void OnSent(SubscribeExchange& exchange) override;
  void OnAnswer(SubscribeExchange& exchange, const Response& response) override;

  bool MayAdd(std::string_view tag) const;
  NotifyAnswer OnLaterNotify(Fork& fork, const IncomingNotify& notify);
  // Whether a short subscription is tried instead.
  bool SubscribesBriefly(const Response& response);
  void EndFork(Fork& fork, const IncomingNotify& notify);
  // Timer N, or the bound on waiting: nothing came of it.
  void OnTimeout();
  void Deliver(const IncomingNotify& notify, uint32_t index);
  void Finish(const FetchResult& result);
  void KeepDigest();
  void ArmTimer(absl::Duration delay, std::function<void()> action);

  SubscriberContext& context_;
  DigestCache& digests_;
  SubscribeTemplate subscribe_;
  const EventPackage& package_;
  StateIntake intake_;
  std::shared_ptr<FetchObserver> observer_;  // null: finished
  std::function<void()> on_done_;
  DialogTable::Id id_;
  SubscribeExchange exchange_;
  std::vector<Fork> forks_;
  absl::Duration interval_;  // of a short subscription; zero: it is a fetch
  int interval_retries_ = 0;
  absl::Time timer_n_end_;
  bool sent_ = false;
  bool accepted_ = false;
  bool told_ = false;    // the observer heard of a state
  FetchResult refusal_;  // or what came instead of one
  TimerQueue::TimerId timer_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_FETCH_H_
