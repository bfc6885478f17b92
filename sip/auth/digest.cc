#include "sip/auth/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMaxChallengeOctets = 8192;
constexpr size_t kMaxChallengesInHeader = 16;

constexpr std::array<std::pair<DigestAlgorithm, std::string_view>, 6> kAlgorithms = {{
    {DigestAlgorithm::kMd5, "MD5"},
    {DigestAlgorithm::kMd5Sess, "MD5-sess"},
    {DigestAlgorithm::kSha256, "SHA-256"},
    {DigestAlgorithm::kSha256Sess, "SHA-256-sess"},
    {DigestAlgorithm::kSha512256, "SHA-512-256"},
    {DigestAlgorithm::kSha512256Sess, "SHA-512-256-sess"},
}};

const EVP_MD* HashFunction(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kMd5:
    case DigestAlgorithm::kMd5Sess:
      return EVP_md5();
    case DigestAlgorithm::kSha256:
    case DigestAlgorithm::kSha256Sess:
      return EVP_sha256();
    case DigestAlgorithm::kSha512256:
    case DigestAlgorithm::kSha512256Sess:
      return EVP_sha512_256();
  }
  return nullptr;
}

bool IsSession(DigestAlgorithm algorithm) { return WithoutSession(algorithm) != algorithm; }

std::string JoinColons(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) {
    joined += part;
    joined += ':';
  }
  if (!joined.empty()) joined.pop_back();
  return joined;
}

// A scheme and its parameters, as written.
struct RawChallenge {
  std::string scheme;
  std::vector<HeaderParameter> parameters;
};

// `Digest realm="a", nonce="b", Basic realm="c"`: a comma separates parameters and challenges
// alike (RFC 7235 section 4.1). An element that begins with a token, a blank and something that
// is no "=" begins a challenge.
std::vector<RawChallenge> SplitChallenges(std::string_view text) {
  std::vector<RawChallenge> challenges;
  for (std::string_view element : SplitCommaList(text)) {
    const size_t blank = std::min(element.find_first_of(" \t\r\n"), element.size());
    const std::string_view after = TrimBlanks(element.substr(blank));
    if (IsToken(element.substr(0, blank)) && !after.starts_with('=')) {
      if (challenges.size() == kMaxChallengesInHeader) break;
      challenges.push_back({.scheme = std::string(element.substr(0, blank)), .parameters = {}});
      element = after;
    }
    if (challenges.empty() || element.empty()) continue;
    const auto parameter = SplitParameters(absl::StrCat(";", AbslView(element)));
    if (!parameter.ok() || parameter->size() != 1) continue;
    challenges.back().parameters.push_back(parameter->front());
  }
  return challenges;
}

// The value of a parameter; nullopt if it is not there. `name` in lower case.
std::optional<std::string> FindValue(const RawChallenge& challenge, std::string_view name) {
  for (const HeaderParameter& parameter : challenge.parameters) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

bool HasControlCharacter(const RawChallenge& challenge) {
  return std::any_of(challenge.parameters.begin(), challenge.parameters.end(), [](const auto& p) {
    const std::string value = p.value.value_or("");
    return std::any_of(value.begin(), value.end(),
                       [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
  });
}

// `auth` where it is offered, else `auth-int`; nullopt if neither is.
std::optional<std::string> ChooseQop(std::string_view offered) {
  bool integrity = false;
  for (const std::string_view option : SplitCommaList(offered)) {
    if (EqualsIgnoreCase(option, "auth")) return "auth";
    integrity = integrity || EqualsIgnoreCase(option, "auth-int");
  }
  if (integrity) return "auth-int";
  return std::nullopt;
}

std::optional<DigestChallenge> ReadChallenge(const RawChallenge& raw) {
  if (!EqualsIgnoreCase(raw.scheme, "Digest") || HasControlCharacter(raw)) return std::nullopt;
  const std::optional<std::string> realm = FindValue(raw, "realm");
  const std::optional<std::string> nonce = FindValue(raw, "nonce");
  const std::optional<std::string> named = FindValue(raw, "algorithm");
  const std::optional<std::string> offered = FindValue(raw, "qop");
  const std::optional<DigestAlgorithm> algorithm = ParseDigestAlgorithm(named.value_or("MD5"));
  if (!realm.has_value() || !nonce.has_value() || nonce->empty() || !algorithm.has_value()) {
    return std::nullopt;
  }
  DigestChallenge challenge;
  challenge.realm = *realm;
  challenge.nonce = *nonce;
  challenge.opaque = FindValue(raw, "opaque");
  challenge.algorithm = *algorithm;
  challenge.algorithm_named = named.has_value();
  challenge.stale = EqualsIgnoreCase(FindValue(raw, "stale").value_or(""), "true");
  if (offered.has_value()) {
    const std::optional<std::string> chosen = ChooseQop(*offered);
    if (!chosen.has_value()) return std::nullopt;
    challenge.qop = *chosen;
  } else if (*algorithm != DigestAlgorithm::kMd5) {
    return std::nullopt;  // only the oldest servers leave qop out (AUTH-04)
  }
  return challenge;
}

}  // namespace

std::string_view DigestAlgorithmName(DigestAlgorithm algorithm) {
  for (const auto& [known, name] : kAlgorithms) {
    if (known == algorithm) return name;
  }
  return "";
}

std::optional<DigestAlgorithm> ParseDigestAlgorithm(std::string_view name) {
  for (const auto& [algorithm, known] : kAlgorithms) {
    if (EqualsIgnoreCase(known, name)) return algorithm;
  }
  return std::nullopt;
}

std::string DigestHash(DigestAlgorithm algorithm, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash = {};
  unsigned int size = 0;
  // Fails only where the library was built without the algorithm, or has no memory.
  if (EVP_Digest(text.data(), text.size(), hash.data(), &size, HashFunction(algorithm), nullptr) !=
      1) {
    std::abort();
  }
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), size});
}

DigestAlgorithm WithoutSession(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kMd5Sess:
      return DigestAlgorithm::kMd5;
    case DigestAlgorithm::kSha256Sess:
      return DigestAlgorithm::kSha256;
    case DigestAlgorithm::kSha512256Sess:
      return DigestAlgorithm::kSha512256;
    default:
      return algorithm;
  }
}

std::string DigestUserHash(DigestAlgorithm algorithm, std::string_view user, std::string_view realm,
                           std::string_view password) {
  return DigestHash(algorithm, JoinColons({user, realm, password}));
}

std::string DigestResponse(const DigestInput& input) {
  const auto hash = [&input](std::initializer_list<std::string_view> parts) {
    return DigestHash(input.algorithm, JoinColons(parts));
  };
  std::string a1 = input.user_hash;
  if (IsSession(input.algorithm)) a1 = hash({a1, input.nonce, input.cnonce});
  const std::string a2 =
      input.qop == "auth-int"
          ? hash({input.method, input.uri, DigestHash(input.algorithm, input.body)})
          : hash({input.method, input.uri});
  if (input.qop.empty()) return hash({a1, input.nonce, a2});
  const std::string count = absl::StrCat(absl::Hex(input.nonce_count, absl::kZeroPad8));
  return hash({a1, input.nonce, count, input.cnonce, input.qop, a2});
}

std::vector<DigestChallenge> ParseDigestChallenges(std::string_view header_value) {
  std::vector<DigestChallenge> challenges;
  if (header_value.size() > kMaxChallengeOctets) return challenges;
  for (const RawChallenge& raw : SplitChallenges(header_value)) {
    if (auto challenge = ReadChallenge(raw); challenge.has_value()) {
      challenges.push_back(*std::move(challenge));
    }
  }
  return challenges;
}

}  // namespace sipevents::sip
