#ifndef GATEWAY_RPC_WATCHER_SERVICE_H_
#define GATEWAY_RPC_WATCHER_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/authorizer.h"
#include "gateway/rpc/deferred_answer.h"
#include "gateway/rpc/drainable.h"
#include "gateway/rpc/watcher_checks.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/change_stream.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/live_streams.h"
#include "sip/base/clock.h"
#include "sip/event_server.h"
#include "sipevents/v1/watchers.grpc.pb.h"

namespace sipevents::gateway {

// The callback API for every rpc; WatchWatchers deals in octets, as all streams here.
using WatchersCallbackBase =
    v1::Watchers::WithCallbackMethod_ListWatchers<v1::Watchers::WithRawCallbackMethod_WatchWatchers<
        v1::Watchers::WithCallbackMethod_AuthorizeWatcher<
            v1::Watchers::WithCallbackMethod_ListWatcherRules<
                v1::Watchers::WithCallbackMethod_DeleteWatcherRule<v1::Watchers::Service>>>>>;

// Serves sipevents.v1.Watchers: asks the event server, which knows watchers and rules, and shows
// what the caller may publish for. All else looks like what is not there.
//
// Threads: any; gRPC's. What the event server says on its SIP thread is answered on the executor.
// Ends: after the server has shut down and AwaitDrained() or the last stream's end.
class WatcherService final : public WatchersCallbackBase, public Drainable {
 public:
  // All must outlive the service, and what the event server has yet to say.
  struct Parts {
    sip::EventServer& server;
    const Authenticator& authenticator;
    const Authorizer& authorizer;
    const Clock& clock;
    FanoutExecutor& executor;
    Metrics& metrics;
  };

  // `tel_domain` is for tel: URIs; empty: they are refused.
  WatcherService(const std::string& tel_domain, const Parts& parts);

  grpc::ServerUnaryReactor* ListWatchers(grpc::CallbackServerContext* context,
                                         const v1::ListWatchersRequest* request,
                                         v1::ListWatchersResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchWatchers(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* AuthorizeWatcher(grpc::CallbackServerContext* context,
                                             const v1::AuthorizeWatcherRequest* request,
                                             v1::WatcherRule* response) override;
  grpc::ServerUnaryReactor* ListWatcherRules(grpc::CallbackServerContext* context,
                                             const v1::ListWatcherRulesRequest* request,
                                             v1::ListWatcherRulesResponse* response) override;
  grpc::ServerUnaryReactor* DeleteWatcherRule(grpc::CallbackServerContext* context,
                                              const v1::DeleteWatcherRuleRequest* request,
                                              google::protobuf::Empty* response) override;

  // Drainable:
  void BeginDrain() override;
  bool AwaitDrained(absl::Time deadline) override;

 private:
  class Observer;
  using Right = std::shared_ptr<DeferredAnswer::Right>;

  // Leaves the rule, if the caller may publish for what it is about.
  void Decide(const Caller& caller, const sip::WatcherRule& rule, const Right& right,
              v1::WatcherRule* response);
  void ShowRules(const Caller& caller, const v1::ListWatcherRulesRequest& request,
                 const WatcherPage& page, const std::vector<sip::WatcherRule>& rules,
                 v1::ListWatcherRulesResponse& response) const;
  void Remove(const Caller& caller, const sip::WatcherRule& rule, const Right& right);

  // Who calls; DRAINING once the drain has begun.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context) const;
  // Who calls, and what the request says once it is checked.
  template <typename Request>
  absl::StatusOr<WatcherPage> AdmitPage(const grpc::CallbackServerContext& context,
                                        const Request& request, Caller& caller) const;
  template <typename Request>
  absl::StatusOr<WatcherSelection> AdmitSelection(const grpc::CallbackServerContext& context,
                                                  const Request& request, Caller& caller) const;
  absl::Status Authorize(const Caller& caller, const std::string& resource_uri,
                         const std::string& event_package) const;

  const Parts parts_;
  const WatcherChecks checks_;
  LiveStreams streams_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_WATCHER_SERVICE_H_
