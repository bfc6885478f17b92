#ifndef GATEWAY_SERVICES_H_
#define GATEWAY_SERVICES_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/authorizer.h"
#include "gateway/config/settings.h"
#include "gateway/lists/resource_list_table.h"
#include "gateway/publications/publication_registry.h"
#include "gateway/registry/subscription_key.h"
#include "gateway/registry/subscription_registry.h"
#include "gateway/rpc/grpc_server.h"
#include "gateway/rpc/publication_service.h"
#include "gateway/rpc/resource_list_service.h"
#include "gateway/rpc/subscription_service.h"
#include "gateway/rpc/watcher_service.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/history_budget.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/event_server.h"
#include "sip/publication.h"

namespace sipevents::gateway {

// All gRPC services and the tables behind them.
//
// Threads: one, main's.
// Ends: after the server that serves them, and after the executor.
class Services {
 public:
  // All must outlive the services.
  struct Parts {
    sip::Agent& agent;
    sip::Publisher& publisher;
    sip::EventServer& server;
    const Authenticator& authenticator;
    const Clock& clock;
    RandomSource& random;
    FanoutExecutor& executor;
    HistoryBudget& budget;
    Metrics& metrics;
  };

  // Errors: INVALID_ARGUMENT (a setting that no check of it knew).
  static absl::StatusOr<std::unique_ptr<Services>> Build(const Settings& settings,
                                                         const Parts& parts);

  // For the server.
  std::vector<GrpcServer::NamedService> All();

  // Refuses new calls and begins to end the streams.
  void BeginDrain();
  // Waits until no stream is left, or until `deadline`. Returns whether none is left.
  bool AwaitDrained(absl::Time deadline);

 private:
  Services(const Settings& settings, const std::string& own_identity, const Parts& parts);

  std::vector<Drainable*> Drainables();

  const SubscriptionNamer namer_ = SubscriptionNamer::WithRandomSecret();
  Authorizer authorizer_;
  const std::shared_ptr<SubscriptionRegistry> subscriptions_;
  const std::shared_ptr<PublicationRegistry> publications_;
  const std::shared_ptr<ResourceListTable> lists_;
  SubscriptionService subscription_service_;
  PublicationService publication_service_;
  WatcherService watcher_service_;
  ResourceListService list_service_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_SERVICES_H_
