#include "gateway/rpc/connection_acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/log.h"

namespace sipevents::gateway {
namespace {

constexpr int kAcceptsInARow = 64;
// How long a listener is left alone when the system has no room.
constexpr int kPauseMs = 50;
constexpr auto kSweepInterval = std::chrono::milliseconds(100);

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Start(
    std::vector<ListeningSocket> sockets, Options options) {
  std::unique_ptr<ConnectionAcceptor> acceptor(
      new ConnectionAcceptor(std::move(sockets), std::move(options)));
  acceptor->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  acceptor->reserve_fd_ = OpenReserve();
  if (acceptor->wake_fd_ < 0 || acceptor->reserve_fd_ < 0) {
    return absl::UnavailableError("there are no file descriptors left for the acceptor");
  }
  acceptor->thread_ = std::thread([raw = acceptor.get()] { raw->Run(); });
  return acceptor;
}

ConnectionAcceptor::ConnectionAcceptor(std::vector<ListeningSocket> sockets, Options options)
    : sockets_(std::move(sockets)), options_(std::move(options)) {}

ConnectionAcceptor::~ConnectionAcceptor() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    if (write(wake_fd_, &one, sizeof(one)) < 0) {
      Log(LogSeverity::kError, "grpc", "acceptor cannot be woken");
    }
    thread_.join();
  }
  if (wake_fd_ >= 0) close(wake_fd_);
  if (reserve_fd_ >= 0) close(reserve_fd_);
}

void ConnectionAcceptor::Run() {
  while (Wait()) {
    out_of_room_ = false;
    for (const ListeningSocket& socket : sockets_) {
      if (AcceptFrom(socket.fd()) == Outcome::kNoRoom) out_of_room_ = true;
    }
  }
}

bool ConnectionAcceptor::Wait() {
  std::vector<pollfd> ready = {{wake_fd_, POLLIN, 0}};
  // Without room the listeners stay readable: then only the end is waited for, a moment long.
  if (!out_of_room_) {
    for (const ListeningSocket& socket : sockets_) ready.push_back({socket.fd(), POLLIN, 0});
  }
  poll(ready.data(), ready.size(), out_of_room_ ? kPauseMs : -1);
  return (ready[0].revents & POLLIN) == 0;
}

ConnectionAcceptor::Outcome ConnectionAcceptor::AcceptFrom(int listener) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    const Outcome outcome = AcceptOne(listener);
    if (outcome != Outcome::kAccepted) return outcome;
  }
  return Outcome::kAccepted;
}

ConnectionAcceptor::Outcome ConnectionAcceptor::AcceptOne(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    const bool full = IsFull();
    options_.metrics->OnConnection(!full);
    if (full) {
      close(fd);
      Log(LogSeverity::kWarning, "grpc", "connection refused: too many",
          {{"limit", options_.max_connections}});
    } else {
      count_.Add(fd);
      options_.take(fd);
    }
    return Outcome::kAccepted;
  }
  switch (errno) {
    case EAGAIN:
      return Outcome::kNothingThere;
    case EMFILE:
    case ENFILE:
      RefuseWaiting(listener);
      return Outcome::kNoRoom;
    case ENOBUFS:
    case ENOMEM:
      return Outcome::kNoRoom;
    default:
      // accept(2): what went wrong with that one connection; the next may be fine. The pause
      // after kAcceptsInARow of them is poll's.
      return Outcome::kAccepted;
  }
}

void ConnectionAcceptor::RefuseWaiting(int listener) {
  Log(LogSeverity::kError, "grpc", "connection refused: no file descriptors left",
      {{"connections", count_.Sweep()}});
  if (reserve_fd_ >= 0) close(reserve_fd_);
  for (int i = 0; i < kAcceptsInARow; ++i) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) break;
    close(fd);
    options_.metrics->OnConnection(false);
  }
  reserve_fd_ = OpenReserve();
}

bool ConnectionAcceptor::IsFull() {
  if (count_.upper_bound() < options_.max_connections) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - swept_ < kSweepInterval) return true;
  swept_ = now;
  return count_.Sweep() >= options_.max_connections;
}

}  // namespace sipevents::gateway
