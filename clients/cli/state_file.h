#ifndef CLIENTS_CLI_STATE_FILE_H_
#define CLIENTS_CLI_STATE_FILE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sipevents::client {

// Keeps the resume tokens of several watches in a file: one JSON object,
// {"sip:alice@example.com|presence": "TOKEN", ...}. Entries that nobody asks about stay in it.
// The file is replaced as a whole, so that a crash leaves the old one or the new one.
//
// Not for two programs at the same time: the last one to write wins.
// Threads: one at a time.
class StateFile {
 public:
  // Reads the file; one that is not there is empty. Then writes it back, so that one that cannot
  // be written is known at once. Later writes have at least `interval` between them.
  // Errors: FAILED_PRECONDITION, naming the file: unreadable, not writable, over 16 MiB, or
  // corrupt (not an object of strings).
  static absl::StatusOr<StateFile> Open(std::string path, absl::Duration interval);

  // The entry of a target; two targets may share it only if they mean the same.
  static std::string Key(const std::string& target, const std::string& event_package);

  // Empty if there is none.
  std::string TokenOf(const std::string& key) const;

  // Changes an entry, in memory; an empty token removes it.
  void Keep(const std::string& key, const std::string& token);

  // When the file should be written; InfiniteFuture if it is up to date.
  absl::Time NextWrite() const;

  // Writes the file unless it is up to date. FAILED_PRECONDITION; then NextWrite() is an interval
  // away again.
  absl::Status Write(absl::Time now);

 private:
  StateFile(std::string path, absl::Duration interval)
      : path_(std::move(path)), interval_(interval) {}
  absl::Status Read();
  absl::Status Replace(const std::string& content) const;

  std::string path_;
  absl::Duration interval_;
  std::map<std::string, std::string> tokens_;
  bool changed_ = false;
  absl::Time last_write_ = absl::InfinitePast();
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_STATE_FILE_H_
