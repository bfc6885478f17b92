#ifndef TESTS_SCENARIOS_CHILD_PROCESS_H_
#define TESTS_SCENARIOS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"
#include "tests/sanitizers/report_scanner.h"

namespace sipevents::testing {

// A program that a scenario started: its output by lines, its signals, its end. The test fails when
// the program crashes or when a sanitizer finds something in it, whatever else the test expects.
//
// Threads: any; a thread of its own reads the output all the time, so that the program never
// waits for the test.
class ChildProcess {
 public:
  // Starts a program; `arguments` begins with its path.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(std::vector<std::string> arguments);
  // Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  // Takes the next line of its standard output, without the newline. OutOfRange when there are
  // no more, DeadlineExceeded when none comes in time; both show what it wrote to stderr.
  absl::StatusOr<std::string> NextLine(absl::Duration patience);
  // The last 64 KiB of its standard error.
  std::string Stderr() const;
  // The same, once it holds `text` or `patience` is over.
  std::string StderrWith(const std::string& text, absl::Duration patience);
  // Sends a signal to it.
  void Signal(int signal) const;
  // Sends a signal to it and to the processes that it started.
  void SignalGroup(int signal) const;
  // Waits for its end: the exit status, or 128 and the signal.
  absl::StatusOr<int> WaitForExit(absl::Duration patience);

 private:
  ChildProcess() = default;

  void ReadOutput(int stdout_descriptor, int stderr_descriptor);
  void OnStdout(std::string_view piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnStderr(std::string_view piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportDefects() const;

  pid_t pid_ = -1;
  int exit_descriptor_ = -1;  // readable once the process has ended
  int exit_status_ = -1;
  std::string command_;
  std::thread reader_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::string unfinished_line_ ABSL_GUARDED_BY(mutex_);
  std::string stderr_ ABSL_GUARDED_BY(mutex_);
  SanitizerReportScanner scanner_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;  // both outputs are closed
};

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_CHILD_PROCESS_H_
