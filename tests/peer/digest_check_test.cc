#include "tests/peer/digest_check.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

// RFC 7616 section 3.9.1.
constexpr char kRfcNonce[] = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";

DigestChallenge RfcChallenge(const std::string& algorithm) {
  DigestChallenge challenge;
  challenge.realm = "http-auth@example.org";
  challenge.nonce = kRfcNonce;
  challenge.algorithm = algorithm;
  challenge.opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
  return challenge;
}

std::string RfcAnswer(const std::string& algorithm, const std::string& response) {
  return "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
         "algorithm=" +
         algorithm + ", nonce=\"" + kRfcNonce +
         "\", nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
         "response=\"" +
         response + "\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
}

TEST(DigestCheckTest, VectorsOfTheRfcPass) {
  EXPECT_OK(CheckDigest(RfcAnswer("MD5", "8ca523f5e9506fed4657c9700eebdbec"), RfcChallenge("MD5"),
                        "GET", "Mufasa", "Circle of Life"));
  EXPECT_OK(CheckDigest(
      RfcAnswer("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
      RfcChallenge("SHA-256"), "GET", "Mufasa", "Circle of Life"));
}

TEST(DigestCheckTest, WrongPasswordFailsNamingTheResponse) {
  EXPECT_THAT(CheckDigest(RfcAnswer("MD5", "8ca523f5e9506fed4657c9700eebdbec"), RfcChallenge("MD5"),
                          "GET", "Mufasa", "Circle of Strife"),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("response is")));
}

TEST(DigestCheckTest, OtherRealmFailsNamingTheRealm) {
  DigestChallenge challenge = RfcChallenge("MD5");
  challenge.realm = "elsewhere";

  EXPECT_THAT(CheckDigest(RfcAnswer("MD5", "8ca523f5e9506fed4657c9700eebdbec"), challenge, "GET",
                          "Mufasa", "Circle of Life"),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("realm is")));
}

}  // namespace
}  // namespace sipevents::testing
