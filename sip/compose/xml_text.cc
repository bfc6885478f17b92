#include "sip/compose/xml_text.h"

#include "absl/strings/ascii.h"
#include "sip/base/utf8.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

// Whether U+FFFE or U+FFFF, which XML does not have, is at the front.
bool IsNonCharacter(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

// How an octet is escaped; empty: it stays. Line ends and tabs would become spaces in attributes.
std::string_view EscapeOf(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\t':
      return "&#9;";
    case '\n':
      return "&#10;";
    case '\r':
      return "&#13;";
    default:
      return IsControl(c) ? kReplacement : std::string_view();
  }
}

bool IsLetter(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return absl::ascii_isalpha(octet) || octet >= 0x80 || c == '_';
}

}  // namespace

bool IsXmlText(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text[i])) return false;
    if (text[i] == '\xEF' && IsNonCharacter(text.substr(i))) return false;
  }
  return IsUtf8(text);
}

bool IsXmlId(std::string_view text) {
  if (text.empty() || !IsLetter(text.front()) || !IsXmlText(text)) return false;
  for (const char c : text) {
    if (IsLetter(c) || absl::ascii_isdigit(static_cast<unsigned char>(c))) continue;
    if (c != '.' && c != '-') return false;
  }
  return true;
}

void AppendXmlText(std::string_view text, std::string& out) {
  std::string usable;
  if (!IsXmlText(text)) {
    usable = ToUtf8(text);
    for (size_t i = 0; i < usable.size(); ++i) {
      if (!IsNonCharacter(std::string_view(usable).substr(i))) continue;
      usable.replace(i, kReplacement.size(), kReplacement);
    }
    text = usable;
  }
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view escape = EscapeOf(text[i]);
    if (escape.empty()) continue;
    out.append(text.substr(copied, i - copied)).append(escape);
    copied = i + 1;
  }
  out.append(text.substr(copied));
}

void AppendXmlAttribute(std::string_view name, std::string_view value, std::string& out) {
  out.append(" ").append(name).append("=\"");
  AppendXmlText(value, out);
  out += '"';
}

}  // namespace sipevents::sip
