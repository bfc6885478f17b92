#ifndef SIP_TRANSPORT_DATAGRAM_SOCKET_H_
#define SIP_TRANSPORT_DATAGRAM_SOCKET_H_

#include <netinet/in.h>

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "sip/base/net_address.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/stream_socket.h"

namespace sipevents::sip {

// A UDP socket of the event loop.
//
// Threads: the loop's.
class DatagramSocket {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnDatagram(DatagramSocket& socket, const sockaddr_storage& source,
                            std::string_view octets) = 0;
    // The system learned that nobody listens at `peer` (ICMP).
    virtual void OnUnreachable(const HostPort& peer) = 0;
  };

  // Opens a socket on a numeric address; port 0: any. IPv6 addresses take no IPv4. `loop` and
  // `owner` must outlive it. Errors: UNAVAILABLE, naming the address.
  static absl::StatusOr<std::unique_ptr<DatagramSocket>> Open(EventLoop& loop,
                                                              const HostPort& address,
                                                              Owner& owner);

  int port() const { return port_; }
  bool is_ipv6() const { return ipv6_; }

  // Sends one datagram; one that the system does not take is lost, as it may be on the way.
  // UNAVAILABLE, with the cause, where it is known to be pointless; OUT_OF_RANGE: it is larger than
  // any datagram.
  absl::Status Send(const sockaddr_storage& peer, std::string_view octets);

 private:
  explicit DatagramSocket(Owner& owner) : owner_(owner) {}

  absl::Status Bind(const HostPort& address);
  void OnReadable();
  void ReadErrors();

  Owner& owner_;
  bool ipv6_ = false;
  int port_ = 0;
  Descriptor socket_;
  std::unique_ptr<DescriptorWatch> watch_;  // gone before the socket is closed
};

// A numeric address as the system wants it, and back. INVALID_ARGUMENT: not numeric.
absl::StatusOr<sockaddr_storage> ToSocketAddress(const HostPort& address);
HostPort FromSocketAddress(const sockaddr_storage& address);

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_DATAGRAM_SOCKET_H_
