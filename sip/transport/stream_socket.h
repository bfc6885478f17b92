#ifndef SIP_TRANSPORT_STREAM_SOCKET_H_
#define SIP_TRANSPORT_STREAM_SOCKET_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/base/net_address.h"

// TCP sockets as the stream transport needs them: non-blocking, closed on exec. Threads: any.

namespace sipevents::sip {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  int get() const { return value_; }
  bool is_open() const { return value_ >= 0; }
  void Close();

 private:
  int value_ = -1;
};

// Begins to connect to a numeric address; done once the socket is writable (ConnectError()).
// `patience` is how long sent octets may stay unacknowledged before the system gives up.
// Errors: UNAVAILABLE with the cause.
absl::StatusOr<Descriptor> BeginConnect(const HostPort& address, absl::Duration patience);

// How connecting went: OK, or UNAVAILABLE with the cause.
absl::Status ConnectError(int socket);

// Listens on a numeric address; port 0: any. IPv6 addresses take no IPv4. Errors: UNAVAILABLE,
// naming the address.
absl::StatusOr<Descriptor> ListenOn(const HostPort& address);

// The port that a socket is bound to.
int LocalPort(int socket);

// A connection that a peer opened.
struct Accepted {
  Descriptor socket;
  HostPort peer;
  int error = 0;  // why there is none: errno (EAGAIN: none waits)
};
Accepted AcceptFrom(int listener, absl::Duration patience);

// What counts as one address where addresses are bounded: the address, or for IPv6 its /64.
std::string AddressGroup(const std::string& host);

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_STREAM_SOCKET_H_
