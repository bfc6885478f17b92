#ifndef SIP_SUBSCRIBER_ATTEMPT_H_
#define SIP_SUBSCRIBER_ATTEMPT_H_

#include "sip/dialog/dialog_table.h"
#include "sip/subscriber/attempt_state.h"
#include "sip/subscriber/subscribe_exchange.h"

namespace sipevents::sip {

// One SUBSCRIBE outside a dialog, and what it brings until Timer N. Threads: the SIP thread.
struct Attempt {
  Attempt(SubscriberContext& context, SubscribeTemplate& subscribe, SubscribeExchange::Owner& owner)
      : exchange(context, subscribe, owner) {}

  DialogTable::Id id;
  AttemptState state;
  SubscribeExchange exchange;
  bool dialog_was_made = false;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_ATTEMPT_H_
