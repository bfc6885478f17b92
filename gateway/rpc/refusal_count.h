#ifndef GATEWAY_RPC_REFUSAL_COUNT_H_
#define GATEWAY_RPC_REFUSAL_COUNT_H_

#include "absl/status/status.h"
#include "gateway/telemetry/metrics.h"

namespace sipevents::gateway {

// Counts what was refused for want of room; any other status does not count. Any thread.
void CountRefusal(const absl::Status& status, Metrics& metrics);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_REFUSAL_COUNT_H_
