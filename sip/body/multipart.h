#ifndef SIP_BODY_MULTIPART_H_
#define SIP_BODY_MULTIPART_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Bodies of several parts (RFC 2046 section 5.1, RFC 2387), and the parameters of media types.
// Threads: any, for everything here.

namespace sipevents::sip {

// Most parts of one body.
inline constexpr size_t kMaxParts = 2000;
// Longest boundary; RFC 2046 allows 70.
inline constexpr size_t kMaxBoundaryOctets = 128;
// Most header lines of one part.
inline constexpr size_t kMaxPartHeaders = 64;

// One part: views into the body that it was split from. Text in a header may hold folded line ends.
struct MultipartPart {
  std::string_view content_id;    // without <>; empty: none
  std::string_view content_type;  // with parameters; empty: none, which means text/plain
  std::string_view body;          // as it stands: Content-Transfer-Encoding is not undone
};

// Takes a body apart whose Content-Type, with parameters, is `content_type` (any multipart type).
// Text before the first part and after the closing line is left out; lines may end with LF alone.
// A part that is a multipart itself comes as one part.
// INVALID_ARGUMENT: `content_type` is no multipart type or has no usable boundary; no part; a part
// that begins with something other than headers; unless `lenient`: the closing line is missing.
// RESOURCE_EXHAUSTED: more than kMaxParts, or a part with more than kMaxPartHeaders lines of
// headers.
absl::StatusOr<std::vector<MultipartPart>> SplitMultipart(std::string_view content_type,
                                                          std::string_view body, bool lenient);

// The value of the first parameter of this name (`boundary`, `start`, `type`), without quotes and
// escapes; the name is compared without regard to case. Nothing: no such parameter, or its quotes
// do not close.
std::optional<std::string> MediaTypeParameter(std::string_view content_type, std::string_view name);

}  // namespace sipevents::sip

#endif  // SIP_BODY_MULTIPART_H_
