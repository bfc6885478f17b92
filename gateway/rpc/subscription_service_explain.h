#ifndef GATEWAY_RPC_SUBSCRIPTION_SERVICE_EXPLAIN_H_
#define GATEWAY_RPC_SUBSCRIPTION_SERVICE_EXPLAIN_H_

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "gateway/explain/explanation_message.h"
#include "gateway/registry/subscription_registry.h"
#include "gateway/rpc/subscription_service_fetch.h"
#include "gateway/watch/fanout_executor.h"
#include "grpcpp/support/server_callback.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// One ExplainSubscription call, which waits for what the SIP thread of the Subscription says, and
// composes its answer on the executor. Where the SIP side says nothing, since the agent went away,
// it answers from what the gateway knows itself.
//
// Threads: the agent's answer on a SIP thread, OnCancel() on gRPC's; Finish() is called once.
// Ends: lives until both gRPC and the SIP side are done with it.
class ExplainCall final : public grpc::ServerUnaryReactor, public Runnable {
 public:
  // What it works with; all must outlive the call.
  struct Parts {
    sip::Agent& agent;
    const Clock& clock;
    FanoutExecutor& executor;
  };

  // Begins. A slot of `slots` has been taken for it, and is given back when SIP is done.
  static ExplainCall* Start(SubscriptionRegistry::Keepers keepers, Asker asker, const Parts& parts,
                            std::shared_ptr<FetchSlots> slots, v1::Explanation& response);

 private:
  class Awaited;

  ExplainCall(SubscriptionRegistry::Keepers keepers, Asker asker, const Parts& parts,
              v1::Explanation& response);

  // The SIP side has said all that it will; the first call counts.
  void Take(sip::SubscriptionExplanation sip_side);
  // Runnable: answers.
  void Run() override;

  // grpc::ServerUnaryReactor:
  void OnCancel() override;
  void OnDone() override;

  const SubscriptionRegistry::Keepers keepers_;
  const Asker asker_;
  const Parts parts_;

  Mutex mutex_;
  std::optional<sip::SubscriptionExplanation> sip_side_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  v1::Explanation& response_ ABSL_GUARDED_BY(mutex_);  // gRPC's, until Finish()

  // Keeps it alive while gRPC may call it.
  std::shared_ptr<ExplainCall> self_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_SUBSCRIPTION_SERVICE_EXPLAIN_H_
