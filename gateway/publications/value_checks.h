#ifndef GATEWAY_PUBLICATIONS_VALUE_CHECKS_H_
#define GATEWAY_PUBLICATIONS_VALUE_CHECKS_H_

#include <string_view>

#include "gateway/rpc/errors.h"
#include "google/protobuf/message.h"

namespace sipevents::gateway {

// Checks what Protocol Buffers let through though no message of the contract may have it: numbers
// that their enum does not name, and Timestamps and Durations whose nanos are out of range or
// contradict the seconds. Looks at all fields, those of fields too, and adds a violation for each
// such value; `path` is that of `message` in the request. Whether all is fine. Threads: any.
bool CheckValues(std::string_view path, const google::protobuf::Message& message,
                 FieldViolations& violations);

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_VALUE_CHECKS_H_
