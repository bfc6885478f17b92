#ifndef CLIENTS_CLI_LINE_WRITER_H_
#define CLIENTS_CLI_LINE_WRITER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipevents::client {

// Writes whole lines to a file descriptor, at once and without a buffer of its own. A reader that
// does not read holds the writer up, but not for ever: Cancel() frees it.
//
// Threads: WriteLine() and Write() one at a time; Cancel() any.
class LineWriter {
 public:
  // `fd` stays the caller's. SIGPIPE must be ignored.
  explicit LineWriter(int fd);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Writes the text and a line feed. CANCELLED after Cancel(), or where nobody reads any more (a
  // closed pipe); UNKNOWN, with the system's words, if it cannot be written otherwise.
  absl::Status WriteLine(absl::string_view text);
  // The same without the line feed.
  absl::Status Write(absl::string_view octets) const;

  // Ends this and every later WriteLine() and Write().
  void Cancel();

  int fd() const { return fd_; }

 private:
  absl::Status WaitUntilWritable() const;

  int write_fd() const { return terminal_fd_ >= 0 ? terminal_fd_ : fd_; }

  const int fd_;
  const int terminal_fd_;  // the same terminal, not blocking; -1: none
  int cancel_fd_;          // an eventfd, readable once cancelled
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_LINE_WRITER_H_
