#ifndef GATEWAY_RPC_REQUEST_CHECKS_H_
#define GATEWAY_RPC_REQUEST_CHECKS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/registry/page_token.h"
#include "gateway/registry/subscription_filter.h"
#include "gateway/registry/subscription_key.h"
#include "gateway/rpc/request_checks_spec.h"
#include "gateway/watch/resume_token.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// What the requests say, once every field is known to be usable and the defaults are filled in.

struct CreateOrder {
  WantedSubscription wanted;
  absl::Duration ttl;
};

struct ListOrder {
  int page_size = 0;
  std::string after;  // the last name of the page before; empty: from the beginning
  SubscriptionFilter filter;
};

struct WatchOrder {
  std::string name;                          // of the Subscription, also where it was described
  std::optional<WantedSubscription> wanted;  // nullopt: it has to be there
  std::optional<ResumeToken> resume;
  v1::Delivery delivery = v1::DELIVERY_UNSPECIFIED;
  bool fail_on_gap = false;
  std::optional<absl::Duration> linger;  // nullopt: the gateway's own
  absl::Duration heartbeat_interval;
  absl::Duration batch_linger;
  int max_batch_items = 0;
};

// How a WatchMany stream shall write from now on; nullopt: as it does.
struct PaceOrder {
  std::optional<absl::Duration> heartbeat_interval;
  std::optional<absl::Duration> batch_linger;
  std::optional<int> max_batch_items;
};

struct FetchOrder {
  WantedSubscription wanted;
  absl::Duration max_staleness;
};

// Turns requests into orders. Everything that is wrong with a request is told at once:
// INVALID_ARGUMENT, reason INVALID_FIELD, with a BadRequest of field, value and expectation.
// `tenant` is that of the caller.
//
// Threads: any.
class RequestChecks {
 public:
  struct Options {
    std::string tel_domain;    // for tel: URIs; empty: they are refused
    std::string own_identity;  // canonical; naming it is the same as naming none
  };

  // `namer` must outlive it. Page tokens are good as long as this object lives.
  RequestChecks(Options options, const SubscriptionNamer& namer);

  absl::StatusOr<CreateOrder> Check(const v1::CreateSubscriptionRequest& request,
                                    const std::string& tenant) const;
  absl::Status Check(const v1::GetSubscriptionRequest& request) const;
  absl::StatusOr<ListOrder> Check(const v1::ListSubscriptionsRequest& request,
                                  const std::string& tenant) const;
  absl::Status Check(const v1::DeleteSubscriptionRequest& request) const;
  absl::Status Check(const v1::ExplainSubscriptionRequest& request) const;
  absl::StatusOr<WatchOrder> Check(const v1::WatchRequest& request,
                                   const std::string& tenant) const;
  // Of the stream as a whole only; the watches are checked one by one, as v1.WatchRequest.
  absl::StatusOr<PaceOrder> Check(const v1::WatchManyRequest& request) const;
  absl::StatusOr<FetchOrder> Check(const v1::FetchStateRequest& request,
                                   const std::string& tenant) const;

  // The page token for what comes after the name `after` in the list that `request` asks for.
  std::string NextPageToken(const v1::ListSubscriptionsRequest& request, const std::string& tenant,
                            const std::string& after) const;

 private:
  SpecContext ContextFor(const std::string& tenant) const;

  const Options options_;
  const SubscriptionNamer& namer_;
  const PageTokens page_tokens_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_REQUEST_CHECKS_H_
