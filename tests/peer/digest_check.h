#ifndef TESTS_PEER_DIGEST_CHECK_H_
#define TESTS_PEER_DIGEST_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace sipevents::testing {

// What a server that asks for digest credentials knows (RFC 7616, RFC 8760).
struct DigestChallenge {
  std::string realm = "example.com";
  std::string nonce = "f84f1cec41e6cbe5aea9c8e88d359";
  std::string algorithm = "MD5";  // or SHA-256
  std::string qop = "auth";       // empty: as in RFC 2069
  std::string opaque;             // empty: none
  bool stale = false;
};

// The value of the WWW-Authenticate or Proxy-Authenticate header that asks for this.
std::string ChallengeHeader(const DigestChallenge& challenge);

// Whether an Authorization or Proxy-Authorization header answers the challenge with this user's
// password: computed here over OpenSSL, apart from the code under test. Unauthenticated, saying
// which part is wrong, if it does not.
absl::Status CheckDigest(const std::string& authorization, const DigestChallenge& challenge,
                         const std::string& method, const std::string& user,
                         const std::string& password);

// The Authorization value that answers a WWW-Authenticate value with qop `auth`, its nonce used for
// the `count`th time.
std::string AnswerDigest(const std::string& challenge, const std::string& method,
                         const std::string& uri, const std::string& user,
                         const std::string& password, int count = 1);

// The value of one parameter of a Digest header, quotes taken off; empty if it is not there.
std::string DigestParameter(const std::string& header, const std::string& name);

}  // namespace sipevents::testing

#endif  // TESTS_PEER_DIGEST_CHECK_H_
