#ifndef SIP_STACK_SOFIA_TEXT_H_
#define SIP_STACK_SOFIA_TEXT_H_

#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/url.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/dialog/message.h"

// Turns sofia-sip's parsed headers into text and plain structs. SIP threads only.

namespace sipevents::sip {

// The value of a header, without its name.
std::string HeaderValue(const msg_header_t* header);

// A URL as text, without <>.
std::string UrlText(const url_t* url);

// A URL as the Request-URI of later requests: without headers and `method`, which must not be
// there (RFC 3261 section 19.1.1). Empty if it holds anything but printable ASCII.
std::string TargetText(const url_t* url);

// A view of a C string; empty for null.
inline std::string_view View(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// Whether the parser refused a header of this name, or one more of it where there may be one.
bool HasBadHeader(const sip_t& sip, std::string_view name);

// The name of the first of these; empty if there is none, or it has none.
std::string_view FirstBadHeader(const sip_t& sip);

// Values of (Proxy-)Authorization headers, so many of them.
std::vector<std::string> AuthorizationValues(const msg_auth_t* header);

// What a Record-Route says about where to send: without headers and display name (SUB-19).
std::vector<std::string> RecordRouteValues(const sip_record_route_t* route);

// Seconds of Expires, whose parameters the parser does not know of; none: absent, or no number.
std::optional<uint32_t> ExpiresOf(const sip_t& sip, std::string_view text);

// Of the body, with parameters; empty: none is given.
std::string ContentTypeOf(const sip_t& sip);

// What the roles need of a response; views into `sip`. `text`: what it was parsed from.
Response ToResponse(const sip_t& sip, std::string_view text);

// What the roles need of a NOTIFY; views into `sip`, which must have From, To, Call-ID, CSeq
// and Event, and into `text`, what it was parsed from.
IncomingNotify ToNotify(const sip_t& sip, std::string_view text, absl::Time receive_time);

}  // namespace sipevents::sip

#endif  // SIP_STACK_SOFIA_TEXT_H_
