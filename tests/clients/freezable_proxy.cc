#include "tests/clients/freezable_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace sipevents::client::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

FreezableProxy::FreezableProxy(int target_port)
    : target_port_(target_port), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = Loopback(0);
  const bool listens =
      ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      listen(listener_, 16) == 0;
  if (!listens) abort();  // a test cannot go on without it
  socklen_t length = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

FreezableProxy::~FreezableProxy() {
  stop_ = true;
  thread_.join();
  for (const Connection& connection : connections_) {
    close(connection.client);
    close(connection.target);
  }
  close(listener_);
}

void FreezableProxy::Run() {
  while (!stop_) {
    if (freeze_.exchange(false)) {
      for (Connection& connection : connections_) connection.frozen = true;
    }
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
    for (const Connection& connection : connections_) {
      const short events = connection.frozen ? 0 : POLLIN;
      polled.push_back({connection.frozen ? -1 : connection.client, events, 0});
      polled.push_back({connection.frozen ? -1 : connection.target, events, 0});
    }
    poll(polled.data(), polled.size(), 5);
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = connections_[i];
      const bool alive =
          (polled[1 + 2 * i].revents == 0 || Pass(connection.client, connection.target)) &&
          (polled[2 + 2 * i].revents == 0 || Pass(connection.target, connection.client));
      if (!alive) {
        shutdown(connection.client, SHUT_RDWR);
        shutdown(connection.target, SHUT_RDWR);
        connection.frozen = true;
      }
    }
    if (polled[0].revents != 0) Accept();
  }
}

void FreezableProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(target_port_);
  if (connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(client);
    close(target);
    return;
  }
  connections_.push_back({client, target});
}

bool FreezableProxy::Pass(int from, int to) {
  std::array<char, 4096> octets;
  const ssize_t length = recv(from, octets.data(), octets.size(), 0);
  if (length <= 0) return false;
  return send(to, octets.data(), static_cast<size_t>(length), MSG_NOSIGNAL) == length;
}

}  // namespace sipevents::client::testing
