#ifndef SIP_LOCATION_DNS_MESSAGE_CHECK_H_
#define SIP_LOCATION_DNS_MESSAGE_CHECK_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace sipevents::sip {

// What sofia-sip's resolver reads of a datagram.
inline constexpr size_t kMaxDnsMessageOctets = 1460;

// Whether a datagram from a DNS server can be handed to sofia-sip's resolver, whose parser trusts
// it: a name that points to itself keeps that parser busy for ever, an alias of more than a
// thousand octets ends the process, and data beside its length is read as the next record. What
// passes is a response (RFC 1035) of whole records: each name at most 255 octets, pointing only
// backwards, each record that the resolver takes apart exactly as long as it says.
//
// That the answer is true is not judged: the server is trusted for that.
//
// Errors: INVALID_ARGUMENT, naming the fault. Threads: any.
absl::Status CheckDnsResponse(std::string_view datagram);

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_DNS_MESSAGE_CHECK_H_
