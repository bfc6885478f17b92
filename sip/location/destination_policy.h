#ifndef SIP_LOCATION_DESTINATION_POLICY_H_
#define SIP_LOCATION_DESTINATION_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/base/network_list.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

// Where requests may go (--sip_allowed_destinations). Asked after DNS, for every request:
// targets, routes, Contacts, Record-Routes and redirections alike, since a peer chooses most of
// these.
//
// Threads: any.
class DestinationPolicy {
 public:
  // The default: everything but link-local, multicast, broadcast and unspecified addresses, also
  // where an IPv6 address stands for such an IPv4 address (IPv4-mapped and -compatible, NAT64,
  // 6to4).
  DestinationPolicy();

  // Comma-separated networks ("10.0.0.0/8", "2001:db8::/32", "192.0.2.7") and domains
  // ("example.com": it and all below it). Empty: the default. What a network names is allowed as
  // it is, link-local too; what only a domain allows must pass the default. A domain is compared
  // with the host that the URI names, and what leads there is not asked. Bits beside the network's
  // prefix mean nothing. Errors: INVALID_ARGUMENT, naming the element and what is expected.
  static absl::StatusOr<DestinationPolicy> Parse(std::string_view text);

  // Whether a request may go there. `hop.address` is numeric; what is not is refused.
  bool Allows(const NextHop& hop) const;

 private:
  absl::Status Add(std::string_view element);

  NetworkList networks_;
  std::vector<std::string> domains_;  // lower case
  bool by_default_ = true;
};

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_DESTINATION_POLICY_H_
