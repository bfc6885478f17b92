#ifndef SIP_AUTH_USER_HASH_H_
#define SIP_AUTH_USER_HASH_H_

#include <optional>
#include <string>
#include <string_view>

#include "sip/auth/digest.h"
#include "sip/user_directory.h"

namespace sipevents::sip {

// DigestUserHash() of a user of this name and realm, by an algorithm without sessions; nullopt:
// neither a password is known nor this hash. Threads: any.
std::optional<std::string> UserHash(const User& user, std::string_view name, std::string_view realm,
                                    DigestAlgorithm algorithm);

}  // namespace sipevents::sip

#endif  // SIP_AUTH_USER_HASH_H_
