#ifndef SIP_SUBSCRIBER_SUBSCRIPTION_H_
#define SIP_SUBSCRIBER_SUBSCRIPTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/dialog/dialog_table.h"
#include "sip/packages/event_package.h"
#include "sip/subscriber/attempt.h"
#include "sip/subscriber/condition_trust.h"
#include "sip/subscriber/dialog_set.h"
#include "sip/subscriber/dialog_usage.h"
#include "sip/subscriber/exchange_journal.h"
#include "sip/subscriber/retry_policy.h"
#include "sip/subscriber/state_intake.h"
#include "sip/subscriber/subscribe_exchange.h"
#include "sip/subscriber/subscriber_context.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {

// Follows one SIP resource through SUBSCRIBE and NOTIFY (RFC 6665): one attempt at a time, one
// DialogState per fork that it brings, and a new attempt when the last fork ends for a reason
// that may pass.
//
// Threads: the SIP thread. Observer calls are made there, with no lock held.
// Ends: after `on_done` (called from the loop, last of all) the owner may destroy it.
class Subscription : public DialogOwner, private SubscribeExchange::Owner {
 public:
  Subscription(SubscriberContext& context, SubscribeRequest request,
               std::shared_ptr<SubscriptionObserver> observer, std::function<void()> on_done);
  ~Subscription() override;

  // Sends the first SUBSCRIBE.
  void Start();
  // Nobody wants it any longer: the observer hears the end at once, the notifier as it can.
  void Unsubscribe();
  // From the next SUBSCRIBE on.
  void SetExpires(absl::Duration expires);

  NotifyAnswer OnNotify(const IncomingNotify& notify) override;

  // State that came without being asked for (DEV-09); ignored while a dialog tells it.
  void TakeUnsolicited(const UnsolicitedState& state);

  const SubscribeRequest& request() const { return subscribe_.request(); }

  // All that is known, for people.
  SubscriptionExplanation Explain() const;

  // Whether a notifier may still hold something for us.
  bool alive() const;

 private:
  // What happens to a Subscription from outside happens within a Turn: at its end observer and
  // timer learn what came of it. They nest, since a sender may tell of a request that left while
  // another one is handed to it.
  class Turn {
   public:
    explicit Turn(Subscription& subscription) : subscription_(subscription) {
      ++subscription_.turns_;
    }
    ~Turn() {
      if (--subscription_.turns_ == 0) subscription_.Settle();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Subscription& subscription_;
  };

  // What the last dialog told, as long as the next one may show the same (CEN-04).
  struct LostState {
    std::string dialog;  // its name; the observer has not heard of its end
    std::string entity_tag;
    std::string reason;  // why it ended
  };

  // SubscribeExchange::Owner:
  void OnResend(SubscribeExchange& exchange) override;
  void OnSent(SubscribeExchange& exchange) override;
  void OnAnswer(SubscribeExchange& exchange, const Response& response) override;
  void OnRequestMade(SubscribeExchange& exchange, const OutgoingRequest& request) override;
  void OnResponseCame(SubscribeExchange& exchange, const Response& response) override;

  void BeginAttempt();
  bool AsksWithoutCondition(const Response& response);
  void OnAttemptAnswer(const Response& response);
  void ApplyAttempt(AttemptStep step);

  SubscribeExchange::Owner& AsOwner() { return *this; }
  bool IsOfAttempt(const SubscribeExchange& exchange) const;
  // Of a dialog; 0: the exchange is an attempt's.
  uint32_t IndexOf(const SubscribeExchange& exchange) const;
  NotifyAnswer Judge(const IncomingNotify& notify);
  bool MayMakeDialog(const IncomingNotify& notify) const;
  DialogUsage& MakeDialog(const IncomingNotify& notify);
  void TakeUpLostState(DialogUsage& dialog, const IncomingNotify& notify);
  void Accept(DialogUsage& dialog, const IncomingNotify& notify);
  bool WantsFullState(DialogUsage& dialog, const StateIntake::Taken& taken);
  StateIntake::Taken Deliver(DialogUsage& dialog, const IncomingNotify& notify);
  void Apply(DialogUsage& dialog, DialogStep step);
  void EndDialog(DialogUsage& dialog, const Ending& ending);
  bool MayBeResumed(const DialogUsage& dialog, const Ending& ending) const;
  void DropLostState();
  void GiveUp(const Ending& ending);

  void Resubscribe(const Ending& ending);
  void OnTimer();
  void Settle();
  void Rearm();
  void TellStatus();
  void CountDeviation(std::string_view row);
  ExplainedDialog ExplainDialog(const DialogUsage& dialog) const;
  ExplainedAttempt ExplainAttempt() const;
  void NoteDeviations(const IncomingNotify& notify);
  bool AwaitsNotify() const;
  void DropUnsolicited();

  SubscriberContext& context_;
  SubscribeTemplate subscribe_;
  const EventPackage& package_;
  StateIntake intake_;
  std::shared_ptr<SubscriptionObserver> observer_;  // null: not wanted any longer
  std::function<void()> on_done_;

  std::unique_ptr<Attempt> attempt_;
  DialogSet dialogs_;
  uint32_t last_index_ = 0;

  ExchangeJournal journal_;
  RetryHistory history_;
  Ending last_ending_;  // why it retries, or ended
  absl::Time retry_at_ = absl::InfiniteFuture();
  absl::Time retry_due_ = absl::InfinitePast();    // when the attempt was due; past: the first
  bool over_ = false;                              // ended for good
  absl::Time stale_since_ = absl::InfinitePast();  // while it retries
  ConditionTrust trust_;
  std::unique_ptr<LostState> lost_;  // null: nothing is to be taken up
  bool shows_unsolicited_ = false;
  std::optional<SubscriptionStatus> told_;
  int turns_ = 0;
  TimerQueue::TimerId timer_ = 0;
  absl::Time timer_at_ = absl::InfiniteFuture();
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIPTION_H_
