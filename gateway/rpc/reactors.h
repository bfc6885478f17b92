#ifndef GATEWAY_RPC_REACTORS_H_
#define GATEWAY_RPC_REACTORS_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "gateway/rpc/grpc_status.h"
#include "grpcpp/support/server_callback.h"

// How the services end calls that need no state of their own. Threads: any, for everything here.

namespace sipevents::gateway {

// Ends a unary call at once.
inline grpc::ServerUnaryReactor* FinishWith(grpc::CallbackServerContext& context,
                                            const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

// A stream that was refused.
template <typename Reactor>
class Refused final : public Reactor {
 public:
  static Reactor* Start(const absl::Status& status) {
    auto refused = std::make_unique<Refused>();
    Refused* reactor = refused.get();
    reactor->self_ = std::move(refused);
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }

 private:
  void OnDone() override { const std::unique_ptr<Refused> self = std::move(self_); }

  std::unique_ptr<Refused> self_;  // while gRPC may call it
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_REACTORS_H_
