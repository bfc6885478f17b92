#include "gateway/rpc/refusal_count.h"

#include <string>

#include "google/rpc/error_details.pb.h"

namespace sipevents::gateway {

void CountRefusal(const absl::Status& status, Metrics& metrics) {
  if (status.code() != absl::StatusCode::kResourceExhausted) return;
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return;
  const auto bound = info.metadata().find("bound");
  metrics.OnBoundReached(bound == info.metadata().end() ? "restarts" : bound->second);
}

}  // namespace sipevents::gateway
