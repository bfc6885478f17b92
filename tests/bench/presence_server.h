#ifndef TESTS_BENCH_PRESENCE_SERVER_H_
#define TESTS_BENCH_PRESENCE_SERVER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/process_cpu.h"

namespace sipevents::bench {

// The programs that serve the presence of example.com on a UDP port of loopback, without asking who
// comes, each as fast as it can.
enum class ServerKind {
  kFloor,      // notifier_floor
  kGateway,    // ours
  kKamailio,   // Kamailio as it comes: with its memory manager that looks for mistakes (qm)
  kKamailioFm  // Kamailio at its best: with its fast one (fm)
};

struct ServerOptions {
  std::string floor;  // paths of the programs
  std::string gateway;
  std::vector<std::string> gateway_flags;  // beside those that the load needs
  // Whether the floor forgets a transaction that is answered after 1 s instead of T4. For a load
  // without pause: with T4 (5 s) 100,000 of them with their messages would wait, and new pages for
  // them take half of the time. With a slow load sofia-sip's timer then never sleeps.
  bool floor_forgets = true;
};

// Where Kamailio is installed; nothing: it is not, or not its presence modules.
std::optional<std::string> FindKamailio();

// One of them, running.
//
// Threads: one.
class PresenceServer {
 public:
  // Starts it and waits until it serves; ends the program with a message if it does not.
  PresenceServer(ServerKind kind, const ServerOptions& options);
  ~PresenceServer();
  PresenceServer(const PresenceServer&) = delete;
  PresenceServer& operator=(const PresenceServer&) = delete;

  int port() const { return port_; }
  // Where the gateway serves gRPC, HOST:PORT; empty: it is another program.
  const std::string& grpc_target() const { return grpc_target_; }
  const MeasuredProcess& process() const { return *process_; }

 private:
  void StartGateway(const ServerOptions& options);
  void StartKamailio(const std::string& memory_manager);

  int port_ = 0;
  std::string grpc_target_;
  std::string directory_;  // of Kamailio's files; empty: none
  std::unique_ptr<MeasuredProcess> process_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_PRESENCE_SERVER_H_
