#ifndef GATEWAY_RPC_GRPC_STATUS_H_
#define GATEWAY_RPC_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "gateway/rpc/errors.h"
#include "grpcpp/support/status.h"

// The last step of an rpc. All functions: any thread.

namespace sipevents::gateway {

// Makes the status that goes out, with a google.rpc.Status of all details. A status made
// elsewhere than here gets an ErrorInfo with reason INTERNAL_FAULT.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The way back, for clients and tests: details become payloads again.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_GRPC_STATUS_H_
