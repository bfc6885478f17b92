#include "sip/body/media_type.h"

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

bool MatchesMediaType(std::string_view content_type, std::string_view type) {
  content_type = TrimBlanks(content_type.substr(0, content_type.find(';')));
  // The hot path: no white space inside.
  if (EqualsIgnoreCase(content_type, type)) return true;
  const size_t slash = content_type.find('/');
  const size_t type_slash = type.find('/');
  if (slash == std::string_view::npos || type_slash == std::string_view::npos) return false;
  return EqualsIgnoreCase(TrimBlanks(content_type.substr(0, slash)), type.substr(0, type_slash)) &&
         EqualsIgnoreCase(TrimBlanks(content_type.substr(slash + 1)), type.substr(type_slash + 1));
}

absl::Status CheckMediaType(std::string_view content_type, std::string_view type, bool lenient) {
  if (MatchesMediaType(content_type, type)) return absl::OkStatus();
  if (lenient && content_type.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("content type ", QuoteForMessage(content_type), " instead of ", AbslView(type)));
}

}  // namespace sipevents::sip
