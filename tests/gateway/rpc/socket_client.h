#ifndef TESTS_GATEWAY_RPC_SOCKET_CLIENT_H_
#define TESTS_GATEWAY_RPC_SOCKET_CLIENT_H_

#include <utility>

#include "absl/time/time.h"
#include "sip/base/net_address.h"

namespace sipevents::testing {

// A bare TCP connection to a server, to see whether it lets one in.
//
// Threads: one.
class SocketClient {
 public:
  enum class Fate {
    kNotConnected,  // the connection failed
    kGreeted,       // the server sent something: it took the connection
    kClosed,        // the server closed it
    kSilent,        // nothing happened for as long as was waited
  };

  // Connects to an IPv4 or IPv6 address.
  explicit SocketClient(const HostPort& address);
  SocketClient(SocketClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SocketClient& operator=(SocketClient&&) = delete;
  ~SocketClient();

  bool connected() const { return fd_ >= 0; }

  // Waits for the server to do something.
  Fate Wait(absl::Duration patience = absl::Seconds(10));

 private:
  int fd_ = -1;
};

}  // namespace sipevents::testing

#endif  // TESTS_GATEWAY_RPC_SOCKET_CLIENT_H_
