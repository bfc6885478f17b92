#ifndef SIP_BODY_MEDIA_TYPE_H_
#define SIP_BODY_MEDIA_TYPE_H_

#include <string_view>

#include "absl/status/status.h"

namespace sipevents::sip {

// Whether `content_type`, as received, is the media type `type` ("application/pidf+xml"):
// without regard to case (RFC 2045 section 5.1), white space around the slash and parameters.
bool MatchesMediaType(std::string_view content_type, std::string_view type);

// Fails with INVALID_ARGUMENT unless `content_type` is this type, or, if `lenient`, empty.
absl::Status CheckMediaType(std::string_view content_type, std::string_view type, bool lenient);

}  // namespace sipevents::sip

#endif  // SIP_BODY_MEDIA_TYPE_H_
