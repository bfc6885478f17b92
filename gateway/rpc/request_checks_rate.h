#ifndef GATEWAY_RPC_REQUEST_CHECKS_RATE_H_
#define GATEWAY_RPC_REQUEST_CHECKS_RATE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/rpc/errors.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// Checks how often a notifier shall notify, at the path `field`, and adds it to `parameters`, those
// of the Event header (RFC 6446 section 9), which stay in order. What cannot be used goes into
// `violations`. Threads: any.
void AddRateControl(std::string_view field, const v1::RateControl& rates,
                    std::vector<std::pair<std::string, std::string>>& parameters,
                    FieldViolations& violations);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_REQUEST_CHECKS_RATE_H_
