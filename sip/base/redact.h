#ifndef SIP_BASE_REDACT_H_
#define SIP_BASE_REDACT_H_

#include <string>
#include <string_view>

namespace sipevents::sip {

// A URI without what may be secret in it, for people: "sip:alice:(redacted)@example.com" for a
// password (RFC 3261 section 19.1.1), and "?(redacted)" for headers, which may hold credentials.
// Anything else stays as it is, be it a URI or not. Any thread.
std::string RedactUri(std::string_view uri);

}  // namespace sipevents::sip

#endif  // SIP_BASE_REDACT_H_
