#include "clients/cli/printable.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "clients/cli/characters.h"

namespace sipevents::client {
namespace {

bool IsLineBreak(uint32_t character) {
  return character == '\t' || character == '\n' || character == '\r' || character == 0x2028 ||
         character == 0x2029;
}

// C0, DEL and C1; and what turns the direction of the text that follows, on the whole line.
bool IsControl(uint32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) ||
         (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    if (!TakeCharacter(text).has_value()) return false;
  }
  return true;
}

std::string Printable(absl::string_view text, size_t max_octets) {
  std::string result;
  while (!text.empty()) {
    const absl::string_view before = text;
    const std::optional<uint32_t> character = TakeCharacter(text);
    absl::string_view shown = before.substr(0, before.size() - text.size());
    if (!character.has_value() || (IsControl(*character) && !IsLineBreak(*character))) {
      shown = "?";
    } else if (IsLineBreak(*character)) {
      shown = " ";
    }
    if (result.size() + shown.size() > max_octets) return absl::StrCat(result, "…");
    absl::StrAppend(&result, shown);
  }
  return result;
}

}  // namespace sipevents::client
