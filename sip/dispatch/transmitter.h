#ifndef SIP_DISPATCH_TRANSMITTER_H_
#define SIP_DISPATCH_TRANSMITTER_H_

#include <cstddef>
#include <functional>

#include "sip/dialog/message.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

// Runs client transactions (RFC 3261 section 17.1.2): one request, one server.
//
// Threads: the SIP thread that owns it.
class Transmitter {
 public:
  virtual ~Transmitter() = default;

  // Sends a request to one server. `on_final` is called once, never from within the call: with
  // the final response, or what stands for it after Timer F or a transport failure.
  virtual void Transmit(const NextHop& hop, const OutgoingRequest& request,
                        std::function<void(const Response&)> on_final) = 0;

  // How many octets the request would have as a datagram, about.
  virtual size_t DatagramOctets(const OutgoingRequest& request) const = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_DISPATCH_TRANSMITTER_H_
