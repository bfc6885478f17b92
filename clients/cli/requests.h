#ifndef CLIENTS_CLI_REQUESTS_H_
#define CLIENTS_CLI_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "clients/cpp/channel.h"
#include "sipevents/v1/subscriptions.pb.h"

// From the command line to requests. What can be said in a request is left to the gateway to
// judge, so that its errors are the same for all clients; INVALID_ARGUMENT for what cannot. All
// functions: any thread.

namespace sipevents::client {

ClientOptions ConnectionFrom(const Arguments& arguments);

// Needs --event.
absl::StatusOr<v1::SubscriptionSpec> SpecFrom(const Arguments& arguments,
                                              const std::string& target);

// A target that begins with `subscriptions/` is a name and needs no --event.
absl::StatusOr<v1::WatchRequest> WatchRequestFrom(const Arguments& arguments,
                                                  const std::string& target);

absl::StatusOr<v1::FetchStateRequest> FetchRequestFrom(const Arguments& arguments);
// Asks for the Subscriptions of a target; of one event package only, if the command line says so.
v1::ListSubscriptionsRequest ListRequestFor(const Arguments& arguments, const std::string& target);
absl::StatusOr<v1::CreateSubscriptionRequest> CreateRequestFrom(const Arguments& arguments);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_REQUESTS_H_
