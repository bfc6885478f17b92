#ifndef TESTS_CLIENTS_CLI_CLI_PROCESS_H_
#define TESTS_CLIENTS_CLI_CLI_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sipevents::client::testing {

// A terminal to run a program on.
struct Terminal {
  int columns = 80;
  int rows = 24;
  bool for_errors = false;  // the standard error too
  bool no_color = false;    // the user wants none
};

// The real `sipevents`, as a process of its own. Waits are bounded by 30 s and fail with what has
// arrived.
//
// Threads: one.
class CliProcess {
 public:
  explicit CliProcess(const std::vector<std::string>& args);
  // The standard output is a terminal.
  CliProcess(const std::vector<std::string>& args, const Terminal& terminal);
  ~CliProcess();  // kills it
  CliProcess(const CliProcess&) = delete;
  CliProcess& operator=(const CliProcess&) = delete;

  // The next line of the standard output, without its end. OUT_OF_RANGE at the end of the output.
  absl::StatusOr<std::string> NextLine();
  // Reads lines of the standard error until one has this text.
  absl::StatusOr<std::string> WaitForRemark(const std::string& text);

  // All that has been written to the standard output and not been taken yet; waits until there is
  // something. OUT_OF_RANGE at its end.
  absl::StatusOr<std::string> TakeOutput();

  // As when the user draws at the terminal's corner.
  void ResizeTerminal(int columns, int rows) const;
  void Signal(int signal) const;
  void CloseOutput();  // as a reader that has seen enough
  // What it ended with; 128 + the signal that ended it. Reads the rest of both outputs.
  absl::StatusOr<int> Wait();

  // As Wait(), but without reading.
  absl::StatusOr<int> WaitUnread();
  // Returns once the program has filled the pipe of its output and cannot write any more.
  absl::Status WaitUntilOutputIsFull() const;

  // What Wait() read.
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  void Spawn(const std::vector<std::string>& args, int out, int err,
             const std::vector<std::string>& more_environment);
  absl::Status ReadMore(absl::Time deadline);
  absl::StatusOr<int> Reap(absl::Time deadline);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
};

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_CLI_CLI_PROCESS_H_
