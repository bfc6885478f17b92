#ifndef SIP_TRANSPORT_NEXT_HOP_H_
#define SIP_TRANSPORT_NEXT_HOP_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "sip/base/net_address.h"

namespace sipevents::sip {

// One server that a request can be sent to: what RFC 3263 makes of a URI.
struct NextHop {
  Transport transport = Transport::kUdp;
  HostPort address;  // numeric, port never 0
  // The host as the URI has it, in lower case: what a TLS server must prove to be, and what the
  // destination policy knows domains by. Equal to address.host where the URI is numeric.
  std::string name;
  // Only by the way that the peer itself opened to us (OUT-04): over its connection, or to the
  // address that its datagram came from. Its name is not known, then.
  bool flow = false;

  bool operator==(const NextHop&) const = default;

  // Tells servers apart: "udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061/example.com".
  std::string Key() const {
    std::string key = SipListenAddress{transport, address}.ToString();
    if (transport == Transport::kTls) absl::StrAppend(&key, "/", name);
    return key;
  }
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_NEXT_HOP_H_
