#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/auth/digest.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"

namespace sipevents::sip {
namespace {

constexpr int kMaxRejections = 2;  // AUTH-06
constexpr size_t kClientNonceDigits = 32;

absl::Status GiveUp(const absl::AlphaNum& reason) {
  return absl::FailedPreconditionError(absl::StrCat("authentication failed: ", reason));
}

// A challenge, and whether it was a proxy's.
using Received = std::pair<bool, DigestChallenge>;

// The topmost challenge for each realm (AUTH-03), in order.
void AppendTopmost(bool proxy, const std::vector<std::string>& values,
                   std::vector<Received>* topmost) {
  for (const std::string& value : values) {
    for (DigestChallenge& challenge : ParseDigestChallenges(value)) {
      const bool known = std::any_of(topmost->begin(), topmost->end(), [&](const Received& other) {
        return other.first == proxy && other.second.realm == challenge.realm;
      });
      if (!known && topmost->size() < ClientDigestSession::kMaxRealms) {
        topmost->emplace_back(proxy, std::move(challenge));
      }
    }
  }
}

}  // namespace

absl::Status ClientDigestSession::Accept(const std::vector<std::string>& www_authenticate,
                                         const std::vector<std::string>& proxy_authenticate,
                                         const CredentialSource& credentials) {
  if (++challenges_ > kMaxChallenges) {
    return GiveUp(absl::StrCat("challenged more than ", kMaxChallenges, " times in a row"));
  }
  std::vector<Received> topmost;
  AppendTopmost(/*proxy=*/false, www_authenticate, &topmost);
  AppendTopmost(/*proxy=*/true, proxy_authenticate, &topmost);
  if (topmost.empty()) return GiveUp("no challenge with a scheme and algorithm that we know");
  bool any = false;
  for (auto& [proxy, challenge] : topmost) {
    std::optional<Credentials> ours = credentials(challenge.realm);
    if (!ours.has_value()) continue;
    any = true;
    if (auto status = AcceptOne(proxy, std::move(challenge), *std::move(ours)); !status.ok()) {
      return status;
    }
  }
  if (any) return absl::OkStatus();
  return GiveUp(absl::StrCat("no credentials for the realm ",
                             QuoteForMessage(topmost.front().second.realm),
                             " and the domain of this resource"));
}

absl::Status ClientDigestSession::AcceptOne(bool proxy, DigestChallenge challenge,
                                            Credentials credentials) {
  Realm* realm = Find(proxy, challenge.realm);
  if (realm == nullptr) {
    if (realms_.size() == kMaxRealms) {
      return GiveUp(absl::StrCat("challenged for more than ", kMaxRealms, " realms"));
    }
    realm = &realms_.emplace_back();
    realm->proxy = proxy;
  } else if (realm->nonce_count > 0 && realm->credentials == credentials && !challenge.stale) {
    // A new nonce without stale=true is either a server that does not know `stale`, or wrong
    // credentials: one more try tells.
    const bool same_nonce = realm->challenge.nonce == challenge.nonce;
    if (++realm->rejections >= kMaxRejections || same_nonce) {
      return GiveUp(absl::StrCat("the credentials for the realm ", QuoteForMessage(challenge.realm),
                                 " were rejected"));
    }
  }
  // A nonce that is asked for again goes on counting: no count is used twice (AUTH-04).
  if (realm->challenge.nonce != challenge.nonce) {
    realm->nonce_count = 0;
    realm->cnonce = RandomHex(random_, kClientNonceDigits);
  }
  realm->challenge = std::move(challenge);
  realm->credentials = std::move(credentials);
  return absl::OkStatus();
}

std::vector<ClientDigestSession::Header> ClientDigestSession::Authorize(std::string_view method,
                                                                        std::string_view uri,
                                                                        std::string_view body) {
  std::vector<Header> headers;
  headers.reserve(realms_.size());
  for (Realm& realm : realms_) {
    if (realm.nonce_count == std::numeric_limits<uint32_t>::max()) continue;  // used up
    ++realm.nonce_count;
    headers.push_back({realm.proxy, AuthorizationValue(realm, method, uri, body)});
  }
  return headers;
}

void ClientDigestSession::OnAnswered() {
  challenges_ = 0;
  for (Realm& realm : realms_) realm.rejections = 0;
}

ClientDigestSession::Realm* ClientDigestSession::Find(bool proxy, std::string_view realm) {
  const auto it = std::find_if(realms_.begin(), realms_.end(), [&](const Realm& known) {
    return known.proxy == proxy && known.challenge.realm == realm;
  });
  return it == realms_.end() ? nullptr : &*it;
}

// RFC 7616 section 3.4: algorithm, qop and nc stand without quotes.
std::string ClientDigestSession::AuthorizationValue(const Realm& realm, std::string_view method,
                                                    std::string_view uri,
                                                    std::string_view body) const {
  const DigestChallenge& challenge = realm.challenge;
  const std::string& user = realm.credentials.user;
  const DigestInput input = {.algorithm = challenge.algorithm,
                             .user_hash = DigestUserHash(challenge.algorithm, user, challenge.realm,
                                                         realm.credentials.password),
                             .nonce = challenge.nonce,
                             .cnonce = realm.cnonce,
                             .nonce_count = realm.nonce_count,
                             .qop = challenge.qop,
                             .method = method,
                             .uri = uri,
                             .body = body};
  std::string value =
      absl::StrCat("Digest username=", QuoteString(user), ", realm=", QuoteString(challenge.realm),
                   ", nonce=", QuoteString(input.nonce), ", uri=", QuoteString(input.uri),
                   ", response=", QuoteString(DigestResponse(input)));
  if (challenge.algorithm_named) {
    absl::StrAppend(&value, ", algorithm=", AbslView(DigestAlgorithmName(challenge.algorithm)));
  }
  if (!challenge.qop.empty()) {
    absl::StrAppend(&value, ", cnonce=", QuoteString(realm.cnonce), ", qop=", challenge.qop);
    absl::StrAppend(&value, ", nc=", absl::Hex(realm.nonce_count, absl::kZeroPad8));
  }
  if (challenge.opaque.has_value()) {
    absl::StrAppend(&value, ", opaque=", QuoteString(*challenge.opaque));
  }
  return value;
}

}  // namespace sipevents::sip
