#ifndef SIP_BASE_ASCII_H_
#define SIP_BASE_ASCII_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Text as SIP sees it: octets, of which only ASCII letters have a case.
// Threads: any, for everything here.

namespace sipevents {

// The same octets for Abseil, whose string_view is a class of its own in this build.
inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return absl::ascii_tolower(static_cast<unsigned char>(x)) ==
           absl::ascii_tolower(static_cast<unsigned char>(y));
  });
}

inline std::string ToLower(std::string_view text) { return absl::AsciiStrToLower(AbslView(text)); }

// Without the spaces, tabs and (folded) line ends at either end.
inline constexpr std::string_view kSipBlanks = " \t\r\n";
inline std::string_view TrimBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(kSipBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSipBlanks) - first + 1);
}

// In double quotes and fit for an error message or a log line: what is not printable ASCII is
// written as \xNN, and a long text is cut.
inline constexpr size_t kMaxQuotedOctets = 80;
inline std::string QuoteForMessage(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kMaxQuotedOctets)) {
    const auto octet = static_cast<unsigned char>(c);
    if (absl::ascii_isprint(octet)) {
      quoted += c;
    } else {
      absl::StrAppend(&quoted, "\\x", absl::Hex(octet, absl::kZeroPad2));
    }
  }
  quoted += text.size() > kMaxQuotedOctets ? "...\"" : "\"";
  return quoted;
}

}  // namespace sipevents

#endif  // SIP_BASE_ASCII_H_
