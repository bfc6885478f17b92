#include "tests/bench/datagram_sockets.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sipevents::bench {
namespace {

// A burst of NOTIFYs to thousands of watchers finds room.
constexpr int kSocketOctets = 32 << 20;
constexpr size_t kReceivedOctets = 8192;
constexpr uint64_t kForeign = UINT64_MAX;

[[noreturn]] void Die(const char* what) {
  fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
  exit(1);
}

void EnlargeBuffers(int descriptor) {
  // Above the system's limit where we may.
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketOctets, sizeof kSocketOctets) !=
      0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSocketOctets, sizeof kSocketOctets);
  }
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kSocketOctets, sizeof kSocketOctets);
}

}  // namespace

DatagramSockets::DatagramSockets(size_t count) : sockets_(count) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) Die("epoll_create1");
  received_ = std::make_unique<char[]>(kBatch * kReceivedOctets);
  for (size_t i = 0; i < count; ++i) {
    Socket& made = sockets_[i];
    made.descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (made.descriptor < 0 ||
        bind(made.descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(made.descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      Die("socket");
    }
    EnlargeBuffers(made.descriptor);
    made.port = ntohs(address.sin_port);
    made.octets = std::make_unique<char[]>(kBatch * kSlotOctets);
    made.sizes = std::make_unique<size_t[]>(kBatch);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, made.descriptor, &event);
  }
}

DatagramSockets::~DatagramSockets() {
  for (const Socket& socket : sockets_) close(socket.descriptor);
  close(epoll_);
}

void DatagramSockets::Connect(int port) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<uint16_t>(port));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const Socket& socket : sockets_) {
    if (connect(socket.descriptor, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0) {
      Die("connect");
    }
  }
}

void DatagramSockets::AlsoWaitFor(int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kForeign;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void DatagramSockets::Send(size_t socket, std::string_view datagram) {
  Socket& from = sockets_[socket];
  if (from.waiting == kBatch) Flush(from);
  const size_t size = std::min(datagram.size(), kSlotOctets);
  memcpy(&from.octets[from.waiting * kSlotOctets], datagram.data(), size);
  from.sizes[from.waiting++] = size;
}

void DatagramSockets::Flush() {
  for (Socket& socket : sockets_) Flush(socket);
}

void DatagramSockets::Flush(Socket& socket) {
  if (socket.waiting == 0) return;
  mmsghdr messages[kBatch] = {};
  iovec pieces[kBatch];
  for (size_t i = 0; i < socket.waiting; ++i) {
    pieces[i] = {&socket.octets[i * kSlotOctets], socket.sizes[i]};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (size_t sent = 0; sent < socket.waiting;) {
    const int done = sendmmsg(socket.descriptor, messages + sent, socket.waiting - sent, 0);
    if (done > 0) sent += done;
    if (done < 0 && errno != EINTR) Die("sendmmsg");
  }
  socket.waiting = 0;
}

void DatagramSockets::Read(size_t index, const Receiver& receiver) {
  mmsghdr messages[kBatch] = {};
  iovec pieces[kBatch];
  for (size_t i = 0; i < kBatch; ++i) {
    pieces[i] = {&received_[i * kReceivedOctets], kReceivedOctets};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int came = recvmmsg(sockets_[index].descriptor, messages, kBatch, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < came; ++i) {
    receiver(index, {&received_[i * kReceivedOctets], messages[i].msg_len});
  }
}

bool DatagramSockets::Receive(int timeout_ms, const Receiver& receiver) {
  Flush();
  epoll_event events[kBatch];
  const int ready = epoll_wait(epoll_, events, kBatch, timeout_ms);
  for (int i = 0; i < ready; ++i) {
    if (events[i].data.u64 != kForeign) Read(events[i].data.u64, receiver);
  }
  Flush();
  return ready > 0;
}

}  // namespace sipevents::bench
