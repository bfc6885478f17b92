#include "tests/peer/udp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace sipevents::testing {
namespace {

constexpr size_t kLargestDatagram = 65536;

absl::Status Errno(const char* what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<UdpListener>> UdpListener::Open(const std::string& address) {
  std::unique_ptr<UdpListener> listener(new UdpListener());
  sockaddr_in6 v6 = {};
  sockaddr_in v4 = {};
  v6.sin6_family = AF_INET6;
  v4.sin_family = AF_INET;
  const bool is_v6 = inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1;
  if (!is_v6 && inet_pton(AF_INET, address.c_str(), &v4.sin_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(address, " is no address"));
  }
  auto* bound = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
  socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
  listener->socket_ = socket(bound->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (listener->socket_ < 0) return Errno("socket");
  if (bind(listener->socket_, bound, size) != 0) return Errno("bind");
  if (getsockname(listener->socket_, bound, &size) != 0) return Errno("getsockname");
  listener->port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
  return listener;
}

UdpListener::~UdpListener() {
  if (socket_ >= 0) close(socket_);
}

absl::StatusOr<std::string> UdpListener::Receive(absl::Duration patience) {
  pollfd ready = {socket_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) != 1) {
    return absl::DeadlineExceededError(absl::StrCat("no datagram at port ", port_));
  }
  std::string datagram(kLargestDatagram, '\0');
  from_size_ = sizeof(from_);
  const ssize_t length = recvfrom(socket_, datagram.data(), datagram.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from_), &from_size_);
  if (length < 0) return Errno("recvfrom");
  datagram.resize(static_cast<size_t>(length));
  return datagram;
}

absl::Status UdpListener::ExpectNothing(absl::Duration span) {
  const absl::StatusOr<std::string> came = Receive(span);
  if (came.ok()) return absl::InternalError(absl::StrCat("came: ", *came));
  return absl::IsDeadlineExceeded(came.status()) ? absl::OkStatus() : came.status();
}

void UdpListener::Reply(const std::string& bytes) {
  sendto(socket_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&from_),
         from_size_);
}

}  // namespace sipevents::testing
