#include "sip/base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sipevents {
namespace {

// How many octets at the beginning of `text` are ASCII; looks at eight at a time.
size_t AsciiPrefix(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080U;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    if ((word & kHighBits) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

// Smallest and largest second octet after `lead`; RFC 3629, section 4.
struct SecondOctet {
  unsigned char lowest = 0x80;
  unsigned char highest = 0xbf;
};

SecondOctet SecondAfter(unsigned char lead) {
  switch (lead) {
    case 0xe0:
      return {.lowest = 0xa0};
    case 0xed:
      return {.highest = 0x9f};
    case 0xf0:
      return {.lowest = 0x90};
    case 0xf4:
      return {.highest = 0x8f};
    default:
      return {};
  }
}

// Length of the well-formed character of several octets at the beginning of `text`; 0 if there
// is none.
size_t CharacterLength(std::string_view text) {
  const auto octet = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = octet(0);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  size_t length = 2;
  if (lead >= 0xe0) length = 3;
  if (lead >= 0xf0) length = 4;
  if (text.size() < length) return 0;
  const SecondOctet second = SecondAfter(lead);
  if (octet(1) < second.lowest || octet(1) > second.highest) return 0;
  for (size_t at = 2; at < length; ++at) {
    if ((octet(at) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) return true;
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

std::string ToUtf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string result;
  result.reserve(text.size() + kReplacement.size());
  while (!text.empty()) {
    const size_t ascii = AsciiPrefix(text);
    result += text.substr(0, ascii);
    text.remove_prefix(ascii);
    if (text.empty()) break;
    const size_t length = CharacterLength(text);
    result += length > 0 ? text.substr(0, length) : kReplacement;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return result;
}

}  // namespace sipevents
