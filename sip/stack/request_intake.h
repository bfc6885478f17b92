#ifndef SIP_STACK_REQUEST_INTAKE_H_
#define SIP_STACK_REQUEST_INTAKE_H_

#include <sofia-sip/sip.h>

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "sip/dialog/incoming_request.h"
#include "sip/transport/next_hop.h"

// SUBSCRIBE and PUBLISH on their way from sofia-sip to the roles that serve them. SIP threads only.

namespace sipevents::sip {

// Checks what RFC 3261 section 8.2 asks of a SUBSCRIBE or PUBLISH before anybody looks at its
// event: 400, 416, 420, 415 for an encoded body; nullopt: fine.
std::optional<RequestAnswer> RefuseBadRequest(const sip_t& sip);

// What the roles need of a SUBSCRIBE or PUBLISH that passed; views into `sip` and `text`, what it
// was parsed from.
IncomingRequest ToIncomingRequest(const sip_t& sip, std::string_view text, const NextHop& source,
                                  absl::Time receive_time);

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_INTAKE_H_
