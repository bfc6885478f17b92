#include "clients/cli/characters.h"

#include <clocale>
#include <cwchar>

#include "absl/strings/str_cat.h"

namespace sipevents::client {
namespace {

// Counts by the C library's tables, whatever the user's own locale is: what we print is UTF-8
// always.
class ColumnCounter {
 public:
  ColumnCounter() : before_(uselocale(Utf8Locale())) {}
  ~ColumnCounter() { uselocale(before_); }
  ColumnCounter(const ColumnCounter&) = delete;
  ColumnCounter& operator=(const ColumnCounter&) = delete;

  // Of the first character of `text`, which is taken off.
  static int Take(absl::string_view& text) {
    const std::optional<uint32_t> character = TakeCharacter(text);
    if (!character.has_value()) return 1;
    const int columns = wcwidth(static_cast<wchar_t>(*character));
    return columns < 0 ? 1 : columns;  // one that the library does not know yet
  }

 private:
  static locale_t Utf8Locale() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;  // null, and so nothing changes, where there is none: all take one column
  }

  const locale_t before_;
};

}  // namespace

std::optional<uint32_t> TakeCharacter(absl::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  size_t length = 1;
  uint32_t least = 0;
  uint32_t character = first;
  if (first >= 0xF0 && first <= 0xF4) {
    length = 4, least = 0x10000, character = first & 0x07U;
  } else if (first >= 0xE0 && first < 0xF0) {
    length = 3, least = 0x800, character = first & 0x0FU;
  } else if (first >= 0xC2 && first < 0xE0) {
    length = 2, least = 0x80, character = first & 0x1FU;
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
  if (!well_formed) return std::nullopt;
  return character;
}

int Columns(absl::string_view text) {
  const ColumnCounter counter;
  int columns = 0;
  while (!text.empty()) columns += ColumnCounter::Take(text);
  return columns;
}

std::string Clip(absl::string_view text, int columns) {
  if (columns <= 0) return "";
  const ColumnCounter counter;
  absl::string_view rest = text;
  int taken = 0;
  size_t fits = 0;  // octets that leave a column for the mark
  while (!rest.empty()) {
    if (taken < columns) fits = text.size() - rest.size();
    taken += ColumnCounter::Take(rest);
    if (taken > columns) return absl::StrCat(text.substr(0, fits), "…");
  }
  return std::string(text);
}

}  // namespace sipevents::client
