#ifndef SIP_AUTH_DIGEST_H_
#define SIP_AUTH_DIGEST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sip/auth/credentials.h"
#include "sip/base/random_id.h"

// Digest authentication towards SIP peers (RFC 3261 section 22, RFC 7616, RFC 8760), over OpenSSL.

namespace sipevents::sip {

// AUTH-01.
enum class DigestAlgorithm { kMd5, kMd5Sess, kSha256, kSha256Sess, kSha512256, kSha512256Sess };

// As the algorithm parameter writes it, e.g. `SHA-512-256-sess`. Threads: any.
std::string_view DigestAlgorithmName(DigestAlgorithm algorithm);

// Any case; nullopt for one we do not know. Threads: any.
std::optional<DigestAlgorithm> ParseDigestAlgorithm(std::string_view name);

// The hash of `text` in lower-case hex: 32 digits for MD5, 64 otherwise. Threads: any.
std::string DigestHash(DigestAlgorithm algorithm, std::string_view text);

// The algorithm without sessions: whose hash of user, realm and password this one works from.
// Threads: any.
DigestAlgorithm WithoutSession(DigestAlgorithm algorithm);

// H(user:realm:password), RFC 7616 section 3.4.2: what a server may keep in place of a password.
// Threads: any.
std::string DigestUserHash(DigestAlgorithm algorithm, std::string_view user, std::string_view realm,
                           std::string_view password);

// All that goes into a response value. Texts are without quotes and escapes.
struct DigestInput {
  DigestAlgorithm algorithm = DigestAlgorithm::kMd5;
  std::string user_hash;  // DigestUserHash() by the algorithm
  std::string_view nonce;
  std::string_view cnonce;
  uint32_t nonce_count = 1;
  std::string_view qop;  // `auth`, `auth-int` or empty (RFC 2069)
  std::string_view method;
  std::string_view uri;
  std::string_view body;  // counts with `auth-int` only (AUTH-05)
};

// H(H(A1):nonce:nc:cnonce:qop:H(A2)), or H(H(A1):nonce:H(A2)) without qop (AUTH-04).
// Threads: any.
std::string DigestResponse(const DigestInput& input);

// One challenge that we can answer. Texts are without quotes and escapes.
struct DigestChallenge {
  std::string realm;
  std::string nonce;
  std::optional<std::string> opaque;
  DigestAlgorithm algorithm = DigestAlgorithm::kMd5;
  bool algorithm_named = false;  // else it is MD5 by default
  std::string qop;               // the one we choose: `auth`, `auth-int`; empty: none offered
  bool stale = false;

  bool operator==(const DigestChallenge&) const = default;
};

// The challenges in one WWW-Authenticate or Proxy-Authenticate value (a list of them is fine),
// in order. What we cannot answer is left out (AUTH-03): other schemes, unknown algorithms or
// qop, no realm or nonce, no qop other than with plain MD5, control characters, more than 8 KiB.
// Threads: any.
std::vector<DigestChallenge> ParseDigestChallenges(std::string_view header_value);

// Answers the challenges of one dialog, or of one attempt to make one.
//
// Use: on 401 or 407 call Accept(); if it is OK, send the request again with a CSeq one higher
// and every header of Authorize(). Add Authorize() to all later requests as well, and tell every
// final response that is no challenge by OnAnswered().
//
// Threads: one; its owner's. `random` must outlive it.
class ClientDigestSession {
 public:
  static constexpr int kMaxChallenges = 6;  // without another answer between them
  static constexpr size_t kMaxRealms = 8;

  // Finds the credentials for a realm: CredentialTable::Lookup with the host of the resource.
  using CredentialSource = std::function<std::optional<Credentials>(std::string_view realm)>;

  // A header to add: `Authorization: value`, or `Proxy-Authorization: value`.
  struct Header {
    bool proxy = false;
    std::string value;
  };

  explicit ClientDigestSession(RandomSource& random) : random_(random) {}

  // Takes the values of the WWW-Authenticate and Proxy-Authenticate headers of a response, one
  // string per header line. The topmost challenge that we can answer counts, for each realm
  // (AUTH-03). OK: try again. Otherwise give up; FailedPrecondition, and the message says why:
  // nothing we can answer; no credentials for any realm; the same credentials rejected twice, or
  // once for the very same nonce, without stale=true (AUTH-06); kMaxChallenges in a row.
  absl::Status Accept(const std::vector<std::string>& www_authenticate,
                      const std::vector<std::string>& proxy_authenticate,
                      const CredentialSource& credentials);
  // The same of the challenges of a response, each with `proxy` and `value` (Response::challenges).
  template <typename Challenges>
  absl::Status Accept(const Challenges& challenges, const CredentialSource& credentials) {
    std::vector<std::string> www;
    std::vector<std::string> proxy;
    for (const auto& challenge : challenges) {
      (challenge.proxy ? proxy : www).push_back(challenge.value);
    }
    return Accept(www, proxy, credentials);
  }

  // The credentials for a request, for every realm that has challenged so far; empty if none.
  // `uri` is the Request-URI as sent. Each call counts the nonce up (AUTH-04): call it once per
  // request sent, not for retransmissions.
  std::vector<Header> Authorize(std::string_view method, std::string_view uri,
                                std::string_view body);

  // Hears that a request was answered by something else than a challenge: the credentials are
  // good as far as we know, and a later challenge is a new one.
  void OnAnswered();

 private:
  struct Realm {
    bool proxy = false;
    DigestChallenge challenge;
    Credentials credentials;
    std::string cnonce;
    uint32_t nonce_count = 0;  // how often the nonce was used
    int rejections = 0;        // of these credentials, without stale
  };

  absl::Status AcceptOne(bool proxy, DigestChallenge challenge, Credentials credentials);
  Realm* Find(bool proxy, std::string_view realm);
  std::string AuthorizationValue(const Realm& realm, std::string_view method, std::string_view uri,
                                 std::string_view body) const;

  RandomSource& random_;
  std::vector<Realm> realms_;
  int challenges_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_DIGEST_H_
