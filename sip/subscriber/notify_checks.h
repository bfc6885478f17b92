#ifndef SIP_SUBSCRIBER_NOTIFY_CHECKS_H_
#define SIP_SUBSCRIBER_NOTIFY_CHECKS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/packages/event_package.h"
#include "sip/subscriber/subscribe_exchange.h"
#include "sip/subscriber/subscribe_template.h"
#include "sip/subscriber/subscriber_context.h"

// What a NOTIFY must be before it counts, for subscriptions and fetches alike.
// Threads: the SIP thread.

namespace sipevents::sip {

// Whether the NOTIFY is about what the SUBSCRIBE asked for (SUB-21, SUB-22, GEN-08).
bool EventMatches(const SubscribeTemplate& subscribe, const IncomingNotify& notify);

// The 401 to answer with where NOTIFYs must be authenticated and this one is not; nullopt: it may
// come in (SUB-28). A notifier proves to be who it is by the account that we have with its domain.
// Takes the nonce's count: ask once for each NOTIFY, and not for one that is repeated.
std::optional<NotifyAnswer> ChallengeNotify(const SubscriberContext& context,
                                            const SubscribeTemplate& subscribe,
                                            const IncomingNotify& notify);

// The error to answer with; nullopt: the NOTIFY is fine (SUB-07, SUB-24, SUB-29).
std::optional<NotifyAnswer> RefuseNotify(const SubscriberContext& context,
                                         const SubscribeTemplate& subscribe,
                                         const IncomingNotify& notify);

// What an accepted NOTIFY brought, for an observer; counts a body that could not be decoded.
// Views into `dialog`, `notify` and `result`.
Notification MakeNotification(const SubscriberContext& context, std::string_view dialog,
                              const IncomingNotify& notify, const MergeResult& result);

// The remote target and route set that a NOTIFY gives a dialog it makes (SUB-19, SUB-20).
void TakeRoute(SubscribeExchange::Leg& leg, const IncomingNotify& notify);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_NOTIFY_CHECKS_H_
