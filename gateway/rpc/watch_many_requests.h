#ifndef GATEWAY_RPC_WATCH_MANY_REQUESTS_H_
#define GATEWAY_RPC_WATCH_MANY_REQUESTS_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/rpc/request_checks.h"
#include "gateway/watch/watch_many_stream.h"
#include "gateway/watch/watch_set.h"
#include "grpcpp/support/byte_buffer.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// Reads the requests of one WatchMany call. A watch that is to be added is described by the same
// v1.WatchRequest that a Watch call would have sent, so that it is checked and opened in the same
// way.
//
// Threads: as WatchManyOrders.
class WatchManyRequests final : public WatchManyOrders {
 public:
  // Opens what a watch asks for; asks each time who calls, and whether he may.
  using Opener = std::function<absl::StatusOr<OpenedWatch>(const v1::WatchRequest&)>;

  // `checks`, and what `open` refers to, must outlive the stream's end.
  WatchManyRequests(const RequestChecks& checks, Opener open)
      : checks_(checks), open_(std::move(open)) {}

  // WatchManyOrders:
  absl::Status Take(const grpc::ByteBuffer& request, StreamPace& pace) override;
  std::optional<WatchManyOrder> Next() override;
  absl::StatusOr<OpenedWatch> Open() override;

 private:
  std::optional<WatchManyOrder> NextAdded();

  const RequestChecks& checks_;
  const Opener open_;
  v1::WatchManyRequest request_;
  int next_ = 0;  // what of the request comes next
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_WATCH_MANY_REQUESTS_H_
