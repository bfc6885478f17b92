#include "clients/cli/printable.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace sipevents::client {
namespace {

// Reads one character (RFC 3629) and removes it from the front; false if there is none that is
// well formed, and then one octet is removed.
bool TakeCharacter(absl::string_view& text, uint32_t& character) {
  const auto first = static_cast<unsigned char>(text.front());
  size_t length = 1;
  uint32_t least = 0;
  if (first >= 0xF0 && first <= 0xF4) {
    length = 4, least = 0x10000, character = first & 0x07U;
  } else if (first >= 0xE0 && first < 0xF0) {
    length = 3, least = 0x800, character = first & 0x0FU;
  } else if (first >= 0xC2 && first < 0xE0) {
    length = 2, least = 0x80, character = first & 0x1FU;
  } else {
    character = first;
  }
  bool well_formed = (first < 0x80 || length > 1) && length <= text.size();
  for (size_t i = 1; well_formed && i < length; ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    well_formed = (octet & 0xC0U) == 0x80;
    character = (character << 6U) | (octet & 0x3FU);
  }
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  well_formed = well_formed && character >= least && character <= 0x10FFFF && !surrogate;
  text.remove_prefix(well_formed ? length : 1);
  return well_formed;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  uint32_t character = 0;
  while (!text.empty()) {
    if (!TakeCharacter(text, character)) return false;
  }
  return true;
}

std::string Printable(absl::string_view text, size_t max_octets) {
  std::string result;
  while (!text.empty()) {
    const absl::string_view before = text;
    uint32_t character = 0;
    const bool well_formed = TakeCharacter(text, character);
    absl::string_view shown = before.substr(0, before.size() - text.size());
    if (character == '\t' || character == '\n' || character == '\r') {
      shown = " ";
    } else if (!well_formed || character < 0x20 || (character >= 0x7F && character < 0xA0)) {
      shown = "?";
    }
    if (result.size() + shown.size() > max_octets) return absl::StrCat(result, "…");
    absl::StrAppend(&result, shown);
  }
  return result;
}

}  // namespace sipevents::client
