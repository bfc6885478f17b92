#include "tests/gateway/rpc/socket_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace sipevents::testing {

SocketClient::SocketClient(const HostPort& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
      0) {
    return;
  }
  fd_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ >= 0 && connect(fd_, found->ai_addr, found->ai_addrlen) != 0) {
    close(fd_);
    fd_ = -1;
  }
  freeaddrinfo(found);
}

SocketClient::~SocketClient() {
  if (fd_ >= 0) close(fd_);
}

SocketClient::Fate SocketClient::Wait(absl::Duration patience) {
  if (fd_ < 0) return Fate::kNotConnected;
  pollfd ready{fd_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) <= 0) {
    return Fate::kSilent;
  }
  char octet = 0;
  return recv(fd_, &octet, 1, 0) > 0 ? Fate::kGreeted : Fate::kClosed;
}

}  // namespace sipevents::testing
