#include "sip/stack/raw_header.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

std::optional<std::string_view> TakeRawValue(std::string_view& text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    if (line.find_first_not_of("\r\n") == std::string_view::npos) break;  // the body follows
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos ||
        !EqualsIgnoreCase(TrimBlanks(line.substr(0, colon)), name)) {
      text.remove_prefix(end);
      continue;
    }
    size_t stop = end;
    while (stop < text.size() && (text[stop] == ' ' || text[stop] == '\t')) {
      stop = std::min(text.find('\n', stop), text.size() - 1) + 1;
    }
    const std::string_view value = text.substr(colon + 1, stop - colon - 1);
    text.remove_prefix(stop);
    return TrimBlanks(value);
  }
  return std::nullopt;
}

std::string_view RawValue(std::string_view text, std::string_view name) {
  return TakeRawValue(text, name).value_or(std::string_view());
}

std::string RawValues(std::string_view text, std::string_view name) {
  std::string values;
  while (const auto value = TakeRawValue(text, name)) {
    absl::StrAppend(&values, values.empty() ? "" : ", ", AbslView(*value));
  }
  return values;
}

}  // namespace sipevents::sip
