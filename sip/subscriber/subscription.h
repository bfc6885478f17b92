#ifndef SIP_SUBSCRIBER_SUBSCRIPTION_H_
#define SIP_SUBSCRIBER_SUBSCRIPTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/packages/event_package.h"
#include "sip/stack/dialog_table.h"
#include "sip/subscriber/attempt_state.h"
#include "sip/subscriber/dialog_state.h"
#include "sip/subscriber/retry_policy.h"
#include "sip/subscriber/subscribe_exchange.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// Follows one SIP resource through SUBSCRIBE and NOTIFY (RFC 6665): one attempt at a time, one
// DialogState per fork that it brings, and a new attempt when the last fork ends for a reason
// that may pass.
//
// Threads: the SIP thread. Observer calls are made there, with no lock held.
// Ends: after `on_done` (called from the loop, last of all) the owner may destroy it.
class Subscription : public DialogOwner {
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

  // Whether a notifier may still hold something for us.
  bool alive() const;

 private:
  struct Attempt {
    DialogTable::Id id;
    AttemptState state;
    std::unique_ptr<SubscribeExchange> exchange;
    bool dialog_was_made = false;
  };

  // One fork; stays for 64*T1 after its end, to repeat its last answer (Timer J).
  struct Dialog {
    uint32_t index = 0;
    std::string name;  // for the observer
    DialogTable::Id id;
    std::string remote_tag;
    uint32_t remote_cseq = 0;
    NotifyAnswer last_answer;
    DialogState state;
    std::unique_ptr<SubscribeExchange> exchange;
    absl::Time forget_at = absl::InfiniteFuture();
    bool ended() const { return state.phase == DialogPhase::kTerminated; }
  };

  void BeginAttempt();
  void OnAttemptAnswer(const Response& response);
  void CloseAttempt();
  void ApplyAttempt(AttemptStep step);

  Dialog* FindDialog(const IncomingNotify& notify);
  bool MayMakeDialog(const IncomingNotify& notify) const;
  Dialog& MakeDialog(const IncomingNotify& notify);
  void Accept(Dialog& dialog, const IncomingNotify& notify);
  void Deliver(Dialog& dialog, const IncomingNotify& notify, const MergeResult& result);
  void Apply(Dialog& dialog, DialogStep step);
  void EndDialog(Dialog& dialog, const Ending& ending);

  void Resubscribe(const Ending& ending);
  void OnTimer();
  void Rearm();
  void Sweep();
  void TellStatus();
  SubscriptionStatus Status() const;
  int LiveDialogs() const;
  bool AttemptWaits() const;

  SubscriberContext& context_;
  SubscribeTemplate subscribe_;
  const EventPackage& package_;
  std::unique_ptr<StateMerger> merger_;
  std::shared_ptr<SubscriptionObserver> observer_;  // null: not wanted any longer
  std::function<void()> on_done_;

  std::optional<Attempt> attempt_;
  std::vector<std::unique_ptr<Dialog>> dialogs_;
  std::vector<DialogTable::Id> ids_;  // in the dialog table: of the attempt and of dialogs
  uint32_t last_index_ = 0;

  RetryHistory history_;
  Ending last_ending_;  // why it retries, or ended
  absl::Time retry_at_ = absl::InfiniteFuture();
  bool over_ = false;                              // ended for good
  absl::Time stale_since_ = absl::InfinitePast();  // while it retries
  std::optional<SubscriptionStatus> told_;
  TimerQueue::TimerId timer_ = 0;
  absl::Time timer_at_ = absl::InfiniteFuture();
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIPTION_H_
