#include "sip/auth/digest_server.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/auth/digest.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMaxHeaderOctets = 4096;
constexpr size_t kTimeDigits = 16;
constexpr size_t kRandomDigits = 16;
constexpr size_t kSignatureDigits = 32;
constexpr size_t kSecretDigits = 64;
constexpr char kScheme[] = "Digest";

// The parameters of one Authorization value of the scheme Digest; names in lower case.
using Fields = absl::flat_hash_map<std::string, std::string>;

std::optional<Fields> ParseAuthorization(std::string_view value) {
  value = TrimBlanks(value);
  constexpr size_t kSchemeOctets = sizeof(kScheme) - 1;
  if (value.size() > kMaxHeaderOctets || value.size() <= kSchemeOctets ||
      !EqualsIgnoreCase(value.substr(0, kSchemeOctets), kScheme)) {
    return std::nullopt;
  }
  Fields fields;
  for (const std::string_view element : SplitCommaList(value.substr(kSchemeOctets))) {
    const auto parameter = SplitParameters(absl::StrCat(";", AbslView(element)));
    if (!parameter.ok() || parameter->size() != 1 || !parameter->front().value) return std::nullopt;
    if (!fields.emplace(parameter->front().name, *parameter->front().value).second) {
      return std::nullopt;
    }
  }
  return fields;
}

std::string Field(const Fields& fields, const char* name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

// Eight hex digits (AUTH-04).
std::optional<uint32_t> ParseCount(const std::string& text) {
  uint32_t count = 0;
  if (text.size() != 8 || !absl::SimpleHexAtoi(text, &count) || count == 0) return std::nullopt;
  return count;
}

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// What credentials are made by; nullopt: one that we do not know.
std::optional<DigestAlgorithm> AlgorithmOf(const Fields& fields) {
  const std::string named = Field(fields, "algorithm");
  return ParseDigestAlgorithm(named.empty() ? "MD5" : named);
}

// Whether the response is what the user's hash gives.
bool IsRight(const Fields& fields, const DigestSubject& subject, DigestAlgorithm algorithm,
             uint32_t count, const std::string& user_hash) {
  const std::string qop = Field(fields, "qop");
  const std::string nonce = Field(fields, "nonce");
  const std::string cnonce = Field(fields, "cnonce");
  const std::string uri = Field(fields, "uri");
  const std::string expected = DigestResponse({.algorithm = algorithm,
                                               .user_hash = user_hash,
                                               .nonce = nonce,
                                               .cnonce = cnonce,
                                               .nonce_count = count,
                                               .qop = qop,
                                               .method = subject.method,
                                               .uri = uri,
                                               .body = subject.body});
  return SameText(expected, ToLower(Field(fields, "response")));
}

}  // namespace

DigestServer::DigestServer(RandomSource& random, std::vector<DigestAlgorithm> algorithms)
    : random_(random),
      algorithms_(std::move(algorithms)),
      secret_(RandomHex(random, kSecretDigits)) {}

DigestServer::Verdict DigestServer::Check(const DigestSubject& subject, const HashSource& hashes,
                                          absl::Time now) {
  bool has_old_nonce = false;
  bool is_wrong = false;
  for (const std::string& value : subject.authorization) {
    const std::optional<Fields> fields = ParseAuthorization(value);
    if (!fields.has_value()) continue;
    const std::optional<uint32_t> count = ParseCount(Field(*fields, "nc"));
    const std::optional<DigestAlgorithm> algorithm = AlgorithmOf(*fields);
    const std::string qop = Field(*fields, "qop");
    if (!count.has_value() || !algorithm.has_value() || (qop != "auth" && qop != "auth-int")) {
      continue;
    }
    // Before anybody is looked up: who has no nonce of ours gets one first (RFC 7616 section 3.3).
    const std::string nonce = Field(*fields, "nonce");
    const std::optional<absl::Time> issued = IssueTime(nonce, now);
    if (!issued.has_value()) {
      has_old_nonce = true;
      continue;
    }
    const std::optional<std::string> hash =
        hashes(Field(*fields, "realm"), Field(*fields, "username"), WithoutSession(*algorithm));
    if (!hash.has_value() || !IsRight(*fields, subject, *algorithm, *count, *hash)) {
      is_wrong = true;
      continue;
    }
    return TakeCount(nonce, *issued, *count, now) ? Verdict::kAccepted : Verdict::kStale;
  }
  return has_old_nonce && !is_wrong ? Verdict::kStale : Verdict::kRefused;
}

std::vector<std::string> DigestServer::Challenges(std::string_view realm, bool stale,
                                                  absl::Time now) {
  const std::string nonce = NewNonce(now);
  std::vector<std::string> values;
  for (const DigestAlgorithm algorithm : algorithms_) {
    values.push_back(absl::StrCat(
        kScheme, " realm=", QuoteString(realm), ", nonce=\"", nonce,
        "\", qop=\"auth,auth-int\", algorithm=", AbslView(DigestAlgorithmName(algorithm)),
        stale ? ", stale=true" : ""));
  }
  return values;
}

std::string DigestServer::NewNonce(absl::Time now) {
  std::string nonce =
      absl::StrCat(absl::Hex(absl::ToUnixMicros(now), absl::kZeroPad16), RandomHex(random_, 16));
  absl::StrAppend(&nonce, Sign(nonce));
  return nonce;
}

std::string DigestServer::Sign(std::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac = {};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return absl::BytesToHexString({reinterpret_cast<const char*>(mac.data()), size})
      .substr(0, kSignatureDigits);
}

std::optional<absl::Time> DigestServer::IssueTime(std::string_view nonce, absl::Time now) const {
  constexpr size_t kSigned = kTimeDigits + kRandomDigits;
  if (nonce.size() != kSigned + kSignatureDigits) return std::nullopt;
  uint64_t micros = 0;
  if (!SameText(Sign(nonce.substr(0, kSigned)), nonce.substr(kSigned)) ||
      !absl::SimpleHexAtoi(std::string(nonce.substr(0, kTimeDigits)), &micros)) {
    return std::nullopt;
  }
  const absl::Time issued = absl::FromUnixMicros(static_cast<int64_t>(micros));
  if (now - issued > kNonceLifetime || issued < not_before_) return std::nullopt;
  return issued;
}

bool DigestServer::TakeCount(const std::string& nonce, absl::Time issued, uint32_t count,
                             absl::Time now) {
  if (used_.size() >= kMostNonces && !used_.contains(nonce)) {
    absl::erase_if(used_,
                   [now](const auto& entry) { return now - entry.second.issued > kNonceLifetime; });
    if (used_.size() >= kMostNonces) {
      used_.clear();
      not_before_ = now;
      return false;
    }
  }
  Used& used = used_[nonce];
  used.issued = issued;
  return used.counts.Take(count);
}

}  // namespace sipevents::sip
