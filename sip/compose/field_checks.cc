#include "sip/compose/field_checks.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/compose/xml_text.h"

namespace sipevents::sip {
namespace {

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

bool IsAbsoluteUri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || !IsAlpha(text.front())) return false;
  const std::string_view scheme = text.substr(0, colon);
  return colon + 1 < text.size() &&
         std::all_of(scheme.begin(), scheme.end(),
                     [](char c) { return IsAlnum(c) || c == '+' || c == '-' || c == '.'; }) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c <= '~' &&
                  std::string_view("<>\"{}|\\^`").find(c) == std::string_view::npos;
         });
}

// One to eight letters, or digits behind the first dash, between dashes.
bool IsLanguage(std::string_view text) {
  bool is_first = true;
  while (true) {
    const size_t dash = std::min(text.find('-'), text.size());
    const std::string_view part = text.substr(0, dash);
    if (part.empty() || part.size() > 8) return false;
    if (!std::all_of(part.begin(), part.end(), is_first ? IsAlpha : IsAlnum)) return false;
    if (dash == text.size()) return true;
    text.remove_prefix(dash + 1);
    is_first = false;
  }
}

}  // namespace

std::string FieldPath::ToString() const {  // NOLINT(misc-no-recursion): as deep as messages are
  std::string path = around_ == nullptr ? std::string() : absl::StrCat(around_->ToString(), ".");
  path.append(name_);
  if (index_) absl::StrAppend(&path, "[", *index_, "]");
  return path;
}

absl::Status FieldError(const FieldPath& path, std::string_view value, std::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat(path.ToString(), ": ", AbslView(value), "; expected ", AbslView(expected)));
}

absl::Status CheckText(const FieldPath& path, std::string_view text) {
  if (IsXmlText(text)) return absl::OkStatus();
  return FieldError(path, QuoteForMessage(text), "UTF-8 without control characters");
}

absl::Status CheckGivenText(const FieldPath& path, std::string_view text) {
  if (TrimBlanks(text).empty()) return FieldError(path, "missing", "some text");
  return CheckText(path, text);
}

absl::Status CheckUri(const FieldPath& path, std::string_view text) {
  if (text.empty()) return FieldError(path, "missing", "a URI");
  if (IsAbsoluteUri(text)) return absl::OkStatus();
  return FieldError(path, QuoteForMessage(text), "a URI like sip:alice@example.com");
}

absl::Status CheckUriIfAny(const FieldPath& path, std::string_view text) {
  return text.empty() ? absl::OkStatus() : CheckUri(path, text);
}

absl::Status CheckLanguage(const FieldPath& path, std::string_view text) {
  if (text.empty() || IsLanguage(text)) return absl::OkStatus();
  return FieldError(path, QuoteForMessage(text), "a language tag like en or pt-BR");
}

absl::Status CheckTime(const FieldPath& path, absl::Time time) {
  static const absl::Time first = absl::FromUnixSeconds(-62'135'596'800);
  static const absl::Time end = absl::FromUnixSeconds(253'402'300'800);
  if (time >= first && time < end) return absl::OkStatus();
  return FieldError(path, absl::FormatTime(time, absl::UTCTimeZone()),
                    "a time of the years 1 to 9999");
}

absl::Status CheckSeconds(const FieldPath& path, absl::Duration duration) {
  if (duration >= absl::ZeroDuration() && duration < absl::Seconds(int64_t{1} << 32)) {
    return absl::OkStatus();
  }
  return FieldError(path, absl::FormatDuration(duration), "0 to 4294967295 seconds");
}

absl::Status IdChecks::Take(const FieldPath& path, std::string_view id) {
  static constexpr std::string_view kExpected =
      "a letter or underscore, then letters, digits, '.', '-' or '_'";
  if (id.empty()) return FieldError(path, "missing", kExpected);
  if (!IsXmlId(id)) return FieldError(path, QuoteForMessage(id), kExpected);
  if (ids_.insert(std::string(id)).second) return absl::OkStatus();
  return FieldError(path, QuoteForMessage(id), "an id that no other element of the document has");
}

std::string FormatDateTime(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

}  // namespace sipevents::sip
