#ifndef GATEWAY_RPC_SUBSCRIPTION_SERVICE_H_
#define GATEWAY_RPC_SUBSCRIPTION_SERVICE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/authorizer.h"
#include "gateway/registry/subscription_key.h"
#include "gateway/registry/subscription_registry.h"
#include "gateway/rpc/drainable.h"
#include "gateway/rpc/request_checks.h"
#include "gateway/rpc/subscription_service_explain.h"
#include "gateway/rpc/subscription_service_fetch.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/live_streams.h"
#include "gateway/watch/watch_set.h"
#include "gateway/watch/watch_stream.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"

namespace sipevents::gateway {

// The callback API for every rpc; Watch and WatchMany deal in octets, since their batches are
// encoded already.
using SubscriptionsCallbackBase = v1::Subscriptions::WithCallbackMethod_CreateSubscription<
    v1::Subscriptions::WithCallbackMethod_GetSubscription<
        v1::Subscriptions::WithCallbackMethod_ListSubscriptions<
            v1::Subscriptions::WithCallbackMethod_DeleteSubscription<
                v1::Subscriptions::WithRawCallbackMethod_Watch<
                    v1::Subscriptions::WithRawCallbackMethod_WatchMany<
                        v1::Subscriptions::WithCallbackMethod_FetchState<
                            v1::Subscriptions::WithCallbackMethod_ExplainSubscription<
                                v1::Subscriptions::Service>>>>>>>>;

// Serves sipevents.v1.Subscriptions. In every rpc: who calls, is the request well formed, may the
// caller do this, and only then whether the thing is there. What is of another tenant looks like
// what is not there.
//
// Threads: any; gRPC's.
// Ends: after the server has shut down and AwaitDrained() or the last stream's end.
class SubscriptionService final : public SubscriptionsCallbackBase, public Drainable {
 public:
  struct Options {
    // For tel: URIs; empty: they are refused.
    std::string tel_domain;
    // Canonical --sip_identity: naming it is the same as naming none.
    std::string own_identity;
    // How many FetchState calls may wait for SIP at once.
    int max_fetches = 1'000;
    // How many ExplainSubscription calls may wait for SIP at once.
    int max_explains = 100;
    // How many watches one WatchMany stream may have.
    size_t max_watches_per_stream = 100'000;
  };
  // All must outlive the service.
  struct Parts {
    SubscriptionRegistry& registry;
    sip::Agent& agent;
    const SubscriptionNamer& namer;
    const Authenticator& authenticator;
    const Authorizer& authorizer;
    const Clock& clock;
    FanoutExecutor& executor;
    Metrics& metrics;
  };

  SubscriptionService(const Options& options, const Parts& parts);

  grpc::ServerUnaryReactor* CreateSubscription(grpc::CallbackServerContext* context,
                                               const v1::CreateSubscriptionRequest* request,
                                               v1::Subscription* response) override;
  grpc::ServerUnaryReactor* GetSubscription(grpc::CallbackServerContext* context,
                                            const v1::GetSubscriptionRequest* request,
                                            v1::Subscription* response) override;
  grpc::ServerUnaryReactor* ListSubscriptions(grpc::CallbackServerContext* context,
                                              const v1::ListSubscriptionsRequest* request,
                                              v1::ListSubscriptionsResponse* response) override;
  grpc::ServerUnaryReactor* DeleteSubscription(grpc::CallbackServerContext* context,
                                               const v1::DeleteSubscriptionRequest* request,
                                               google::protobuf::Empty* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* WatchMany(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* FetchState(grpc::CallbackServerContext* context,
                                       const v1::FetchStateRequest* request,
                                       v1::FetchStateResponse* response) override;
  grpc::ServerUnaryReactor* ExplainSubscription(grpc::CallbackServerContext* context,
                                                const v1::ExplainSubscriptionRequest* request,
                                                v1::Explanation* response) override;

  // Drainable:
  void BeginDrain() override;
  bool AwaitDrained(absl::Time deadline) override;

 private:
  absl::Status Create(const grpc::CallbackServerContext& context,
                      const v1::CreateSubscriptionRequest& request, v1::Subscription& response);
  absl::Status Get(const grpc::CallbackServerContext& context,
                   const v1::GetSubscriptionRequest& request, v1::Subscription& response);
  absl::Status List(const grpc::CallbackServerContext& context,
                    const v1::ListSubscriptionsRequest& request,
                    v1::ListSubscriptionsResponse& response);
  absl::Status Delete(const grpc::CallbackServerContext& context,
                      const v1::DeleteSubscriptionRequest& request);
  absl::StatusOr<std::shared_ptr<WatchStream>> BeginWatch(
      const grpc::CallbackServerContext& context, const grpc::ByteBuffer& octets);
  // Opens what the request of a known caller asks for.
  absl::StatusOr<OpenedWatch> Open(const Caller& caller, const WatchOrder& order);
  absl::StatusOr<WatchLease> LeaseFor(const Caller& caller, const WatchOrder& order);
  // False if the state has to be fetched.
  bool ServeFromLive(const Caller& caller, const FetchOrder& order,
                     v1::FetchStateResponse& response) const;
  // Answers, or says in `to_fetch` what SIP has to be asked for; a slot is taken for it then.
  absl::Status AdmitFetch(const grpc::CallbackServerContext& context,
                          const v1::FetchStateRequest& request, v1::FetchStateResponse& response,
                          std::optional<WantedSubscription>& to_fetch);

  // The keepers of what is to be explained, and to whom; a slot is taken for it then.
  absl::StatusOr<std::pair<SubscriptionRegistry::Keepers, Asker>> AdmitExplain(
      const grpc::CallbackServerContext& context, const v1::ExplainSubscriptionRequest& request);

  // Who calls; DRAINING once the drain has begun.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context) const;
  // One that exists, and on which the caller may do this.
  absl::StatusOr<std::shared_ptr<const Incarnation>> FindFor(const Caller& caller, Action action,
                                                             const std::string& name) const;
  absl::Status Authorize(const Caller& caller, Action action, const SubscriptionKey& key) const;

  const Parts parts_;
  const RequestChecks checks_;
  const size_t max_watches_per_stream_;
  LiveStreams streams_;
  const std::shared_ptr<FetchSlots> fetch_slots_;
  const std::shared_ptr<FetchSlots> explain_slots_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_SUBSCRIPTION_SERVICE_H_
