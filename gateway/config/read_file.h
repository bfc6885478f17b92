#ifndef GATEWAY_CONFIG_READ_FILE_H_
#define GATEWAY_CONFIG_READ_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace sipevents::gateway {

// Reads a file that a setting names. Errors (INVALID_ARGUMENT: cannot be opened or read, is a
// directory, holds more than `max_octets`) say why without the path. Any thread; blocks.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_octets);

}  // namespace sipevents::gateway

#endif  // GATEWAY_CONFIG_READ_FILE_H_
