#include "gateway/rpc/request_checks.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/registry/keyed_digest.h"
#include "gateway/rpc/grpc_status.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

constexpr absl::Duration kThirtyDays = absl::Hours(30 * 24);
constexpr absl::Duration kDefaultTtl = absl::Hours(1);
constexpr absl::Duration kDefaultBatchLinger = absl::Milliseconds(1);
constexpr int kDefaultBatchItems = 64;
constexpr int kMaxBatchItems = 1024;

void CheckSubscription(const v1::WatchRequest& request, const SpecContext& context,
                       WatchOrder& order, FieldViolations& violations) {
  switch (request.subscription_case()) {
    case v1::WatchRequest::kName:
      CheckName("name", request.name(), violations);
      order.name = request.name();
      return;
    case v1::WatchRequest::kSpec:
      order.wanted = CheckSpec("spec", request.spec(), context, violations);
      order.name = order.wanted->name;
      return;
    case v1::WatchRequest::SUBSCRIPTION_NOT_SET:
      violations.Add("subscription", "", "a name or a spec");
      return;
  }
}

// `epoch` is that of our names.
void CheckResumeToken(const std::string& text, uint64_t epoch, WatchOrder& order,
                      FieldViolations& violations) {
  if (text.empty()) return;
  const absl::StatusOr<ResumeToken> token = ResumeToken::Decode(text);
  if (!token.ok()) {
    violations.Add("resume_token", text, "a token from an earlier WatchItem");
    return;
  }
  // Of which Subscription the token should be is known only if the rest of the request is good.
  if (violations.empty() && token->epoch() == epoch && !token->IsForName(order.name)) {
    violations.Add("resume_token", text,
                   absl::StrCat("a token of the Subscription that is watched, ", order.name));
    return;
  }
  order.resume = *token;
}

// Of a WatchRequest or a WatchManyRequest.
template <typename Request>
PaceOrder CheckPace(const Request& request, FieldViolations& violations) {
  PaceOrder order;
  if (request.has_heartbeat_interval()) {
    order.heartbeat_interval =
        CheckDuration("heartbeat_interval", request.heartbeat_interval(),
                      {.least = absl::Seconds(1), .most = absl::Hours(1)}, violations);
  }
  if (request.has_batch_linger()) {
    order.batch_linger =
        CheckDuration("batch_linger", request.batch_linger(),
                      {.least = absl::ZeroDuration(), .most = absl::Seconds(1)}, violations);
  }
  if (request.max_batch_items() != 0) {
    order.max_batch_items = CheckCount("max_batch_items", request.max_batch_items(), kMaxBatchItems,
                                       kDefaultBatchItems, violations);
  }
  return order;
}

}  // namespace

RequestChecks::RequestChecks(Options options, const SubscriptionNamer& namer)
    : options_(std::move(options)), namer_(namer), page_tokens_(RandomSecret()) {}

SpecContext RequestChecks::ContextFor(const std::string& tenant) const {
  return {.tenant = tenant,
          .tel_domain = options_.tel_domain,
          .own_identity = options_.own_identity,
          .namer = namer_};
}

absl::StatusOr<CreateOrder> RequestChecks::Check(const v1::CreateSubscriptionRequest& request,
                                                 const std::string& tenant) const {
  FieldViolations violations;
  CreateOrder order;
  order.wanted = CheckSpec("spec", request.spec(), ContextFor(tenant), violations);
  order.ttl = kDefaultTtl;
  if (request.has_ttl()) {
    order.ttl = CheckDuration("ttl", request.ttl(),
                              {.least = absl::Seconds(1), .most = kThirtyDays}, violations);
  }
  return Conclude(std::move(order), violations);
}

absl::Status RequestChecks::Check(const v1::GetSubscriptionRequest& request) const {
  FieldViolations violations;
  CheckName("name", request.name(), violations);
  return violations.ToStatus();
}

absl::Status RequestChecks::Check(const v1::ExplainSubscriptionRequest& request) const {
  FieldViolations violations;
  CheckName("name", request.name(), violations);
  return violations.ToStatus();
}

absl::StatusOr<ListOrder> RequestChecks::Check(const v1::ListSubscriptionsRequest& request,
                                               const std::string& tenant) const {
  FieldViolations violations;
  ListOrder order;
  order.page_size =
      CheckCount("page_size", request.page_size(), kMaxPageSize, kDefaultPageSize, violations);
  absl::StatusOr<SubscriptionFilter> filter = SubscriptionFilter::Parse(request.filter());
  if (filter.ok()) {
    order.filter = *std::move(filter);
  } else {
    violations.Add("filter", request.filter(), std::string(filter.status().message()));
  }
  if (!request.page_token().empty()) {
    std::optional<std::string> after =
        page_tokens_.Read(tenant, request.filter(), request.page_token());
    if (after.has_value()) {
      order.after = *std::move(after);
    } else {
      violations.Add("page_token", request.page_token(),
                     "next_page_token of an earlier page of the same list, with the same filter");
    }
  }
  return Conclude(std::move(order), violations);
}

absl::Status RequestChecks::Check(const v1::DeleteSubscriptionRequest& request) const {
  FieldViolations violations;
  CheckName("name", request.name(), violations);
  return violations.ToStatus();
}

absl::StatusOr<WatchOrder> RequestChecks::Check(const v1::WatchRequest& request,
                                                const std::string& tenant) const {
  FieldViolations violations;
  WatchOrder order;
  CheckSubscription(request, ContextFor(tenant), order, violations);
  CheckResumeToken(request.resume_token(), namer_.epoch(), order, violations);
  if (!v1::Delivery_IsValid(request.delivery())) {
    violations.Add("delivery", std::to_string(request.delivery()),
                   "DELIVERY_UNSPECIFIED, LATEST or EVERY");
  }
  order.delivery = request.delivery();
  if (order.wanted.has_value()) order.wanted->every = order.delivery == v1::EVERY;
  order.fail_on_gap = request.fail_on_gap();
  if (request.has_linger()) {
    order.linger = CheckDuration("linger", request.linger(),
                                 {.least = absl::ZeroDuration(), .most = kThirtyDays}, violations);
  }
  const PaceOrder pace = CheckPace(request, violations);
  order.heartbeat_interval = pace.heartbeat_interval.value_or(kDefaultHeartbeat);
  order.batch_linger = pace.batch_linger.value_or(kDefaultBatchLinger);
  order.max_batch_items = pace.max_batch_items.value_or(kDefaultBatchItems);
  return Conclude(std::move(order), violations);
}

absl::StatusOr<PaceOrder> RequestChecks::Check(const v1::WatchManyRequest& request) const {
  FieldViolations violations;
  const PaceOrder order = CheckPace(request, violations);
  return Conclude(order, violations);
}

absl::StatusOr<FetchOrder> RequestChecks::Check(const v1::FetchStateRequest& request,
                                                const std::string& tenant) const {
  FieldViolations violations;
  FetchOrder order;
  order.wanted = CheckSpec("spec", request.spec(), ContextFor(tenant), violations);
  if (request.has_max_staleness()) {
    order.max_staleness =
        CheckDuration("max_staleness", request.max_staleness(),
                      {.least = absl::ZeroDuration(), .most = kThirtyDays}, violations);
  }
  return Conclude(std::move(order), violations);
}

std::string RequestChecks::NextPageToken(const v1::ListSubscriptionsRequest& request,
                                         const std::string& tenant,
                                         const std::string& after) const {
  return page_tokens_.Make(tenant, request.filter(), after);
}

}  // namespace sipevents::gateway
