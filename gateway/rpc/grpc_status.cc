#include "gateway/rpc/grpc_status.h"

namespace sipevents::gateway {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), CallerMessage(status),
          EncodeDetails(status)};
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  DecodeDetails(status.error_details(), result);
  return result;
}

}  // namespace sipevents::gateway
