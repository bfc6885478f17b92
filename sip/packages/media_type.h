#ifndef SIP_PACKAGES_MEDIA_TYPE_H_
#define SIP_PACKAGES_MEDIA_TYPE_H_

#include <string_view>

#include "absl/status/status.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Whether `content_type`, as received, is the media type `type` ("application/pidf+xml"):
// without regard to case (RFC 2045 section 5.1), white space around the slash and parameters.
bool MatchesMediaType(std::string_view content_type, std::string_view type);

// Fails with INVALID_ARGUMENT unless the body is of this type, or, where that is tolerated, of
// none.
absl::Status CheckMediaType(const MergeInput& input, std::string_view type);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_MEDIA_TYPE_H_
