#ifndef GATEWAY_RPC_CONNECTION_ACCEPTOR_H_
#define GATEWAY_RPC_CONNECTION_ACCEPTOR_H_

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/rpc/connection_count.h"
#include "gateway/rpc/listening_socket.h"
#include "gateway/telemetry/metrics.h"

namespace sipevents::gateway {

// Accepts connections on a thread of its own and hands them on. gRPC 1.51's own listener never
// accepts again after one EMFILE; this one keeps a descriptor in reserve, with which it can
// still close a connection that there is no room for at once, and goes on when there is room.
//
// Threads: construction and destruction on one; `take` is called on the acceptor's.
class ConnectionAcceptor {
 public:
  struct Options {
    // More connections than this at the same time are closed at once.
    size_t max_connections = 0;
    // Owns the descriptor it gets: a connected non-blocking socket.
    std::function<void(int fd)> take;
    // Counts what is accepted and refused; outlives the acceptor.
    Metrics* metrics = nullptr;
  };

  // Begins to accept on `sockets`. Errors: UNAVAILABLE (no descriptors left).
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Start(
      std::vector<ListeningSocket> sockets, Options options);

  // Stops accepting and closes the listeners; after it `take` is not called.
  ~ConnectionAcceptor();
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

 private:
  enum class Outcome { kAccepted, kNothingThere, kNoRoom };

  ConnectionAcceptor(std::vector<ListeningSocket> sockets, Options options);
  void Run();
  // Waits for connections, or for the end; false: the end.
  bool Wait();
  // Accepts what waits at a listener, up to a bound; kNoRoom: the system refuses to give more.
  Outcome AcceptFrom(int listener);
  Outcome AcceptOne(int listener);
  // Closes the connections that wait, with the help of the reserve.
  void RefuseWaiting(int listener);
  bool IsFull();

  const std::vector<ListeningSocket> sockets_;
  const Options options_;
  int wake_fd_ = -1;     // an eventfd, readable: stop
  int reserve_fd_ = -1;  // closed when there is no other to be had
  bool out_of_room_ = false;
  ConnectionCount count_;
  std::chrono::steady_clock::time_point swept_;
  std::thread thread_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_CONNECTION_ACCEPTOR_H_
