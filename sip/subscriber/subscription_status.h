#ifndef SIP_SUBSCRIBER_SUBSCRIPTION_STATUS_H_
#define SIP_SUBSCRIBER_SUBSCRIPTION_STATUS_H_

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/subscriber/attempt.h"
#include "sip/subscriber/dialog_usage.h"
#include "sip/subscriber/retry_policy.h"

// What a subscription shows of itself. Pure. Threads: the SIP thread.

namespace sipevents::sip {

// What the status of a subscription is made of.
struct StatusParts {
  const std::vector<std::unique_ptr<DialogUsage>>& dialogs;
  const Attempt* attempt = nullptr;  // null: none is under way
  const Ending& last_ending;         // why it retries, or ended
  // When a retry is, or was, due; past: the first attempt is under way.
  absl::Time retry_due = absl::InfinitePast();
  bool retry_planned = false;                     // it is not due yet
  bool over = false;                              // ended for good
  absl::Time stale_since = absl::InfinitePast();  // while it retries
};

SubscriptionStatus ComposeStatus(const StatusParts& parts);

// Whether an observer who was told one status should be told the other. Expiry moves with every
// refresh; it is news only together with something else, or when it moved by more than the
// seconds that SIP counts in.
bool IsNews(const SubscriptionStatus& told, const SubscriptionStatus& now);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIPTION_STATUS_H_
