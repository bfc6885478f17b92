#ifndef SIP_TRANSPORT_LISTEN_SPEC_H_
#define SIP_TRANSPORT_LISTEN_SPEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "sip/base/net_address.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

// One address that an endpoint listens on.
struct ListenSpec {
  Transport transport = Transport::kUdp;
  std::string host;       // numeric; IPv6 in brackets
  int port = 0;           // 0: any free one
  std::string advertise;  // host for Via and Contact; empty: `host`

  // "host:port" as peers are told.
  std::string Shown() const;
  bool is_ipv6() const { return host.front() == '['; }
};

// The listener that a request to `hop` is to name in its Contact: one of the same transport and
// address family where there is one, else the nearest to that. `listeners` is not empty.
const ListenSpec& ListenerFor(const std::vector<ListenSpec>& listeners, const NextHop& hop);

// The URI that leads back to a listener; `secure`: as sips: (RFC 3261 section 8.1.1.8). `user`:
// its user part; empty: the gateway's own.
std::string ContactOf(const ListenSpec& listener, bool secure, std::string_view user = {});

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_LISTEN_SPEC_H_
