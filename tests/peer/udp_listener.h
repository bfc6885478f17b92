#ifndef TESTS_PEER_UDP_LISTENER_H_
#define TESTS_PEER_UDP_LISTENER_H_

#include <sys/socket.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sipevents::testing {

// A bare UDP socket on any loopback address, IPv6 too, with no TCP beside it: for what goes where a
// SipPeer cannot be.
//
// Threads: one.
class UdpListener {
 public:
  // Opens a free port of a numeric address, e.g. "127.0.0.2" or "::1".
  static absl::StatusOr<std::unique_ptr<UdpListener>> Open(const std::string& address);
  ~UdpListener();
  UdpListener(const UdpListener&) = delete;
  UdpListener& operator=(const UdpListener&) = delete;

  int port() const { return port_; }

  // The next datagram. DeadlineExceeded if none comes.
  absl::StatusOr<std::string> Receive(absl::Duration patience = absl::Seconds(20));
  // OK if nothing is there or comes within `span`.
  absl::Status ExpectNothing(absl::Duration span);
  // Sends to where the last datagram came from.
  void Reply(const std::string& bytes);

 private:
  UdpListener() = default;

  int socket_ = -1;
  int port_ = 0;
  sockaddr_storage from_ = {};
  socklen_t from_size_ = 0;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_UDP_LISTENER_H_
