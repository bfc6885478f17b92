#ifndef CLIENTS_CPP_STATUS_H_
#define CLIENTS_CPP_STATUS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/support/status.h"

// What the gateway says about an error (docs/api.md, "Errors"), for callers. All functions: any
// thread.

namespace sipevents::client {

// Makes an absl::Status whose payloads are the google.rpc details, keyed by their type URL
// (`type.googleapis.com/google.rpc.ErrorInfo` …). Of several details of one type the first is
// kept.
absl::Status ToAbslStatus(const grpc::Status& status);

// Who caused the error and why; empty if the gateway did not say, which means that the error was
// made on the way (no connection, deadline).
std::optional<google::rpc::ErrorInfo> ErrorInfoOf(const absl::Status& status);

// What is wrong with the request; empty if the gateway did not say.
std::optional<google::rpc::BadRequest> BadRequestOf(const absl::Status& status);

// How long the gateway asks to wait before the next try; empty if it does not.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// Whether the call never reached a gateway: no connection, or no answer in time. Errors that the
// gateway answered, even UNAVAILABLE, carry an ErrorInfo.
bool IsUnreachable(const absl::Status& status);

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_STATUS_H_
