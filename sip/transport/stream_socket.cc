#include "sip/transport/stream_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

constexpr int kBacklog = 1024;
// An idle connection whose peer is gone is noticed after some minutes (and NATs on the way keep
// it): seconds.
constexpr int kProbeAfter = 60;
constexpr int kProbeInterval = 30;
constexpr int kProbes = 4;

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
};

absl::StatusOr<SocketAddress> ToSocketAddress(const HostPort& address) {
  SocketAddress result;
  sockaddr_in v4 = {};
  sockaddr_in6 v6 = {};
  if (inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&result.storage, &v4, sizeof(v4));
    result.size = sizeof(v4);
  } else if (inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&result.storage, &v6, sizeof(v6));
    result.size = sizeof(v6);
  } else {
    return absl::UnavailableError(absl::StrCat(address.ToString(), " is no numeric address"));
  }
  return result;
}

HostPort ToHostPort(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  HostPort result;
  if (address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    result.port = ntohs(v6->sin6_port);
  } else {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    result.port = ntohs(v4->sin_port);
  }
  result.host = text.data();
  return result;
}

absl::Status SystemError(const absl::AlphaNum& what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

void Set(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof(value));
}

void SetStreamOptions(int socket, absl::Duration patience) {
  Set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(socket, IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfter);
  Set(socket, IPPROTO_TCP, TCP_KEEPINTVL, kProbeInterval);
  Set(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  Set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(absl::ToInt64Milliseconds(patience)));
}

}  // namespace

void Descriptor::Close() {
  if (value_ >= 0) close(value_);
  value_ = -1;
}

absl::StatusOr<Descriptor> BeginConnect(const HostPort& address, absl::Duration patience) {
  const absl::StatusOr<SocketAddress> to = ToSocketAddress(address);
  if (!to.ok()) return to.status();
  Descriptor made(
      socket(to->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!made.is_open()) return SystemError("cannot open a socket", errno);
  SetStreamOptions(made.get(), patience);
  // Interrupted, connecting goes on all the same.
  if (connect(made.get(), to->generic(), to->size) != 0 && errno != EINPROGRESS && errno != EINTR) {
    return SystemError(absl::StrCat("cannot connect to ", address.ToString()), errno);
  }
  return made;
}

absl::Status ConnectError(int socket) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : SystemError("cannot connect", error);
}

absl::StatusOr<Descriptor> ListenOn(const HostPort& address) {
  const absl::StatusOr<SocketAddress> at = ToSocketAddress(address);
  if (!at.ok()) return at.status();
  Descriptor made(
      socket(at->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const std::string what = absl::StrCat("cannot listen on ", address.ToString());
  if (!made.is_open()) return SystemError(what, errno);
  Set(made.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (at->storage.ss_family == AF_INET6) Set(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind(made.get(), at->generic(), at->size) != 0) return SystemError(what, errno);
  if (listen(made.get(), kBacklog) != 0) return SystemError(what, errno);
  return made;
}

int LocalPort(int socket) {
  SocketAddress address;
  address.size = sizeof(address.storage);
  if (getsockname(socket, address.generic(), &address.size) != 0) return 0;
  return ToHostPort(address).port;
}

Accepted AcceptFrom(int listener, absl::Duration patience) {
  SocketAddress address;
  address.size = sizeof(address.storage);
  Accepted accepted;
  accepted.socket =
      Descriptor(accept4(listener, address.generic(), &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.socket.is_open()) {
    accepted.error = errno;
    return accepted;
  }
  SetStreamOptions(accepted.socket.get(), patience);
  accepted.peer = ToHostPort(address);
  return accepted;
}

std::string AddressGroup(const std::string& host) {
  std::array<char, sizeof(in6_addr)> v6 = {};
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) != 1) return host;
  return {v6.data(), 8};
}

}  // namespace sipevents::sip
