#include "tests/sip/transport/raw_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/time/clock.h"

namespace sipevents::testing {
namespace {

constexpr timeval kPatience = {20, 0};

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address ToAddress(const std::string& host, int port) {
  Address address;
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    std::memcpy(&address.storage, &v4, sizeof(v4));
    address.size = sizeof(v4);
    return address;
  }
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr);
  std::memcpy(&address.storage, &v6, sizeof(v6));
  address.size = sizeof(v6);
  return address;
}

int LocalPort(int descriptor) {
  Address address;
  address.size = sizeof(address.storage);
  getsockname(descriptor, address.generic(), &address.size);
  // The port stands at the same place in both.
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

bool WaitFor(int descriptor, absl::Duration patience) {
  pollfd polled = {descriptor, POLLIN, 0};
  return poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) == 1;
}

}  // namespace

RawStream::RawStream(int descriptor) : descriptor_(descriptor) {
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
}

RawStream::~RawStream() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::unique_ptr<RawStream> RawStream::Connect(int port, const std::string& host,
                                              const std::string& source) {
  Address to = ToAddress(host, port);
  auto stream =
      std::make_unique<RawStream>(socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  bool connected = true;
  if (!source.empty()) {
    Address from = ToAddress(source, 0);
    connected = bind(stream->descriptor_, from.generic(), from.size) == 0;
  }
  connected = connected && connect(stream->descriptor_, to.generic(), to.size) == 0;
  if (!connected) {
    close(stream->descriptor_);
    stream->descriptor_ = -1;
  }
  return stream;
}

bool RawStream::Write(const std::string& octets) {
  size_t done = 0;
  while (done < octets.size()) {
    const ssize_t sent =
        send(descriptor_, octets.data() + done, octets.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += static_cast<size_t>(sent);
  }
  return true;
}

std::string RawStream::ReadUntil(const std::string& end) {
  std::string read;
  while (!read.ends_with(end)) {
    char octet = 0;
    if (recv(descriptor_, &octet, 1, 0) != 1) return "";
    read += octet;
  }
  return read;
}

bool RawStream::Closes(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  std::array<char, 65536> buffer;
  while (absl::Now() < deadline && WaitFor(descriptor_, deadline - absl::Now())) {
    if (recv(descriptor_, buffer.data(), buffer.size(), 0) <= 0) return true;
  }
  return false;
}

bool RawStream::EndsInPeace() {
  std::array<char, 65536> buffer;
  ssize_t length = 1;
  while (length > 0) length = recv(descriptor_, buffer.data(), buffer.size(), 0);
  // A reset behind the end is told here only.
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  return length == 0 && error == 0;
}

void RawStream::Reset() {
  const linger at_once = {1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(descriptor_);
  descriptor_ = -1;
}

int RawStream::port() const { return LocalPort(descriptor_); }

RawListener::RawListener(int backlog) {
  Address address = ToAddress("127.0.0.1", 0);
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool listens =
      bind(descriptor_, address.generic(), address.size) == 0 && listen(descriptor_, backlog) == 0;
  if (!listens) std::abort();
  port_ = LocalPort(descriptor_);
}

RawListener::~RawListener() { close(descriptor_); }

std::unique_ptr<RawStream> RawListener::Accept(absl::Duration patience) {
  if (!WaitFor(descriptor_, patience)) return nullptr;
  return std::make_unique<RawStream>(accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
}

}  // namespace sipevents::testing
