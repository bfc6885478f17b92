#ifndef GATEWAY_CONFIG_VALUE_READERS_H_
#define GATEWAY_CONFIG_VALUE_READERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// How values of settings are written. Errors are INVALID_ARGUMENT and say what is expected, not
// what the value was. Threads: any.

namespace sipevents::gateway {

// true, false, yes, no, 1, 0.
absl::StatusOr<bool> ReadSwitch(std::string_view value);

// A whole number from `low` to `high`.
absl::StatusOr<int64_t> ReadNumber(std::string_view value, int64_t low, int64_t high);

// A duration as 500ms, 30s, 5m, 1h30m, from `low` to `high`.
absl::StatusOr<absl::Duration> ReadDuration(std::string_view value, absl::Duration low,
                                            absl::Duration high);

// A size as 1048576, 512KiB, 256MiB, 2GiB, from `low` to `high` octets.
absl::StatusOr<int64_t> ReadOctets(std::string_view value, int64_t low, int64_t high);

// Ports from 1 to 65535, comma separated, none twice; empty: none.
absl::StatusOr<std::vector<int>> ReadPorts(std::string_view value);

// Hosts with or without a port, comma separated; empty: none.
absl::StatusOr<std::vector<std::string>> ReadAdvertised(std::string_view value);

// A sip: or sips: URI.
absl::StatusOr<std::string> ReadSipUri(std::string_view value);

}  // namespace sipevents::gateway

#endif  // GATEWAY_CONFIG_VALUE_READERS_H_
