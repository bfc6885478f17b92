#include "clients/cli/line_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include "absl/strings/str_cat.h"

namespace sipevents::client {

namespace {

// A terminal that is writable may take less than is written, and block for the rest: so it is
// written to by a descriptor of our own that does not block (the caller's is shared with other
// programs, who must find it as it was). -1: no terminal, or it cannot be opened.
int OpenTerminal(int fd) {
  if (isatty(fd) == 0) return -1;
  return open(absl::StrCat("/proc/self/fd/", fd).c_str(),
              O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

LineWriter::LineWriter(int fd)
    : fd_(fd), terminal_fd_(OpenTerminal(fd)), cancel_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

LineWriter::~LineWriter() {
  if (terminal_fd_ >= 0) close(terminal_fd_);
  if (cancel_fd_ >= 0) close(cancel_fd_);
}

absl::Status LineWriter::WriteLine(absl::string_view text) {
  return Write(absl::StrCat(text, "\n"));
}

void LineWriter::Cancel() {
  // Fails only where it has been called often enough already.
  eventfd_write(cancel_fd_, 1);
}

absl::Status LineWriter::WaitUntilWritable() const {
  pollfd polled[] = {{write_fd(), POLLOUT, 0}, {cancel_fd_, POLLIN, 0}};
  while (poll(polled, 2, -1) < 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "cannot write");
  }
  if (polled[1].revents != 0) return absl::CancelledError("cancelled");
  return absl::OkStatus();
}

absl::Status LineWriter::Write(absl::string_view octets) const {
  while (!octets.empty()) {
    if (absl::Status writable = WaitUntilWritable(); !writable.ok()) return writable;
    // A pipe that is writable takes this many octets without blocking.
    const size_t length = std::min<size_t>(octets.size(), PIPE_BUF);
    const ssize_t written = write(write_fd(), octets.data(), length);
    if (written >= 0) {
      octets.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE || errno == EBADF || errno == EIO) {
      // EIO is a terminal that has been hung up.
      return absl::CancelledError("nobody reads the output any more");
    } else if (errno != EINTR && errno != EAGAIN) {
      return absl::UnknownError(
          absl::StrCat("cannot write the output: ", std::string(strerror(errno))));
    }
  }
  return absl::OkStatus();
}

}  // namespace sipevents::client
