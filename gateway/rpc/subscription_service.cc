#include "gateway/rpc/subscription_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "gateway/rpc/grpc_status.h"
#include "gateway/rpc/reactors.h"
#include "gateway/rpc/refusal_count.h"
#include "gateway/rpc/watch_many_requests.h"
#include "gateway/watch/watch_many_stream.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

using WatchReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
using WatchManyReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

WatchOptions ReadingOptions(const WatchOrder& order, const std::string& event_package) {
  WatchOptions options;
  options.event_package = sip::DescribePackage(event_package).every_event;
  options.every = order.delivery == v1::EVERY ||
                  (order.delivery == v1::DELIVERY_UNSPECIFIED && options.event_package);
  options.fail_on_gap = order.fail_on_gap;
  options.resume = order.resume;
  options.max_items = order.max_batch_items;
  return options;
}

absl::StatusOr<v1::WatchRequest> ParseWatchRequest(const grpc::ByteBuffer& octets) {
  v1::WatchRequest request;
  grpc::ByteBuffer copy(octets);  // references; the parser consumes it
  const grpc::Status status =
      grpc::SerializationTraits<v1::WatchRequest>::Deserialize(&copy, &request);
  if (!status.ok()) return InvalidField("", "", "an encoded sipevents.v1.WatchRequest");
  return request;
}

// How many rows a List looks at before it returns what it found, be it a short page.
constexpr size_t kMaxRowsScanned = 10'000;
constexpr size_t kRowsAtOnce = 256;

}  // namespace

SubscriptionService::SubscriptionService(const Options& options, const Parts& parts)
    : parts_(parts),
      checks_({.tel_domain = options.tel_domain, .own_identity = options.own_identity},
              parts.namer),
      max_watches_per_stream_(options.max_watches_per_stream),
      fetch_slots_(std::make_shared<FetchSlots>(options.max_fetches)),
      explain_slots_(std::make_shared<FetchSlots>(options.max_explains)) {}

absl::StatusOr<Caller> SubscriptionService::Admit(
    const grpc::CallbackServerContext& context) const {
  if (streams_.draining()) return Draining();
  return parts_.authenticator.Authenticate(context);
}

absl::Status SubscriptionService::Authorize(const Caller& caller, Action action,
                                            const SubscriptionKey& key) const {
  return parts_.authorizer.Authorize(caller, {.action = action,
                                              .target = key.target_uri,
                                              .event_package = key.event_package,
                                              .identity = key.identity});
}

absl::StatusOr<std::shared_ptr<const Incarnation>> SubscriptionService::FindFor(
    const Caller& caller, Action action, const std::string& name) const {
  SIPEVENTS_ASSIGN_OR_RETURN(std::shared_ptr<const Incarnation> found,
                             parts_.registry.Find(caller.tenant, name));
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, action, found->key()));
  return found;
}

// ---- CreateSubscription

absl::Status SubscriptionService::Create(const grpc::CallbackServerContext& context,
                                         const v1::CreateSubscriptionRequest& request,
                                         v1::Subscription& response) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_ASSIGN_OR_RETURN(const CreateOrder order, checks_.Check(request, caller.tenant));
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, Action::kCreate, order.wanted.key));
  const absl::StatusOr<std::shared_ptr<const Incarnation>> held =
      parts_.registry.Hold(order.wanted, caller.name, order.ttl);
  CountRefusal(held.status(), parts_.metrics);
  SIPEVENTS_RETURN_IF_ERROR(held.status());
  response = (*held)->Describe();
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SubscriptionService::CreateSubscription(
    grpc::CallbackServerContext* context, const v1::CreateSubscriptionRequest* request,
    v1::Subscription* response) {
  return FinishWith(*context, Create(*context, *request, *response));
}

// ---- GetSubscription

absl::Status SubscriptionService::Get(const grpc::CallbackServerContext& context,
                                      const v1::GetSubscriptionRequest& request,
                                      v1::Subscription& response) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_RETURN_IF_ERROR(checks_.Check(request));
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<const Incarnation> found,
                             FindFor(caller, Action::kGet, request.name()));
  response = found->Describe();
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SubscriptionService::GetSubscription(
    grpc::CallbackServerContext* context, const v1::GetSubscriptionRequest* request,
    v1::Subscription* response) {
  return FinishWith(*context, Get(*context, *request, *response));
}

// ---- ListSubscriptions

absl::Status SubscriptionService::List(const grpc::CallbackServerContext& context,
                                       const v1::ListSubscriptionsRequest& request,
                                       v1::ListSubscriptionsResponse& response) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, Action::kList, {}));
  SIPEVENTS_ASSIGN_OR_RETURN(const ListOrder order, checks_.Check(request, caller.tenant));
  response.set_waiting_count(static_cast<int32_t>(parts_.registry.WaitingOf(caller.tenant)));
  std::string after = order.after;
  for (size_t scanned = 0; scanned < kMaxRowsScanned; scanned += kRowsAtOnce) {
    const auto rows = parts_.registry.ListAfter(caller.tenant, after, kRowsAtOnce);
    for (const std::shared_ptr<const Incarnation>& row : rows) {
      if (response.subscriptions_size() == order.page_size) {
        response.set_next_page_token(checks_.NextPageToken(request, caller.tenant, after));
        return absl::OkStatus();
      }
      after = row->name();
      if (!Authorize(caller, Action::kGet, row->key()).ok()) continue;
      v1::Subscription subscription = row->Describe();
      if (!order.filter.Matches(subscription)) continue;
      *response.add_subscriptions() = std::move(subscription);
    }
    if (rows.size() < kRowsAtOnce) return absl::OkStatus();
  }
  response.set_next_page_token(checks_.NextPageToken(request, caller.tenant, after));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SubscriptionService::ListSubscriptions(
    grpc::CallbackServerContext* context, const v1::ListSubscriptionsRequest* request,
    v1::ListSubscriptionsResponse* response) {
  return FinishWith(*context, List(*context, *request, *response));
}

// ---- DeleteSubscription

absl::Status SubscriptionService::Delete(const grpc::CallbackServerContext& context,
                                         const v1::DeleteSubscriptionRequest& request) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_RETURN_IF_ERROR(checks_.Check(request));
  // Permission before existence: who may never do this is told so, whatever the name.
  if (request.force() && !caller.permissions->admin) return PermissionMissing("admin");
  const Action action = request.force() ? Action::kForceDelete : Action::kDelete;
  SIPEVENTS_RETURN_IF_ERROR(FindFor(caller, action, request.name()).status());
  if (request.force()) return parts_.registry.End(caller.tenant, request.name());
  return parts_.registry.DropHold(caller.tenant, request.name(), caller.name);
}

grpc::ServerUnaryReactor* SubscriptionService::DeleteSubscription(
    grpc::CallbackServerContext* context, const v1::DeleteSubscriptionRequest* request,
    google::protobuf::Empty* /*response*/) {
  return FinishWith(*context, Delete(*context, *request));
}

// ---- Watch

absl::StatusOr<WatchLease> SubscriptionService::LeaseFor(const Caller& caller,
                                                         const WatchOrder& order) {
  if (order.wanted.has_value()) {
    SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, Action::kWatch, order.wanted->key));
    return parts_.registry.Watch(*order.wanted, order.linger);
  }
  SIPEVENTS_RETURN_IF_ERROR(FindFor(caller, Action::kWatch, order.name).status());
  return parts_.registry.WatchExisting(caller.tenant, order.name, order.linger,
                                       order.delivery == v1::EVERY);
}

absl::StatusOr<OpenedWatch> SubscriptionService::Open(const Caller& caller,
                                                      const WatchOrder& order) {
  absl::StatusOr<WatchLease> leased = LeaseFor(caller, order);
  CountRefusal(leased.status(), parts_.metrics);
  SIPEVENTS_RETURN_IF_ERROR(leased.status());
  const auto lease = std::make_shared<WatchLease>(*std::move(leased));
  const Incarnation& subscription = lease->subscription();
  OpenedWatch opened{.log = subscription.log(),
                     .lease = lease,
                     .package_metrics = &subscription.metrics(),
                     .reading = ReadingOptions(order, subscription.key().event_package)};
  opened.reading.from_beginning = lease->started();
  return opened;
}

absl::StatusOr<std::shared_ptr<WatchStream>> SubscriptionService::BeginWatch(
    const grpc::CallbackServerContext& context, const grpc::ByteBuffer& octets) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_ASSIGN_OR_RETURN(const v1::WatchRequest request, ParseWatchRequest(octets));
  SIPEVENTS_ASSIGN_OR_RETURN(const WatchOrder order, checks_.Check(request, caller.tenant));
  SIPEVENTS_ASSIGN_OR_RETURN(const OpenedWatch opened, Open(caller, order));
  WatchStream::Options options;
  options.reading = opened.reading;
  options.heartbeat_interval = order.heartbeat_interval;
  options.batch_linger = order.batch_linger;
  return std::make_shared<WatchStream>(std::move(options),
                                       WatchStream::Parts{
                                           .log = opened.log,
                                           .lease = opened.lease,
                                           .executor = parts_.executor,
                                           .clock = parts_.clock,
                                           .metrics = parts_.metrics,
                                           .package_metrics = *opened.package_metrics,
                                           .streams = streams_,
                                       });
}

WatchReactor* SubscriptionService::Watch(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request) {
  const absl::StatusOr<std::shared_ptr<WatchStream>> stream = BeginWatch(*context, *request);
  if (!stream.ok()) return Refused<WatchReactor>::Start(stream.status());
  return (*stream)->Start();
}

// ---- WatchMany

WatchManyReactor* SubscriptionService::WatchMany(grpc::CallbackServerContext* context) {
  if (const absl::Status admitted = Admit(*context).status(); !admitted.ok()) {
    return Refused<WatchManyReactor>::Start(admitted);
  }
  // Who calls is asked at every watch: his token may be taken from him while the stream lives.
  const auto open = [this,
                     context](const v1::WatchRequest& request) -> absl::StatusOr<OpenedWatch> {
    SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(*context));
    SIPEVENTS_ASSIGN_OR_RETURN(const WatchOrder order, checks_.Check(request, caller.tenant));
    return Open(caller, order);
  };
  const auto stream = std::make_shared<WatchManyStream>(WatchManyStream::Parts{
      .orders = std::make_unique<WatchManyRequests>(checks_, open),
      .max_watches = max_watches_per_stream_,
      .executor = parts_.executor,
      .clock = parts_.clock,
      .metrics = parts_.metrics,
      .streams = streams_,
  });
  return stream->Start();
}

// ---- FetchState

bool SubscriptionService::ServeFromLive(const Caller& caller, const FetchOrder& order,
                                        v1::FetchStateResponse& response) const {
  if (order.max_staleness <= absl::ZeroDuration()) return false;
  const absl::StatusOr<std::shared_ptr<const Incarnation>> live =
      parts_.registry.Find(caller.tenant, order.wanted.name);
  if (!live.ok() || !(*live)->IsFresh(parts_.clock.Now() - order.max_staleness)) return false;
  for (const EntryRef& entry : (*live)->NewestEvents()) {
    response.add_events()->ParseFromArray(entry->payload().data(),
                                          static_cast<int>(entry->payload().size()));
  }
  return true;
}

absl::Status SubscriptionService::AdmitFetch(const grpc::CallbackServerContext& context,
                                             const v1::FetchStateRequest& request,
                                             v1::FetchStateResponse& response,
                                             std::optional<WantedSubscription>& to_fetch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_ASSIGN_OR_RETURN(FetchOrder order, checks_.Check(request, caller.tenant));
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, Action::kFetch, order.wanted.key));
  if (ServeFromLive(caller, order, response)) return absl::OkStatus();
  if (!fetch_slots_->TryTake()) return BoundReached("max_fetches", fetch_slots_->limit());
  order.wanted.expires = absl::ZeroDuration();
  to_fetch = std::move(order.wanted);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SubscriptionService::FetchState(grpc::CallbackServerContext* context,
                                                          const v1::FetchStateRequest* request,
                                                          v1::FetchStateResponse* response) {
  std::optional<WantedSubscription> to_fetch;
  const absl::Status status = AdmitFetch(*context, *request, *response, to_fetch);
  CountRefusal(status, parts_.metrics);
  if (!to_fetch.has_value()) return FinishWith(*context, status);
  return FetchCall::Start(*to_fetch, parts_.agent, fetch_slots_, *response);
}

// ---- ExplainSubscription

absl::StatusOr<std::pair<SubscriptionRegistry::Keepers, Asker>> SubscriptionService::AdmitExplain(
    const grpc::CallbackServerContext& context, const v1::ExplainSubscriptionRequest& request) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_RETURN_IF_ERROR(checks_.Check(request));
  SIPEVENTS_ASSIGN_OR_RETURN(SubscriptionRegistry::Keepers keepers,
                             parts_.registry.FindKeepers(caller.tenant, request.name()));
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, Action::kGet, keepers.incarnation->key()));
  if (!explain_slots_->TryTake()) return BoundReached("max_explains", explain_slots_->limit());
  return std::make_pair(std::move(keepers), Asker{caller.name, caller.permissions->admin});
}

grpc::ServerUnaryReactor* SubscriptionService::ExplainSubscription(
    grpc::CallbackServerContext* context, const v1::ExplainSubscriptionRequest* request,
    v1::Explanation* response) {
  auto admitted = AdmitExplain(*context, *request);
  CountRefusal(admitted.status(), parts_.metrics);
  if (!admitted.ok()) return FinishWith(*context, admitted.status());
  return ExplainCall::Start(
      std::move(admitted->first), std::move(admitted->second),
      {.agent = parts_.agent, .clock = parts_.clock, .executor = parts_.executor}, explain_slots_,
      *response);
}

// ---- Drainable

void SubscriptionService::BeginDrain() { streams_.BeginDrain(); }

bool SubscriptionService::AwaitDrained(absl::Time deadline) { return streams_.AwaitNone(deadline); }

}  // namespace sipevents::gateway
