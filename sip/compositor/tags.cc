#include "sip/compositor/tags.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr size_t kPrefixCharacters = 13;  // 65 bits
constexpr char kSeparator = '.';
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Reads hex digits as absl::Hex writes them: in lower case, without a zero ahead.
std::optional<uint64_t> ParseHex(std::string_view text) {
  uint64_t value = 0;
  if (text.starts_with('0') || text.size() > 16 ||
      text.find_first_not_of("0123456789abcdef") != std::string_view::npos ||
      !absl::SimpleHexAtoi(AbslView(text), &value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

PublicationTags::PublicationTags(RandomSource& random)
    : prefix_(RandomBase32(random, kPrefixCharacters) + kSeparator) {}

// One more than the slot is written, since ParseHex() knows no zero.
std::string PublicationTags::Text(Tag tag) const {
  return absl::StrCat(prefix_, absl::Hex(uint64_t{tag.slot} + 1), ".", absl::Hex(tag.serial));
}

std::optional<PublicationTags::Tag> PublicationTags::Parse(std::string_view text) const {
  if (!text.starts_with(prefix_)) return std::nullopt;
  text.remove_prefix(prefix_.size());
  const size_t dot = text.find(kSeparator);
  if (dot == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> slot = ParseHex(text.substr(0, dot));
  const std::optional<uint64_t> serial = ParseHex(text.substr(dot + 1));
  if (!slot.has_value() || !serial.has_value() || *slot > UINT32_MAX) return std::nullopt;
  return Tag{static_cast<uint32_t>(*slot - 1), *serial};
}

std::string ContentTags::Of(const ComposedBody& body, uint64_t salt) const {
  // What says where one part ends and the next one begins has a fixed length.
  const std::array<uint64_t, 2> content = SipHash128(key_, body.body);
  const std::array<uint64_t, 2> type = SipHash128(key_, body.content_type);
  const std::array<uint64_t, 6> all = {content[0], content[1],      type[0],
                                       type[1],    body.version_at, salt};
  const std::array<uint64_t, 2> hash =
      SipHash128(key_, {reinterpret_cast<const char*>(all.data()), sizeof(all)});
  std::string tag(kOctets, '\0');
  constexpr size_t kFromFirst = 10;  // 60 of its bits, and 30 of the other one
  for (size_t i = 0; i < kOctets; ++i) {
    const uint64_t word = i < kFromFirst ? hash[0] >> (6 * i) : hash[1] >> (6 * (i - kFromFirst));
    tag[i] = kAlphabet[word & 63];
  }
  return tag;
}

}  // namespace sipevents::sip
