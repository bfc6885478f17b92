#include "gateway/telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "gateway/telemetry/log_limiter.h"
#include "gateway/telemetry/log_writer.h"
#include "grpc/support/log.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {
namespace {

// What the sink needs; lives until the process ends, since anybody may log at any time.
struct LogState {
  explicit LogState(LogFormat log_format)
      : format(log_format), writer(STDERR_FILENO, /*held=*/true) {}

  const LogFormat format;
  Mutex mutex;
  LogLimiter limiter ABSL_GUARDED_BY(mutex);
  LogWriter writer;
};

std::atomic<LogState*> g_state{nullptr};

void Sink(LogSeverity severity, std::string_view component, std::string_view message,
          absl::Span<const LogField> fields) {
  LogState* state = g_state.load(std::memory_order_acquire);
  const absl::Time now = absl::Now();
  std::optional<uint64_t> suppressed = 0;
  if (severity != LogSeverity::kDebug) {
    MutexLock lock(state->mutex);
    suppressed = state->limiter.Admit(component, message, now);
  }
  if (!suppressed.has_value()) return;
  state->writer.Write(
      FormatLogLine({now, severity, component, message, fields, *suppressed}, state->format));
}

LogSeverity SeverityOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return LogSeverity::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return LogSeverity::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      return LogSeverity::kWarning;  // what gRPC calls an error is mostly a peer's doing
  }
  return LogSeverity::kWarning;
}

void GrpcSink(gpr_log_func_args* arguments) {
  Log(SeverityOf(arguments->severity), "grpc", "message of the library",
      {{"text", arguments->message}});
}

}  // namespace

void StartLog(LogFormat format, LogSeverity level) {
  g_state.store(new LogState(format), std::memory_order_release);
  SetLogSink(&Sink, level);
  gpr_set_log_function(&GrpcSink);
}

void ReleaseLog() {
  if (LogState* state = g_state.load(std::memory_order_acquire); state != nullptr) {
    state->writer.Release();
  }
}

void FlushLog() {
  if (LogState* state = g_state.load(std::memory_order_acquire); state != nullptr) {
    state->writer.Flush(absl::Seconds(1));
  }
}

uint64_t DroppedLogRecords() {
  LogState* state = g_state.load(std::memory_order_acquire);
  return state == nullptr ? 0 : state->writer.dropped();
}

}  // namespace sipevents::gateway
