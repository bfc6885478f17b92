#ifndef CLIENTS_CLI_SUBSCRIPTION_TEXT_H_
#define CLIENTS_CLI_SUBSCRIPTION_TEXT_H_

#include "absl/time/time.h"
#include "clients/cli/document_text.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// Where a Subscription is in its life, and why: "retrying (timeout), again at 22:14:20.000". Times
// of day are in `zone`. Threads: any.
Summary Summarize(const v1::Subscription& subscription, absl::TimeZone zone);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_SUBSCRIPTION_TEXT_H_
