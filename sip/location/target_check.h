#ifndef SIP_LOCATION_TARGET_CHECK_H_
#define SIP_LOCATION_TARGET_CHECK_H_

#include <string_view>

#include "absl/status/status.h"
#include "sip/location/destination_policy.h"
#include "sip/location/location.h"

namespace sipevents::sip {

// Whether a request may go to where a sip: or sips: URI leads, as far as that shows without asking
// DNS: what a peer names as its address is refused at once rather than lost later (SEC-09).
// Errors, in words for who wrote the URI: INVALID_ARGUMENT (no such URI, or an address that no host
// has: unspecified, multicast, broadcast), NOT_FOUND (we cannot send what it asks for, see
// PlanLocation()), PERMISSION_DENIED (the policy forbids the address).
// Threads: any.
absl::Status CheckTarget(std::string_view uri, const SendingMeans& means,
                         const DestinationPolicy& policy);

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_TARGET_CHECK_H_
