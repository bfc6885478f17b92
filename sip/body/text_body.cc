#include "sip/body/text_body.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/utf8.h"
#include "sip/body/body_size.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

// Joins folded lines in place: drops each line end that is followed by white space, unless it
// ends an empty line.
void Unfold(std::string& text) {
  size_t out = 0;
  size_t line_start = 0;  // in what is already written
  for (size_t in = 0; in < text.size(); ++in) {
    if (text[in] != '\n') {
      text[out++] = text[in];
      continue;
    }
    size_t line_end = out;
    if (line_end > line_start && text[line_end - 1] == '\r') --line_end;
    const bool folded = line_end > line_start && in + 1 < text.size() &&
                        (text[in + 1] == ' ' || text[in + 1] == '\t');
    out = line_end;
    if (folded) continue;
    text[out++] = '\n';
    line_start = out;
  }
  text.resize(out);
}

}  // namespace

absl::StatusOr<std::string_view> LoadText(std::string_view body, bool lenient,
                                          DecodeScratch& scratch) {
  if (body.size() > kMaxBodyOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body has more than ", kMaxBodyOctets, " octets"));
  }
  if (body.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("octet 0 in the text");
  }
  std::string& text = scratch.Load(body);
  if (!IsUtf8(text)) {
    if (!lenient) return absl::InvalidArgumentError("the text is not UTF-8");
    // Old software: better odd letters than nothing.
    text = Latin1ToUtf8(text);
  }
  Unfold(text);
  if (std::count(text.begin(), text.end(), '\n') > kMaxTextLines) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxTextLines, " lines"));
  }
  return text;
}

std::string_view TakeTextLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = TrimBlanks(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::optional<TextField> SplitTextField(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view name = TrimBlanks(line.substr(0, colon));
  if (colon == std::string_view::npos || name.empty()) return std::nullopt;
  return TextField{name, TrimBlanks(line.substr(colon + 1))};
}

std::string_view UriIn(std::string_view text) {
  const size_t open = text.find('<');
  const size_t close = text.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return TrimBlanks(text);
  return TrimBlanks(text.substr(open + 1, close - open - 1));
}

}  // namespace sipevents::sip
