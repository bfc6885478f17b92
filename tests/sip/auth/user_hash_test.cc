#include "sip/auth/user_hash.h"

#include <gtest/gtest.h>

namespace sipevents::sip {
namespace {

constexpr DigestAlgorithm kAll[] = {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256,
                                    DigestAlgorithm::kSha512256};

TEST(UserHashTest, PasswordServesEveryAlgorithm) {
  const User user{.password = "p", .md5_hash = "x", .sha256_hash = "y", .publishes = {}};
  for (const DigestAlgorithm algorithm : kAll) {
    EXPECT_EQ(UserHash(user, "u", "r", algorithm), DigestUserHash(algorithm, "u", "r", "p"));
  }
}

TEST(UserHashTest, HashServesItsOwnAlgorithmOnly) {
  const User md5{.password = "", .md5_hash = "x", .sha256_hash = "", .publishes = {}};
  EXPECT_EQ(UserHash(md5, "u", "r", DigestAlgorithm::kMd5), "x");
  EXPECT_EQ(UserHash(md5, "u", "r", DigestAlgorithm::kSha256), std::nullopt);
  const User sha256{.password = "", .md5_hash = "", .sha256_hash = "y", .publishes = {}};
  EXPECT_EQ(UserHash(sha256, "u", "r", DigestAlgorithm::kSha256), "y");
  EXPECT_EQ(UserHash(sha256, "u", "r", DigestAlgorithm::kMd5), std::nullopt);
  EXPECT_EQ(UserHash(sha256, "u", "r", DigestAlgorithm::kSha512256), std::nullopt);
}

}  // namespace
}  // namespace sipevents::sip
