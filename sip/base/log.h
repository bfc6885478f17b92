#ifndef SIP_BASE_LOG_H_
#define SIP_BASE_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

// Structured logging for the whole program: a message that never varies, and fields that do.
// Where the lines go is the sink's business (gateway/telemetry/log); without one, nowhere.

namespace sipevents {

enum class LogSeverity { kDebug, kInfo, kWarning, kError };

// A name and its value, e.g. {"peer", address}. Never put credentials here.
struct LogField {
  LogField(std::string_view field_name, const absl::AlphaNum& field_value)
      : name(field_name), value(field_value.data(), field_value.size()) {}
  std::string_view name;
  std::string value;
};

// Takes one record. Called on the thread that logs; must not block for long.
using LogSink = void (*)(LogSeverity severity, std::string_view component, std::string_view message,
                         absl::Span<const LogField> fields);

// Sets where records of at least `threshold` go. Threads: any; meant for the start.
void SetLogSink(LogSink sink, LogSeverity threshold);

// Whether a record of this severity would go anywhere. Threads: any.
bool LogEnabled(LogSeverity severity);

// Hands one record to the sink. `component` is the part of the program, e.g. "subscriber".
// Threads: any.
void Log(LogSeverity severity, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields = {});

}  // namespace sipevents

#endif  // SIP_BASE_LOG_H_
