#include "tests/clients/cli/cli_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

extern char** environ;

namespace sipevents::client::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// Moves what can be read to the end of `text`; closes the descriptor at its end.
void Drain(int& fd, std::string& text) {
  std::array<char, 4096> octets;
  const ssize_t length = read(fd, octets.data(), octets.size());
  if (length > 0) {
    text.append(octets.data(), static_cast<size_t>(length));
  } else {
    close(fd);
    fd = -1;
  }
}

}  // namespace

CliProcess::CliProcess(const std::vector<std::string>& args) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return;
  Spawn(args, out[1], err[1], {});
  close(out[1]);
  close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

CliProcess::CliProcess(const std::vector<std::string>& args, const Terminal& terminal) {
  int err[2];
  out_fd_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pipe2(err, O_CLOEXEC) != 0 || grantpt(out_fd_) != 0 || unlockpt(out_fd_) != 0) return;
  const int out = open(ptsname(out_fd_), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ResizeTerminal(terminal.columns, terminal.rows);
  std::vector<std::string> environment = {"TERM=xterm"};
  if (terminal.no_color) environment.emplace_back("NO_COLOR=1");
  Spawn(args, out, terminal.for_errors ? out : err[1], environment);
  close(out);
  close(err[1]);
  err_fd_ = err[0];
}

void CliProcess::Spawn(const std::vector<std::string>& args, int out, int err,
                       const std::vector<std::string>& more_environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  std::vector<std::string> words = {"clients/cli/sipevents"};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> settings = more_environment;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    const absl::string_view name = absl::string_view(*setting).substr(0, 5);
    if (more_environment.empty() || name != "TERM=") settings.emplace_back(*setting);
  }
  std::vector<char*> environment;
  environment.reserve(settings.size() + 1);
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);
  posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
}

CliProcess::~CliProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

absl::Status CliProcess::ReadMore(absl::Time deadline) {
  if (out_fd_ < 0 && err_fd_ < 0) return absl::OutOfRangeError("the output has ended");
  pollfd polled[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  const absl::Duration left = deadline - absl::Now();
  if (left <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError(absl::StrCat("out: ", out_, "\nerr: ", err_));
  }
  poll(polled, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
  if (polled[0].revents != 0) Drain(out_fd_, out_);
  if (polled[1].revents != 0) Drain(err_fd_, err_);
  return absl::OkStatus();
}

absl::StatusOr<std::string> CliProcess::NextLine() {
  const absl::Time deadline = absl::Now() + kPatience;
  size_t end = 0;
  while ((end = out_.find('\n')) == std::string::npos) {
    if (absl::Status read = ReadMore(deadline); !read.ok()) return read;
  }
  std::string line = out_.substr(0, end);
  out_.erase(0, end + 1);
  return line;
}

absl::StatusOr<std::string> CliProcess::TakeOutput() {
  const absl::Time deadline = absl::Now() + kPatience;
  while (out_.empty()) {
    if (out_fd_ < 0) return absl::OutOfRangeError("the output has ended");
    if (absl::Status read = ReadMore(deadline); !read.ok()) return read;
  }
  return std::exchange(out_, "");
}

void CliProcess::ResizeTerminal(int columns, int rows) const {
  winsize size = {};
  size.ws_col = static_cast<uint16_t>(columns);
  size.ws_row = static_cast<uint16_t>(rows);
  ioctl(out_fd_, TIOCSWINSZ, &size);
}

absl::StatusOr<std::string> CliProcess::WaitForRemark(const std::string& text) {
  const absl::Time deadline = absl::Now() + kPatience;
  size_t found = 0;
  while ((found = err_.find(text)) == std::string::npos) {
    if (absl::Status read = ReadMore(deadline); !read.ok()) return read;
  }
  return err_.substr(found);
}

void CliProcess::Signal(int signal) const { kill(pid_, signal); }

void CliProcess::CloseOutput() {
  close(out_fd_);
  out_fd_ = -1;
}

absl::StatusOr<int> CliProcess::Wait() {
  const absl::Time deadline = absl::Now() + kPatience;
  while (out_fd_ >= 0 || err_fd_ >= 0) {
    if (absl::Status read = ReadMore(deadline); !read.ok()) return read;
  }
  return Reap(deadline);
}

absl::StatusOr<int> CliProcess::WaitUnread() { return Reap(absl::Now() + kPatience); }

absl::Status CliProcess::WaitUntilOutputIsFull() const {
  const absl::Time deadline = absl::Now() + kPatience;
  int waiting = 0;
  // One page may stay free, as whole pages are written.
  while (ioctl(out_fd_, FIONREAD, &waiting) == 0 && waiting + 4096 < fcntl(out_fd_, F_GETPIPE_SZ)) {
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat(waiting, " octets"));
    }
    absl::SleepFor(absl::Milliseconds(1));  // a pipe cannot be polled for being full
  }
  return absl::OkStatus();
}

absl::StatusOr<int> CliProcess::Reap(absl::Time deadline) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd polled = {process, POLLIN, 0};
  const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
  const int ended = poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
  close(process);
  if (ended != 1) return absl::DeadlineExceededError("the program has not ended");
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sipevents::client::testing
