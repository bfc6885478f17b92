#ifndef SIP_AUTH_DIGEST_SERVER_H_
#define SIP_AUTH_DIGEST_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/auth/digest.h"
#include "sip/auth/nonce_counts.h"
#include "sip/base/random_id.h"

namespace sipevents::sip {

// A request as far as its credentials cover it. Views are good during the call only.
struct DigestSubject {
  std::string_view method;
  std::string_view body;
  std::vector<std::string> authorization;  // values of the Authorization headers
};

// Makes SIP peers that send us requests prove who they are (RFC 3261 section 22.4, RFC 7616, RFC
// 8760): MD5 and SHA-256, qop auth and auth-int. A nonce is signed, lasts five minutes, and each
// of its counts is taken once (AUTH-06, SEC-04).
//
// Threads: one; its owner's. `random` must outlive it.
class DigestServer {
 public:
  static constexpr absl::Duration kNonceLifetime = absl::Minutes(5);
  // Nonces whose counts are remembered; past it all that were issued before count as stale.
  static constexpr size_t kMostNonces = 10000;

  // Finds DigestUserHash() of a user of a realm, by an algorithm without sessions; nullopt: nobody,
  // or not by that algorithm. Is asked only for who bears a nonce of ours.
  using HashSource = std::function<std::optional<std::string>(
      std::string_view realm, std::string_view user, DigestAlgorithm algorithm)>;

  enum class Verdict {
    kAccepted,
    kRefused,  // no credentials, or wrong ones
    kStale,    // for a nonce that does not count any more, or right with a count that was taken
  };

  // Challenges with these algorithms, in this order.
  explicit DigestServer(RandomSource& random, std::vector<DigestAlgorithm> algorithms = {
                                                  DigestAlgorithm::kSha256, DigestAlgorithm::kMd5});

  // Judges a request. The URI that the credentials name is not compared with the Request-URI
  // (AUTH-04): they are bound to the nonce, which is taken once.
  Verdict Check(const DigestSubject& subject, const HashSource& hashes, absl::Time now);

  // Values of WWW-Authenticate, one per algorithm (AUTH-02).
  std::vector<std::string> Challenges(std::string_view realm, bool stale, absl::Time now);

 private:
  std::string NewNonce(absl::Time now);
  std::string Sign(std::string_view text) const;
  // When a nonce of ours that still counts was issued; nullopt: it is none.
  std::optional<absl::Time> IssueTime(std::string_view nonce, absl::Time now) const;
  // Takes a count of a nonce issued then; false: see NonceCounts.
  bool TakeCount(const std::string& nonce, absl::Time issued, uint32_t count, absl::Time now);

  struct Used {
    absl::Time issued;
    NonceCounts counts;
  };

  RandomSource& random_;
  const std::vector<DigestAlgorithm> algorithms_;
  std::string secret_;
  absl::flat_hash_map<std::string, Used> used_;
  absl::Time not_before_ = absl::InfinitePast();  // older nonces are stale
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_DIGEST_SERVER_H_
