#ifndef GATEWAY_EXPLAIN_EXPLANATION_MESSAGE_H_
#define GATEWAY_EXPLAIN_EXPLANATION_MESSAGE_H_

#include <string>

#include "absl/time/time.h"
#include "gateway/registry/subscription_registry.h"
#include "sip/explanation.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// Who asks for an explanation.
struct Asker {
  std::string caller;
  bool admin = false;  // may see the names of other callers
};

// Makes the message of what the registry, the log and the SIP side know, findings included. Any
// thread; briefly takes the lock of the log.
v1::Explanation ComposeExplanation(const SubscriptionRegistry::Keepers& keepers,
                                   const sip::SubscriptionExplanation& sip_side, const Asker& asker,
                                   absl::Time now);

// What a fork that told this shows, in a word or two; empty: the package's forks cannot disagree,
// or it shows nothing. Any thread.
std::string ShownBy(const v1::Event& event);

}  // namespace sipevents::gateway

#endif  // GATEWAY_EXPLAIN_EXPLANATION_MESSAGE_H_
