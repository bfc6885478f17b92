#ifndef GATEWAY_RPC_FIELD_CHECKS_H_
#define GATEWAY_RPC_FIELD_CHECKS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/rpc/errors.h"
#include "google/protobuf/duration.pb.h"

// Checks of fields that requests of all services have. What cannot be used goes into `violations`;
// the value returned is then of no use. Threads: any, for everything here.

namespace sipevents::gateway {

inline constexpr size_t kMaxMediaTypeOctets = 256;
inline constexpr int kDefaultPageSize = 100;
inline constexpr int kMaxPageSize = 1000;
inline constexpr absl::Duration kDefaultHeartbeat = absl::Seconds(20);

// "spec.target_uri" of "spec" and "target_uri".
std::string FieldPath(std::string_view message, std::string_view field);

// Whether the text has control characters. What goes into a SIP header must not be able to end the
// line, whatever else a grammar allows.
bool HasControl(std::string_view text);

// The canonical form of a resource. `tel_domain` is for tel: URIs; empty: they are refused.
std::string CheckTarget(std::string_view field, const std::string& target,
                        std::string_view tel_domain, FieldViolations& violations);

// The canonical form of a SIP identity; empty if it is empty, or `own_identity` (canonical).
std::string CheckIdentity(std::string_view field, const std::string& identity,
                          std::string_view own_identity, FieldViolations& violations);

// A name such as `presence.winfo`, without parameters.
void CheckEventPackage(std::string_view field, const std::string& event_package,
                       FieldViolations& violations);

// Whether it is a media type that fits into a header.
bool CheckMediaType(std::string_view field, const std::string& type, FieldViolations& violations);

// Type and subtype have no case (RFC 2045 section 5.1); parameters are left alone.
std::string CanonicalMediaType(const std::string& type);

// A duration from `least` to `most`.
struct DurationRange {
  absl::Duration least;
  absl::Duration most;
};
absl::Duration CheckDuration(std::string_view field, const google::protobuf::Duration& duration,
                             const DurationRange& range, FieldViolations& violations);

// An integer from 0 to `most`; 0 means `fallback`.
int CheckCount(std::string_view field, int32_t value, int most, int fallback,
               FieldViolations& violations);

// The `heartbeat_interval` of a stream: 1 s to 1 hour, 20 s if it is absent.
template <typename Request>
absl::Duration CheckHeartbeat(const Request& request, FieldViolations& violations) {
  if (!request.has_heartbeat_interval()) return kDefaultHeartbeat;
  return CheckDuration("heartbeat_interval", request.heartbeat_interval(),
                       {.least = absl::Seconds(1), .most = absl::Hours(1)}, violations);
}

// Whether `name` is `collection` and an id of letters, digits, - and _ (at most 128), e.g.
// `publications/abc`; a violation otherwise.
bool CheckResourceName(std::string_view field, std::string_view collection, const std::string& name,
                       FieldViolations& violations);

// The result, or all that is wrong.
template <typename Order>
absl::StatusOr<Order> Conclude(Order order, const FieldViolations& violations) {
  if (!violations.empty()) return violations.ToStatus();
  return order;
}

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_FIELD_CHECKS_H_
