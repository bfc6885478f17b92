#ifndef GATEWAY_TELEMETRY_LOG_FORMAT_H_
#define GATEWAY_TELEMETRY_LOG_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sip/base/log.h"

namespace sipevents::gateway {

enum class LogFormat { kText, kJson };

// One record on its way to stderr.
struct LogRecord {
  absl::Time time;
  LogSeverity severity = LogSeverity::kInfo;
  std::string_view component;
  std::string_view message;
  absl::Span<const LogField> fields;
  uint64_t suppressed = 0;  // records like this one that were left out before it
};

// Longest value of a field that is written; the rest is cut.
inline constexpr size_t kMaxLogValueOctets = 1024;

// The record as one line with its end:
//   text: 2024-05-01T12:00:00.123456Z INFO subscriber: moved on from=pending to=active
//   json: {"time":"…","severity":"info","component":"subscriber","message":"moved on",…}
// Whatever a peer got into a value, the line stays one line of ASCII: other octets are written
// as \xNN. Any thread.
std::string FormatLogLine(const LogRecord& record, LogFormat format);

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_LOG_FORMAT_H_
