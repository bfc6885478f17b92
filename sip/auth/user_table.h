#ifndef SIP_AUTH_USER_TABLE_H_
#define SIP_AUTH_USER_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sip/user_directory.h"

namespace sipevents::sip {

// The users who may subscribe and publish over SIP, from `--sip_users_file`.
//
// Threads: immutable once loaded; any.
class UserTable {
 public:
  static constexpr size_t kMaxFileOctets = size_t{64} << 20;
  static constexpr size_t kMaxUsers = 1'000'000;

  // Knows nobody.
  UserTable() = default;

  // Reads a file; see Parse(). Errors also: NOT_FOUND or UNAVAILABLE if it cannot be read.
  static absl::StatusOr<UserTable> Load(const std::string& path);

  // Reads lines of `user realm password [publish=URI|publish=*]…`, separated by blanks; the realm
  // is the domain that the user belongs to. Lines that begin with # are comments. Errors:
  // INVALID_ARGUMENT, with `name`, the line and what is expected, never with a password.
  static absl::StatusOr<UserTable> Parse(std::string_view text, std::string_view name);

  // Null: there is no such user. The realm is compared without regard to case.
  const User* Find(std::string_view user, std::string_view realm) const;

  size_t size() const { return users_.size(); }

 private:
  absl::Status AddLine(std::string_view line);

  absl::flat_hash_map<std::pair<std::string, std::string>, User> users_;  // by user and realm
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_USER_TABLE_H_
