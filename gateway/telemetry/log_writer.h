#ifndef GATEWAY_TELEMETRY_LOG_WRITER_H_
#define GATEWAY_TELEMETRY_LOG_WRITER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// Writes lines to a descriptor on a thread of its own, so that a log that nobody reads holds up
// neither SIP nor gRPC. At most kMaxLines wait; what comes then is dropped and counted.
//
// Threads: any.
class LogWriter {
 public:
  static constexpr size_t kMaxLines = 4096;

  // `fd` stays open and is not closed here. `held`: lines wait until Release().
  explicit LogWriter(int fd, bool held = false);
  // Writes what waits, for at most a second.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Queues a line with its end.
  void Write(std::string line);

  // Begins to write what was held.
  void Release();

  // Waits until all is written that was queued before; false: `patience` ended first.
  bool Flush(absl::Duration patience);

  // Lines dropped since the start.
  uint64_t dropped() const;

 private:
  void Run();
  // Writes all of `text`, in as many calls as it takes; gives up when stopped.
  void WriteAll(const std::string& text);

  const int fd_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_LOG_WRITER_H_
