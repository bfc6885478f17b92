#ifndef GATEWAY_RPC_LISTENING_SOCKET_H_
#define GATEWAY_RPC_LISTENING_SOCKET_H_

#include <utility>

#include "absl/status/statusor.h"
#include "sip/base/net_address.h"

namespace sipevents::gateway {

// A TCP socket that listens, non-blocking. Closes it.
//
// Threads: one.
class ListeningSocket {
 public:
  // Binds to an address or a name (its first address). An IPv6 socket takes IPv6 only, so that
  // a listener is what it says. Errors: UNAVAILABLE, naming the address.
  static absl::StatusOr<ListeningSocket> Open(const HostPort& address);

  ListeningSocket(ListeningSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), address_(std::move(other.address_)) {}
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int fd() const { return fd_; }
  // With the port in use.
  const HostPort& address() const { return address_; }

 private:
  ListeningSocket(int fd, HostPort address) : fd_(fd), address_(std::move(address)) {}

  int fd_;
  HostPort address_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_LISTENING_SOCKET_H_
