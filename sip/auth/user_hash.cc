#include "sip/auth/user_hash.h"

namespace sipevents::sip {

std::optional<std::string> UserHash(const User& user, std::string_view name, std::string_view realm,
                                    DigestAlgorithm algorithm) {
  if (!user.password.empty()) return DigestUserHash(algorithm, name, realm, user.password);
  if (algorithm == DigestAlgorithm::kMd5 && !user.md5_hash.empty()) return user.md5_hash;
  if (algorithm == DigestAlgorithm::kSha256 && !user.sha256_hash.empty()) return user.sha256_hash;
  return std::nullopt;
}

}  // namespace sipevents::sip
