#ifndef SIP_AUTH_USER_TABLE_H_
#define SIP_AUTH_USER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sip/user_directory.h"

namespace sipevents::sip {

// By which one state of a file is told from another; zeros: there is none.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;            // octets
  int64_t modified_nanos = 0;  // since 1970

  bool operator==(const FileStamp&) const = default;
};
// Of the file that a path leads to now. Threads: any; asks the file system.
FileStamp StampOf(const std::string& path);

// The users who may subscribe and publish over SIP, from `--sip_users_file`.
//
// Threads: immutable once loaded; any.
class UserTable {
 public:
  static constexpr size_t kMaxFileOctets = size_t{64} << 20;
  static constexpr size_t kMaxUsers = 1'000'000;

  // Knows nobody.
  UserTable() = default;

  // Reads a file, and notes its stamp; see Parse(). Errors also: NOT_FOUND or UNAVAILABLE if it
  // cannot be read.
  static absl::StatusOr<UserTable> Load(const std::string& path);

  // Reads lines of `user realm password [publish=URI|publish=*]…`, separated by blanks; the realm
  // is the domain that the user belongs to. Lines that begin with # are comments. Errors:
  // INVALID_ARGUMENT, with `name`, the line and what is expected, never with a password.
  static absl::StatusOr<UserTable> Parse(std::string_view text, std::string_view name);

  // Null: there is no such user. The realm is compared without regard to case.
  const User* Find(std::string_view user, std::string_view realm) const;

  size_t size() const { return users_.size(); }
  // Of the file as it was read; zeros: it is from none.
  const FileStamp& stamp() const { return stamp_; }

 private:
  absl::Status AddLine(std::string_view line);

  absl::flat_hash_map<std::pair<std::string, std::string>, User> users_;  // by user and realm
  FileStamp stamp_;
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_USER_TABLE_H_
