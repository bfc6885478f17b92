#ifndef GATEWAY_RPC_GRPC_SERVER_H_
#define GATEWAY_RPC_GRPC_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/rpc/connection_acceptor.h"
#include "gateway/rpc/tls_files.h"
#include "gateway/telemetry/metrics.h"
#include "grpcpp/grpcpp.h"
#include "sip/base/net_address.h"

namespace sipevents::gateway {

// Serves gRPC: the services it is given, the standard health service and reflection, over TLS
// or plain, on listeners that survive a lack of descriptors.
//
// Threads: any; Shutdown() and the destructor on one.
class GrpcServer {
 public:
  // A service and its full name, e.g. `sipevents.v1.Subscriptions`, which the health service
  // knows it by. The service outlives the server.
  struct NamedService {
    std::string name;
    grpc::Service* service = nullptr;
  };

  struct Options {
    std::vector<HostPort> listen;
    TlsFiles tls;
    size_t max_connections = 20'000;
    Metrics* metrics = nullptr;  // outlives the server
  };

  // Binds the listeners and serves. Errors: UNAVAILABLE (an address cannot be bound; the
  // message names it).
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const Options& options, const std::vector<NamedService>& services);

  // Shuts down at once if Shutdown() was not called.
  ~GrpcServer();

  // The listeners with the ports in use, in the order of Options::listen.
  const std::vector<HostPort>& listening() const { return listening_; }

  // What the health service says of the server and each service; at first NOT_SERVING.
  void SetServing(bool serving);

  // Closes the listeners; open connections go on.
  void StopAccepting() { acceptor_.reset(); }

  // Lets running calls end until `deadline`, then cancels them; returns when all have ended.
  void Shutdown(absl::Time deadline);

 private:
  GrpcServer() = default;

  std::vector<HostPort> listening_;
  std::vector<std::string> service_names_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> handover_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;  // uses handover_
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_GRPC_SERVER_H_
