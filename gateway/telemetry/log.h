#ifndef GATEWAY_TELEMETRY_LOG_H_
#define GATEWAY_TELEMETRY_LOG_H_

#include <cstdint>

#include "gateway/telemetry/log_format.h"
#include "sip/base/log.h"

namespace sipevents::gateway {

// Makes stderr the sink of sipevents::Log(), one line a record, on a thread of its own and with
// a limit for each message (LogLimiter; debug records have none). gRPC's own messages go there
// too. Nothing is written before ReleaseLog(): a start that fails prints its one line only. To be
// called once, at the start.
void StartLog(LogFormat format, LogSeverity level);

// The start has succeeded: writes what has gathered, and from now on at once.
void ReleaseLog();

// Writes what waits, for at most a second. To be called before the process ends. Any thread.
void FlushLog();

// Records dropped since stderr was not read. Any thread.
uint64_t DroppedLogRecords();

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_LOG_H_
