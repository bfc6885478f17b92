#include "tests/peer/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/peer/sip_text.h"

namespace sipevents::testing {
namespace {

// What a burst of requests may fill before the thread reads it; the default of Linux holds a few
// hundred datagrams only.
constexpr int kReceiveBuffer = 4 << 20;
// How often to look for a port that is free for UDP and TCP alike.
constexpr int kPortAttempts = 50;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* Generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

absl::Status Errno(const char* what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

absl::StatusOr<Flow> OpenConnection(int port) {
  Flow flow;
  flow.address = Loopback(port);
  flow.connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (flow.connection < 0) return Errno("socket");
  if (connect(flow.connection, Generic(flow.address), sizeof(flow.address)) != 0) {
    const absl::Status failed = Errno("connect");
    close(flow.connection);
    return failed;
  }
  return flow;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Wire>> Wire::Open(int port, Receive receive,
                                                 std::shared_ptr<const TlsFiles> tls) {
  std::unique_ptr<Wire> wire(new Wire(std::move(receive), std::move(tls)));
  absl::Status bound;
  for (int attempt = 0; attempt < (port == 0 ? kPortAttempts : 1); ++attempt) {
    bound = wire->Bind(port);
    if (bound.ok()) break;
  }
  if (bound.ok() && wire->tls_ != nullptr) bound = wire->BindTls();
  if (!bound.ok()) return bound;
  wire->wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wire->wake_ < 0) return Errno("eventfd");
  wire->thread_ = std::thread([w = wire.get()] { w->Run(); });
  return wire;
}

absl::Status Wire::Bind(int port) {
  if (udp_ >= 0) close(udp_);
  if (listener_ >= 0) close(listener_);
  udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (udp_ < 0 || listener_ < 0) return Errno("socket");
  setsockopt(udp_, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer));
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = Loopback(port);
  if (bind(udp_, Generic(address), sizeof(address)) != 0) return Errno("bind UDP");
  socklen_t size = sizeof(address);
  getsockname(udp_, reinterpret_cast<sockaddr*>(&address), &size);
  if (bind(listener_, Generic(address), sizeof(address)) != 0) return Errno("bind TCP");
  if (listen(listener_, 64) != 0) return Errno("listen");
  port_ = ntohs(address.sin_port);
  return absl::OkStatus();
}

absl::Status Wire::BindTls() {
  tls_listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (tls_listener_ < 0) return Errno("socket");
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (bind(tls_listener_, Generic(address), size) != 0) return Errno("bind TLS");
  if (listen(tls_listener_, 64) != 0) return Errno("listen");
  getsockname(tls_listener_, reinterpret_cast<sockaddr*>(&address), &size);
  tls_port_ = ntohs(address.sin_port);
  return absl::OkStatus();
}

void Wire::Stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  Wake();
  thread_.join();
}

Wire::~Wire() {
  Stop();
  for (const auto& [connection, flow] : Connections()) close(connection);
  for (const int descriptor : {udp_, listener_, tls_listener_, wake_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

void Wire::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

Flow Wire::UdpTo(int port) {
  Flow flow;
  flow.address = Loopback(port);
  return flow;
}

absl::StatusOr<Flow> Wire::ConnectTcp(int port) {
  absl::StatusOr<Flow> flow = OpenConnection(port);
  if (flow.ok()) Keep(*flow);
  return flow;
}

absl::StatusOr<Flow> Wire::ConnectTls(int port, const std::string& server_name) {
  if (tls_ == nullptr) return absl::FailedPreconditionError("opened without TLS");
  absl::StatusOr<Flow> flow = OpenConnection(port);
  if (!flow.ok()) return flow;
  fcntl(flow->connection, F_SETFL, O_NONBLOCK);
  flow->tls = TlsStream::Connect(*tls_, flow->connection, server_name);
  if (const absl::Status shaken = flow->tls->Handshake(); !shaken.ok()) {
    close(flow->connection);
    return shaken;
  }
  Keep(*flow);
  return flow;
}

void Wire::Keep(const Flow& flow) {
  {
    MutexLock lock(mutex_);
    connections_[flow.connection] = flow;
  }
  Wake();
}

absl::Status Wire::Send(const std::string& bytes, const Flow& flow) {
  if (!flow.is_tcp()) {
    const ssize_t sent = sendto(udp_, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                                Generic(flow.address), sizeof(flow.address));
    return sent == static_cast<ssize_t>(bytes.size()) ? absl::OkStatus() : Errno("sendto");
  }
  if (flow.is_tls()) return flow.tls->Write(bytes);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent =
        send(flow.connection, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return Errno("send");
    done += static_cast<size_t>(sent);
  }
  return absl::OkStatus();
}

std::map<int, Flow> Wire::Connections() {
  MutexLock lock(mutex_);
  return connections_;
}

void Wire::Run() {
  while (true) {
    std::vector<pollfd> polled = {{wake_, POLLIN, 0},
                                  {udp_, POLLIN, 0},
                                  {listener_, POLLIN, 0},
                                  {tls_listener_, POLLIN, 0}};  // -1 is passed over
    const size_t first_connection = polled.size();
    const std::map<int, Flow> connections = Connections();
    for (const auto& [connection, flow] : connections) polled.push_back({connection, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t read_count = read(wake_, &count, sizeof(count));
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
    }
    if (polled[1].revents != 0) ReadDatagrams();
    if (polled[2].revents != 0) Accept(listener_);
    if (polled[3].revents != 0) Accept(tls_listener_);
    for (size_t i = first_connection; i < polled.size(); ++i) {
      if (polled[i].revents == 0 || ReadStream(connections.at(polled[i].fd))) continue;
      MutexLock lock(mutex_);
      connections_.erase(polled[i].fd);
      streams_.erase(polled[i].fd);
      close(polled[i].fd);
    }
  }
}

void Wire::ReadDatagrams() {
  std::array<char, 65536> buffer;
  while (true) {
    Flow flow;
    socklen_t size = sizeof(flow.address);
    const ssize_t length = recvfrom(udp_, buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr*>(&flow.address), &size);
    if (length < 0 && errno == ECONNREFUSED) continue;  // what an earlier send met
    if (length < 0) return;
    receive_(std::string(buffer.data(), static_cast<size_t>(length)), flow);
  }
}

void Wire::Accept(int listener) {
  Flow flow;
  socklen_t size = sizeof(flow.address);
  const bool over_tls = listener == tls_listener_;
  flow.connection = accept4(listener, reinterpret_cast<sockaddr*>(&flow.address), &size,
                            SOCK_CLOEXEC | (over_tls ? SOCK_NONBLOCK : 0));
  if (flow.connection < 0) return;
  if (over_tls) flow.tls = TlsStream::Accept(*tls_, flow.connection);
  Keep(flow);
}

bool Wire::ReadStream(const Flow& flow) {
  std::string& stream = streams_[flow.connection];
  bool goes_on = true;
  if (flow.is_tls()) {
    goes_on = flow.tls->Read(&stream);
  } else {
    std::array<char, 65536> buffer;
    const ssize_t length = recv(flow.connection, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (length <= 0) return false;
    stream.append(buffer.data(), static_cast<size_t>(length));
  }
  while (const size_t frame = FrameLength(stream)) {
    const std::string message = stream.substr(0, frame);
    stream.erase(0, frame);
    receive_(message, flow);
  }
  return goes_on;
}

}  // namespace sipevents::testing
