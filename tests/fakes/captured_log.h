#ifndef TESTS_FAKES_CAPTURED_LOG_H_
#define TESTS_FAKES_CAPTURED_LOG_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "sip/base/log.h"
#include "sip/base/mutex.h"

namespace sipevents {

// What is logged while it lives, each record as a line: `notifier: refused sip_status=403 reason=`.
// One at a time.
//
// Threads: any.
class CapturedLog {
 public:
  explicit CapturedLog(LogSeverity threshold) {
    Take();
    SetLogSink(&CapturedLog::Write, threshold);
  }
  ~CapturedLog() { SetLogSink(nullptr, LogSeverity::kInfo); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  // The lines since the last time.
  std::vector<std::string> Take() {
    const MutexLock lock(Guard());
    return std::exchange(Lines(), {});
  }

 private:
  static Mutex& Guard() {
    static auto* const mutex = new Mutex;
    return *mutex;
  }
  static std::vector<std::string>& Lines() {
    static auto* const lines = new std::vector<std::string>;
    return *lines;
  }
  static void Write(LogSeverity /*severity*/, std::string_view component, std::string_view message,
                    absl::Span<const LogField> fields) {
    std::string line = std::string(component) + ": " + std::string(message);
    for (const LogField& field : fields) {
      line += " " + std::string(field.name) + "=" + field.value;
    }
    const MutexLock lock(Guard());
    Lines().push_back(std::move(line));
  }
};

}  // namespace sipevents

#endif  // TESTS_FAKES_CAPTURED_LOG_H_
