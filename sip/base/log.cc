#include "sip/base/log.h"

#include <atomic>

namespace sipevents {
namespace {

std::atomic<LogSink> g_sink{nullptr};
std::atomic<LogSeverity> g_threshold{LogSeverity::kInfo};

}  // namespace

void SetLogSink(LogSink sink, LogSeverity threshold) {
  g_threshold.store(threshold, std::memory_order_relaxed);
  g_sink.store(sink, std::memory_order_release);
}

bool LogEnabled(LogSeverity severity) {
  return severity >= g_threshold.load(std::memory_order_relaxed) &&
         g_sink.load(std::memory_order_relaxed) != nullptr;
}

void Log(LogSeverity severity, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (!LogEnabled(severity)) return;
  const LogSink sink = g_sink.load(std::memory_order_acquire);
  sink(severity, component, message, absl::MakeConstSpan(fields.begin(), fields.size()));
}

}  // namespace sipevents
