#include "sip/transport/datagram_socket.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

constexpr int kReceiveBufferOctets = 8 << 20;
constexpr size_t kMaxDatagramOctets = 65535;
// Datagrams that one system call takes, and calls before others have their turn.
constexpr size_t kBatch = 16;
constexpr int kCallsPerTurn = 4;

// Where the sockets of one thread read into, one after the other.
struct Batch {
  Batch() : octets(kBatch * kMaxDatagramOctets) {
    for (size_t i = 0; i < kBatch; ++i) {
      pieces[i] = {octets.data() + i * kMaxDatagramOctets, kMaxDatagramOctets};
    }
  }

  // Makes the headers ready for another call, which overwrites them.
  mmsghdr* Reset() {
    for (size_t i = 0; i < kBatch; ++i) {
      headers[i] = {};
      headers[i].msg_hdr.msg_iov = &pieces[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_name = &sources[i];
      headers[i].msg_hdr.msg_namelen = sizeof(sources[i]);
    }
    return headers.data();
  }

  std::vector<char> octets;
  std::array<iovec, kBatch> pieces = {};
  std::array<sockaddr_storage, kBatch> sources = {};
  std::array<mmsghdr, kBatch> headers = {};
};

socklen_t LengthOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

absl::Status SystemError(const absl::AlphaNum& what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<sockaddr_storage> ToSocketAddress(const HostPort& address) {
  sockaddr_storage storage = {};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    return storage;
  }
  storage = {};
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    return storage;
  }
  return absl::InvalidArgumentError(absl::StrCat(address.host, " is no IP address"));
}

HostPort FromSocketAddress(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  HostPort result;
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    result.port = ntohs(v6.sin6_port);
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    result.port = ntohs(v4.sin_port);
  }
  result.host = text;
  return result;
}

absl::StatusOr<std::unique_ptr<DatagramSocket>> DatagramSocket::Open(EventLoop& loop,
                                                                     const HostPort& address,
                                                                     Owner& owner) {
  std::unique_ptr<DatagramSocket> made(new DatagramSocket(owner));
  if (absl::Status status = made->Bind(address); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<DescriptorWatch>> watch = loop.Watch(
      made->socket_.get(), {.readable = true}, [raw = made.get()](DescriptorEvents seen) {
        if (seen.hangup) raw->ReadErrors();
        if (seen.readable) raw->OnReadable();
      });
  if (!watch.ok()) return watch.status();
  made->watch_ = *std::move(watch);
  return made;
}

absl::Status DatagramSocket::Bind(const HostPort& address) {
  const absl::StatusOr<sockaddr_storage> local = ToSocketAddress(address);
  if (!local.ok()) return local.status();
  ipv6_ = local->ss_family == AF_INET6;
  const std::string what = absl::StrCat("cannot listen on udp:", address.ToString());
  socket_ = Descriptor(socket(local->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.is_open()) return SystemError(what);
  const int on = 1;
  if (ipv6_) setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  // So that a peer that is not there is told at once, and not after Timer F.
  setsockopt(socket_.get(), ipv6_ ? IPPROTO_IPV6 : IPPROTO_IP, ipv6_ ? IPV6_RECVERR : IP_RECVERR,
             &on, sizeof(on));
  const int octets = kReceiveBufferOctets;
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0) {
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
  }
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&*local), LengthOf(*local)) != 0) {
    return SystemError(what);
  }
  port_ = LocalPort(socket_.get());  // asked for with each datagram
  return absl::OkStatus();
}

void DatagramSocket::OnReadable() {
  thread_local const std::unique_ptr<Batch> batch = std::make_unique<Batch>();
  for (int call = 0; call < kCallsPerTurn; ++call) {
    const int count =
        recvmmsg(socket_.get(), batch->Reset(), kBatch, MSG_DONTWAIT, /*timeout=*/nullptr);
    if (count < 0 && errno != EAGAIN && errno != EINTR) ReadErrors();
    for (int i = 0; i < count; ++i) {
      owner_.OnDatagram(*this, batch->sources[i],
                        {batch->pieces[i].iov_base == nullptr
                             ? ""
                             : static_cast<const char*>(batch->pieces[i].iov_base),
                         batch->headers[i].msg_len});
    }
    if (count < static_cast<int>(kBatch)) return;
  }
}

// Takes what ICMP said of datagrams that were sent.
void DatagramSocket::ReadErrors() {
  for (size_t i = 0; i < kBatch; ++i) {
    sockaddr_storage peer = {};
    alignas(cmsghdr) char control[512];
    msghdr header = {};
    header.msg_name = &peer;
    header.msg_namelen = sizeof(peer);
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    if (recvmsg(socket_.get(), &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
      const bool about_it = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                            (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
      if (!about_it) continue;
      sock_extended_err error = {};
      std::memcpy(&error, CMSG_DATA(part), sizeof(error));
      const bool by_icmp =
          error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
      if (by_icmp && error.ee_errno != EMSGSIZE) owner_.OnUnreachable(FromSocketAddress(peer));
    }
  }
}

absl::Status DatagramSocket::Send(const sockaddr_storage& peer, std::string_view octets) {
  for (int i = 0; i < 3; ++i) {
    if (sendto(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&peer), LengthOf(peer)) >= 0) {
      return absl::OkStatus();
    }
    // An error of an earlier datagram may be told here, and is gone once it is: this one did not
    // leave.
    if (errno == EAGAIN || errno == ENOBUFS) return absl::OkStatus();  // as if lost
    if (errno == EMSGSIZE) {
      return absl::OutOfRangeError(
          absl::StrCat(octets.size(), " octets are too many for a datagram"));
    }
    if (errno != ECONNREFUSED && errno != EINTR) break;
    ReadErrors();
  }
  return SystemError(FromSocketAddress(peer).ToString());
}

}  // namespace sipevents::sip
