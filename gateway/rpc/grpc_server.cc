#include "gateway/rpc/grpc_server.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

using ExternalType = grpc::ServerBuilder::experimental_type::ExternalConnectionType;

constexpr int kMaxRequestOctets = 4 << 20;

void SetChannelArguments(grpc::ServerBuilder& builder) {
  // Writes to a peer that stopped succeed for long; a ping finds it dead after 40 s. Not sooner: a
  // client that is busy with what it has got may look at its connection every 5 s only.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients may ping as often as every 5 s: behind a load balancer they have to.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  // Ten thousand watches on one connection are fine; streams without end are not.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 65'536);
  // Who connects and says nothing keeps a place for ten seconds, not for two minutes.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  builder.SetMaxReceiveMessageSize(kMaxRequestOctets);
  builder.SetMaxSendMessageSize(-1);
}

// Process-wide settings of gRPC, which the next server that is built takes up.
void EnableStandardServices() {
  static const bool once = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  (void)once;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const Options& options, const std::vector<NamedService>& services) {
  EnableStandardServices();
  std::unique_ptr<GrpcServer> result(new GrpcServer());
  std::vector<ListeningSocket> sockets;
  for (const HostPort& address : options.listen) {
    SIPEVENTS_ASSIGN_OR_RETURN(ListeningSocket socket, ListeningSocket::Open(address));
    result->listening_.push_back(socket.address());
    sockets.push_back(std::move(socket));
  }
  grpc::ServerBuilder builder;
  SetChannelArguments(builder);
  for (const NamedService& service : services) {
    builder.RegisterService(service.service);
    result->service_names_.push_back(service.name);
  }
  result->handover_ = builder.experimental().AddExternalConnectionAcceptor(
      ExternalType::FROM_FD, MakeServerCredentials(options.tls));
  result->server_ = builder.BuildAndStart();
  if (result->server_ == nullptr) return absl::UnavailableError("gRPC cannot be started");
  result->SetServing(false);
  const auto take = [handover = result->handover_.get()](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = -1;  // none that gRPC knows
    connection.fd = fd;
    handover->HandleNewConnection(&connection);
  };
  SIPEVENTS_ASSIGN_OR_RETURN(
      result->acceptor_, ConnectionAcceptor::Start(
                             std::move(sockets), {options.max_connections, take, options.metrics}));
  return result;
}

GrpcServer::~GrpcServer() { Shutdown(absl::Now()); }

void GrpcServer::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  health->SetServingStatus("", serving);
  for (const std::string& name : service_names_) health->SetServingStatus(name, serving);
}

void GrpcServer::Shutdown(absl::Time deadline) {
  StopAccepting();
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(deadline));
  server_->Wait();
}

}  // namespace sipevents::gateway
