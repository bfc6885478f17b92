#include "gateway/watch/resume_token.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"

namespace sipevents::gateway {
namespace {

// Octets: version 1, hash of the name 8, hash of the uid 8, epoch 8, sequence 8, checksum 3; all
// most significant first. A multiple of three, so that Base64 needs no padding, and so that the
// first 24 (without the last octet of the epoch) are the same 32 characters for a whole log.
constexpr char kVersion = 1;
constexpr size_t kSize = 36;
constexpr size_t kPrefixSize = 24;
constexpr size_t kChecksumSize = 3;

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// FNV-1a: the same in each process and version, unlike absl::Hash. Tokens are no border of
// security, so nothing stronger is needed.
constexpr uint64_t kHashSeed = 14695981039346656037ULL;
uint64_t Hash(std::string_view octets, uint64_t hash = kHashSeed) {
  for (const char octet : octets) hash = (hash ^ static_cast<uint8_t>(octet)) * 1099511628211ULL;
  return hash;
}

void AppendInteger(uint64_t value, size_t size, std::string& out) {
  for (size_t i = size; i-- > 0;) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

uint64_t ReadInteger(std::string_view octets) {
  uint64_t value = 0;
  for (const char octet : octets) value = value << 8 | static_cast<uint8_t>(octet);
  return value;
}

// `octets`: a multiple of three.
void EncodeBase64(std::string_view octets, char* out) {
  for (size_t i = 0; i + 2 < octets.size(); i += 3) {
    const uint64_t group = ReadInteger(octets.substr(i, 3));
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = kAlphabet[(group >> shift) & 63];
  }
}

// Folds the whole hash in: of FNV-1a, the upper bits know little of the last octets.
uint64_t Checksum(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return hash & 0xffffff;
}

}  // namespace

absl::StatusOr<ResumeToken> ResumeToken::Decode(std::string_view text) {
  std::string octets;
  if (text.size() != kTextSize ||
      !absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &octets) ||
      octets.size() != kSize || octets[0] != kVersion) {
    return absl::InvalidArgumentError("the resume token does not decode");
  }
  const std::string_view all = octets;
  const uint64_t checksum = Checksum(Hash(all.substr(0, kSize - kChecksumSize)));
  if (ReadInteger(all.substr(kSize - kChecksumSize)) != checksum) {
    return absl::InvalidArgumentError("the resume token does not decode");
  }
  ResumeToken token;
  token.name_hash_ = ReadInteger(all.substr(1, 8));
  token.uid_hash_ = ReadInteger(all.substr(9, 8));
  token.epoch_ = ReadInteger(all.substr(17, 8));
  token.sequence_ = ReadInteger(all.substr(25, 8));
  return token;
}

bool ResumeToken::IsForName(std::string_view name) const { return name_hash_ == Hash(name); }

bool ResumeToken::IsForLog(const LogIdentity& log) const {
  return IsForName(log.name) && uid_hash_ == Hash(log.uid) && epoch_ == log.epoch;
}

ResumeTokenEncoder::ResumeTokenEncoder(const LogIdentity& log)
    : epoch_low_(static_cast<uint8_t>(log.epoch & 0xff)) {
  std::string prefix(1, kVersion);
  AppendInteger(Hash(log.name), 8, prefix);
  AppendInteger(Hash(log.uid), 8, prefix);
  AppendInteger(log.epoch >> 8, 7, prefix);
  static_assert(kPrefixSize == 1 + 8 + 8 + 7);
  EncodeBase64(prefix, prefix_text_.data());
  prefix_checksum_ = Hash(prefix);
}

void ResumeTokenEncoder::AppendTo(uint64_t sequence, std::string& out) const {
  std::array<char, kSize - kPrefixSize> rest;
  rest[0] = static_cast<char>(epoch_low_);
  for (size_t i = 0; i < 8; ++i) {
    rest[1 + i] = static_cast<char>((sequence >> (56 - 8 * i)) & 0xff);
  }
  const uint64_t checksum =
      Checksum(Hash(std::string_view(rest.data(), rest.size() - kChecksumSize), prefix_checksum_));
  for (size_t i = 0; i < kChecksumSize; ++i) {
    rest[9 + i] = static_cast<char>((checksum >> (16 - 8 * i)) & 0xff);
  }
  std::array<char, ResumeToken::kTextSize - 32> rest_text;
  EncodeBase64(std::string_view(rest.data(), rest.size()), rest_text.data());
  out.append(prefix_text_.data(), prefix_text_.size());
  out.append(rest_text.data(), rest_text.size());
}

std::string ResumeTokenEncoder::Encode(uint64_t sequence) const {
  std::string text;
  AppendTo(sequence, text);
  return text;
}

}  // namespace sipevents::gateway
