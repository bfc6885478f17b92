#include "tests/peer/digest_check.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sipevents::testing {
namespace {

std::string HexHash(const std::string& algorithm, const std::string& text) {
  const EVP_MD* const hash =
      absl::EqualsIgnoreCase(algorithm, "SHA-256") ? EVP_sha256() : EVP_md5();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, hash, nullptr);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

absl::Status Expect(const std::string& header, const char* name, const std::string& expected) {
  const std::string found = DigestParameter(header, name);
  if (found == expected) return absl::OkStatus();
  return absl::UnauthenticatedError(
      absl::StrCat(name, " is '", found, "', expected '", expected, "', in: ", header));
}

}  // namespace

std::string ChallengeHeader(const DigestChallenge& challenge) {
  std::string header = absl::StrCat("Digest realm=\"", challenge.realm, "\", nonce=\"",
                                    challenge.nonce, "\", algorithm=", challenge.algorithm);
  if (!challenge.qop.empty()) absl::StrAppend(&header, ", qop=\"", challenge.qop, "\"");
  if (!challenge.opaque.empty()) absl::StrAppend(&header, ", opaque=\"", challenge.opaque, "\"");
  if (challenge.stale) absl::StrAppend(&header, ", stale=true");
  return header;
}

std::string DigestParameter(const std::string& header, const std::string& name) {
  size_t at = header.find(' ');  // after the scheme
  while (at != std::string::npos && at < header.size()) {
    at = header.find_first_not_of(" ,\t", at);
    if (at == std::string::npos) break;
    const size_t equals = header.find('=', at);
    if (equals == std::string::npos) break;
    const std::string key(absl::StripAsciiWhitespace(header.substr(at, equals - at)));
    const size_t begin = equals + 1;
    const bool quoted = begin < header.size() && header[begin] == '"';
    const size_t end = quoted ? header.find('"', begin + 1) : header.find_first_of(" ,", begin);
    std::string value =
        quoted ? header.substr(begin + 1, end - begin - 1)
               : header.substr(begin, end == std::string::npos ? std::string::npos : end - begin);
    if (absl::EqualsIgnoreCase(key, name)) return value;
    at = end == std::string::npos ? end : end + 1;
  }
  return "";
}

std::string AnswerDigest(const std::string& challenge, const std::string& method,
                         const std::string& uri, const std::string& user,
                         const std::string& password, int count) {
  const std::string algorithm = DigestParameter(challenge, "algorithm");
  const std::string realm = DigestParameter(challenge, "realm");
  const std::string nonce = DigestParameter(challenge, "nonce");
  const std::string nc = absl::StrCat(absl::Hex(count, absl::kZeroPad8));
  const std::string ha1 = HexHash(algorithm, absl::StrCat(user, ":", realm, ":", password));
  const std::string ha2 = HexHash(algorithm, absl::StrCat(method, ":", uri));
  const std::string response =
      HexHash(algorithm, absl::StrCat(ha1, ":", nonce, ":", nc, ":c0ffee:auth:", ha2));
  return absl::StrCat("Digest username=\"", user, "\", realm=\"", realm, "\", nonce=\"", nonce,
                      "\", uri=\"", uri, "\", response=\"", response, "\", algorithm=", algorithm,
                      ", cnonce=\"c0ffee\", qop=auth, nc=", nc);
}

absl::Status CheckDigest(const std::string& authorization, const DigestChallenge& challenge,
                         const std::string& method, const std::string& user,
                         const std::string& password) {
  if (!absl::StartsWithIgnoreCase(authorization, "Digest ")) {
    return absl::UnauthenticatedError(absl::StrCat("no Digest: '", authorization, "'"));
  }
  for (const auto& [name, expected] : {std::pair<const char*, std::string>{"username", user},
                                       {"realm", challenge.realm},
                                       {"nonce", challenge.nonce},
                                       {"opaque", challenge.opaque}}) {
    if (absl::Status fits = Expect(authorization, name, expected); !fits.ok()) return fits;
  }
  const std::string& algorithm = challenge.algorithm;
  const std::string ha1 =
      HexHash(algorithm, absl::StrCat(user, ":", challenge.realm, ":", password));
  const std::string ha2 =
      HexHash(algorithm, absl::StrCat(method, ":", DigestParameter(authorization, "uri")));
  std::string middle = challenge.nonce;
  if (!challenge.qop.empty()) {
    if (absl::Status fits = Expect(authorization, "qop", "auth"); !fits.ok()) return fits;
    const std::string count = DigestParameter(authorization, "nc");
    if (count.size() != 8) return absl::UnauthenticatedError(absl::StrCat("nc is '", count, "'"));
    absl::StrAppend(&middle, ":", count, ":", DigestParameter(authorization, "cnonce"), ":auth");
  }
  return Expect(authorization, "response",
                HexHash(algorithm, absl::StrCat(ha1, ":", middle, ":", ha2)));
}

}  // namespace sipevents::testing
