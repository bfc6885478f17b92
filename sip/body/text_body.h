#ifndef SIP_BODY_TEXT_BODY_H_
#define SIP_BODY_TEXT_BODY_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "sip/body/decode_scratch.h"

// Bodies that are lines of text, most of them `name: value`.

namespace sipevents::sip {

// Most lines of one body.
inline constexpr int kMaxTextLines = 10'000;

// Copies `body` into `scratch`, as UTF-8 and with folded lines joined; lines end with LF then. What
// is returned lives until the next use of `scratch`.
// INVALID_ARGUMENT: larger than kMaxBodyOctets, more lines than kMaxTextLines, octet 0; not UTF-8
// (where peers' deviations are tolerated, it is read as ISO-8859-1).
absl::StatusOr<std::string_view> LoadText(std::string_view body, bool lenient,
                                          DecodeScratch& scratch);

// Takes a line off the front of such a text; it comes without blanks around it.
std::string_view TakeTextLine(std::string_view& text);

// `name: value`, both without blanks around them.
struct TextField {
  std::string_view name;
  std::string_view value;
};

// Nothing: no colon, or no name before it.
std::optional<TextField> SplitTextField(std::string_view line);

// The URI in `"Name" <uri>;parameters` or in `uri`.
std::string_view UriIn(std::string_view text);

}  // namespace sipevents::sip

#endif  // SIP_BODY_TEXT_BODY_H_
