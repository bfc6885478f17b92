#include "tests/scenarios/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace sipevents::testing {
namespace {

constexpr size_t kStderrKept = 64 << 10;

// Exit statuses that no program chooses.
bool IsCrash(int exit_status) {
  for (const int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
    if (exit_status == 128 + signal) return true;
  }
  return exit_status == kSanitizerExitStatus;
}

absl::Status Errno(const char* what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

// Runs in the child between fork and exec: only calls that are safe there.
[[noreturn]] void Execute(char* const* arguments, int stdout_pipe, int stderr_pipe) {
  setpgid(0, 0);
  // Nothing outlives the test; with SIGTERM, so that it ends what it started too.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  dup2(stdout_pipe, STDOUT_FILENO);
  dup2(stderr_pipe, STDERR_FILENO);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  execv(arguments[0], arguments);
  constexpr char kFailed[] = "cannot execute the program\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kFailed, sizeof(kFailed) - 1);
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    std::vector<std::string> arguments) {
  std::array<int, 2> out;
  std::array<int, 2> err;
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) return Errno("pipe");
  std::vector<char*> raw;
  raw.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  std::unique_ptr<ChildProcess> child(new ChildProcess());
  child->command_ = absl::StrJoin(arguments, " ");
  child->pid_ = fork();
  if (child->pid_ == 0) Execute(raw.data(), out[1], err[1]);
  close(out[1]);
  close(err[1]);
  if (child->pid_ < 0) return Errno("fork");
  // By its number: the wrapper of glibc 2.36 is not declared for C++.
  child->exit_descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, child->pid_, 0));
  if (child->exit_descriptor_ < 0) return Errno("pidfd_open");
  child->reader_ = std::thread([c = child.get(), out, err] { c->ReadOutput(out[0], err[0]); });
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && exit_status_ < 0) {
    SignalGroup(SIGCONT);
    SignalGroup(SIGKILL);
    WaitForExit(absl::Seconds(30)).IgnoreError();
  }
  if (reader_.joinable()) reader_.join();
  if (exit_descriptor_ >= 0) close(exit_descriptor_);
  ReportDefects();
}

void ChildProcess::ReportDefects() const {
  MutexLock lock(mutex_);
  if (!scanner_.report().empty()) {
    ADD_FAILURE() << "a sanitizer found a defect in " << command_ << ":\n" << scanner_.report();
  } else if (IsCrash(exit_status_)) {
    ADD_FAILURE() << command_ << " crashed: exit status " << exit_status_
                  << "\nstderr: " << stderr_;
  }
}

void ChildProcess::ReadOutput(int stdout_descriptor, int stderr_descriptor) {
  std::array<pollfd, 2> polled = {{{stdout_descriptor, POLLIN, 0}, {stderr_descriptor, POLLIN, 0}}};
  std::array<char, 65536> buffer;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) break;
    for (pollfd& end : polled) {
      if (end.fd < 0 || end.revents == 0) continue;
      const ssize_t length = read(end.fd, buffer.data(), buffer.size());
      if (length <= 0) {
        close(end.fd);
        end.fd = -1;
        continue;
      }
      const std::string_view piece(buffer.data(), static_cast<size_t>(length));
      MutexLock lock(mutex_);
      if (&end == polled.data()) {
        OnStdout(piece);
      } else {
        OnStderr(piece);
      }
    }
    changed_.NotifyAll();
  }
  MutexLock lock(mutex_);
  ended_ = true;
  changed_.NotifyAll();
}

void ChildProcess::OnStdout(std::string_view piece) {
  for (const char c : piece) {
    if (c != '\n') {
      unfinished_line_ += c;
      continue;
    }
    lines_.push_back(std::move(unfinished_line_));
    unfinished_line_.clear();
  }
}

void ChildProcess::OnStderr(std::string_view piece) {
  scanner_.Read(piece);
  stderr_.append(piece);
  if (stderr_.size() > kStderrKept) stderr_.erase(0, stderr_.size() - kStderrKept);
}

absl::StatusOr<std::string> ChildProcess::NextLine(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  MutexLock lock(mutex_);
  while (lines_.empty() && !ended_ && absl::Now() < deadline) {
    changed_.WaitUntil(mutex_, absl::ToChronoTime(deadline));
  }
  if (!lines_.empty()) {
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }
  const std::string told = absl::StrCat("\ncommand: ", command_, "\nstderr: ", stderr_);
  if (ended_) return absl::OutOfRangeError(absl::StrCat("no more output", told));
  return absl::DeadlineExceededError(
      absl::StrCat("no line within ", absl::FormatDuration(patience), told));
}

std::string ChildProcess::Stderr() const {
  MutexLock lock(mutex_);
  return stderr_;
}

std::string ChildProcess::StderrWith(const std::string& text, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  MutexLock lock(mutex_);
  while (stderr_.find(text) == std::string::npos && !ended_ && absl::Now() < deadline) {
    changed_.WaitUntil(mutex_, absl::ToChronoTime(deadline));
  }
  return stderr_;
}

void ChildProcess::Signal(int signal) const {
  if (exit_status_ < 0) kill(pid_, signal);
}

void ChildProcess::SignalGroup(int signal) const {
  if (exit_status_ >= 0) return;
  kill(-pid_, signal);
  kill(pid_, signal);  // in case it has not yet made its group
}

absl::StatusOr<int> ChildProcess::WaitForExit(absl::Duration patience) {
  if (exit_status_ >= 0) return exit_status_;
  pollfd end = {exit_descriptor_, POLLIN, 0};
  if (poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) != 1) {
    return absl::DeadlineExceededError(absl::StrCat("still running after ",
                                                    absl::FormatDuration(patience), ": ", command_,
                                                    "\nstderr: ", Stderr()));
  }
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return Errno("waitpid");
  exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_status_;
}

}  // namespace sipevents::testing
