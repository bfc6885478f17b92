#include "sip/base/redact.h"

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

std::string RedactUri(std::string_view uri) {
  constexpr char kRedacted[] = "(redacted)";
  std::string shown;
  // A user may hold "?": headers are what follows the first one after an "@". Of several of these
  // before, the last one ends the password, though it should have been escaped.
  const size_t first_at = uri.find('@');
  const size_t from = first_at == std::string_view::npos ? 0 : first_at;
  const std::string_view address = uri.substr(0, uri.find('?', from));
  if (const size_t at = address.rfind('@'); at != std::string_view::npos) {
    const std::string_view before = uri.substr(0, at);
    const size_t scheme_end = before.find(':');
    const size_t colon =
        scheme_end == std::string_view::npos ? scheme_end : before.find(':', scheme_end + 1);
    shown = colon == std::string_view::npos
                ? std::string(before)
                : absl::StrCat(AbslView(before.substr(0, colon + 1)), kRedacted);
    uri.remove_prefix(at);
  }
  const size_t headers = uri.find('?');
  absl::StrAppend(&shown, AbslView(uri.substr(0, headers)));
  if (headers != std::string_view::npos) absl::StrAppend(&shown, "?", kRedacted);
  return shown;
}

}  // namespace sipevents::sip
