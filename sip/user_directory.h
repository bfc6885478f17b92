#ifndef SIP_USER_DIRECTORY_H_
#define SIP_USER_DIRECTORY_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// The border to who knows the users: sip/ asks, gateway/ finds out.

namespace sipevents::sip {

// Somebody who may subscribe and publish over SIP. Has a password, or at least one of the hashes.
struct User {
  std::string password;  // empty: none is known
  // H(user:realm:password) of RFC 7616 section 3.4.2 (HA1) in lower-case hex; empty: not known.
  std::string md5_hash;
  std::string sha256_hash;
  // Resources beside their own that the user may publish, in canonical form; `*`: all.
  std::vector<std::string> publishes;
};

// Users that are kept somewhere else than in `--sip_users_file`.
//
// Threads: any; Ask() must not block.
class UserDirectory {
 public:
  struct Answer {
    User user;
    std::optional<absl::Duration> keep;  // how long the answer holds; none: as long as is usual
  };
  // NOT_FOUND: there is no such user. All other errors: nobody knows.
  using Done = std::function<void(absl::StatusOr<Answer>)>;

  virtual ~UserDirectory() = default;

  // Finds a user of a realm (a domain in lower case). `done` is called once, on any thread, also
  // from within the call; whoever asked may be gone by then.
  virtual void Ask(const std::string& user, const std::string& realm, Done done) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_USER_DIRECTORY_H_
