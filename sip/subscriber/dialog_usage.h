#ifndef SIP_SUBSCRIBER_DIALOG_USAGE_H_
#define SIP_SUBSCRIBER_DIALOG_USAGE_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "sip/dialog/dialog_table.h"
#include "sip/dialog/message.h"
#include "sip/subscriber/dialog_state.h"
#include "sip/subscriber/subscribe_exchange.h"

namespace sipevents::sip {

// One fork of a subscription: a dialog, and the one usage in it (RFC 6665 section 4.5.2). It stays
// for 64*T1 after its end, to repeat its last answer (Timer J). Threads: the SIP thread.
struct DialogUsage {
  DialogUsage(SubscriberContext& context, SubscribeTemplate& subscribe,
              SubscribeExchange::Owner& owner)
      : exchange(context, subscribe, owner) {}

  uint32_t index = 0;  // within the subscription, from 1; never used again
  std::string name;    // for the observer
  DialogTable::Id id;
  uint32_t remote_cseq = 0;
  NotifyAnswer last_answer;
  std::string odd_substate;  // the last Subscription-State, if no RFC names it (SUB-32)
  DialogState state;
  SubscribeExchange exchange;
  absl::Time made;
  absl::Time last_notify = absl::InfinitePast();
  absl::Time last_state = absl::InfinitePast();  // of a NOTIFY whose body could be used
  bool body_unusable = false;                    // of the last NOTIFY
  bool state_withheld = false;                   // the notifier takes for known what is not
  absl::Time forget_at = absl::InfiniteFuture();

  bool ended() const { return state.phase == DialogPhase::kTerminated; }
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_DIALOG_USAGE_H_
