#include "gateway/rpc/watch_many_requests.h"

#include <utility>

#include "gateway/rpc/grpc_status.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

// Empties `added` into the request that a Watch call would have sent.
v1::WatchRequest AsWatchRequest(v1::AddedWatch& added) {
  v1::WatchRequest request;
  if (added.has_name()) request.set_name(std::move(*added.mutable_name()));
  if (added.has_spec()) request.mutable_spec()->Swap(added.mutable_spec());
  request.set_resume_token(std::move(*added.mutable_resume_token()));
  request.set_delivery(added.delivery());
  request.set_fail_on_gap(added.fail_on_gap());
  if (added.has_linger()) *request.mutable_linger() = added.linger();
  return request;
}

}  // namespace

absl::Status WatchManyRequests::Take(const grpc::ByteBuffer& request, StreamPace& pace) {
  next_ = 0;
  grpc::ByteBuffer copy(request);  // references; the parser consumes it
  const grpc::Status parsed =
      grpc::SerializationTraits<v1::WatchManyRequest>::Deserialize(&copy, &request_);
  if (!parsed.ok()) return InvalidField("", "", "an encoded sipevents.v1.WatchManyRequest");
  SIPEVENTS_ASSIGN_OR_RETURN(const PaceOrder order, checks_.Check(request_));
  pace.heartbeat_interval = order.heartbeat_interval.value_or(pace.heartbeat_interval);
  pace.batch_linger = order.batch_linger.value_or(pace.batch_linger);
  pace.max_batch_items = order.max_batch_items.value_or(pace.max_batch_items);
  return absl::OkStatus();
}

std::optional<WatchManyOrder> WatchManyRequests::Next() {
  if (request_.has_add()) return NextAdded();
  if (next_++ > 0) return std::nullopt;
  switch (request_.action_case()) {
    case v1::WatchManyRequest::kRemove:
      return WatchManyOrder{.kind = WatchManyOrder::Kind::kRemove,
                            .watch_id = request_.remove().watch_id(),
                            .credit = std::nullopt};
    case v1::WatchManyRequest::kCredit:
      return WatchManyOrder{.kind = WatchManyOrder::Kind::kGrant,
                            .watch_id = request_.credit().watch_id(),
                            .credit = request_.credit().items()};
    case v1::WatchManyRequest::kAdd:
    case v1::WatchManyRequest::ACTION_NOT_SET:
      break;
  }
  return std::nullopt;
}

std::optional<WatchManyOrder> WatchManyRequests::NextAdded() {
  if (next_ == request_.add().watches_size()) {
    request_.Clear();  // may be large
    return std::nullopt;
  }
  const v1::AddedWatch& added = request_.add().watches(next_++);
  WatchManyOrder order{.watch_id = added.watch_id(), .credit = std::nullopt};
  if (added.has_credit()) order.credit = added.credit();
  return order;
}

absl::StatusOr<OpenedWatch> WatchManyRequests::Open() {
  return open_(AsWatchRequest(*request_.mutable_add()->mutable_watches(next_ - 1)));
}

}  // namespace sipevents::gateway
