#ifndef GATEWAY_WATCH_WATCH_MANY_STREAM_H_
#define GATEWAY_WATCH_WATCH_MANY_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/live_streams.h"
#include "gateway/watch/stream_timer.h"
#include "gateway/watch/watch_batch.h"
#include "gateway/watch/watch_set.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "sip/base/clock.h"

namespace sipevents::gateway {

// How a stream writes.
struct StreamPace {
  // How long it may be silent before a HEARTBEAT.
  absl::Duration heartbeat_interval = absl::Seconds(20);
  // How long a busy stream collects items; an idle one writes at once.
  absl::Duration batch_linger = absl::Milliseconds(1);
  int max_batch_items = 64;
};

// One thing that a caller asks of a WatchMany stream.
struct WatchManyOrder {
  enum class Kind { kAdd, kRemove, kGrant };
  Kind kind = Kind::kAdd;
  uint64_t watch_id = 0;
  std::optional<uint64_t> credit;  // with kAdd and kGrant
};

// Reads the requests of one WatchMany call, one thing at a time, and knows what the caller may.
//
// Threads: the stream's Run(); until the stream has ended.
class WatchManyOrders {
 public:
  virtual ~WatchManyOrders() = default;

  // Takes in one v1.WatchManyRequest and changes `pace` as it says. INVALID_ARGUMENT: the stream
  // has to end. To be called when Next() has given all of the one before.
  virtual absl::Status Take(const grpc::ByteBuffer& request, StreamPace& pace) = 0;

  // The next thing that the request asks for; nullopt: that was all.
  virtual std::optional<WatchManyOrder> Next() = 0;

  // Opens the watch that the last order, a kAdd, wants. Errors: as those of a Watch call.
  virtual absl::StatusOr<OpenedWatch> Open() = 0;
};

// One WatchMany call: carries out what the caller asks, and writes what its watches tell, a
// batch at a time, one write in flight. It holds one request and one batch at the most: the next
// request is read when the one before is done, and what it asks for is done in slices between
// the writes, so that neither side can make the other keep much, and a burst of ten thousand
// watches does not hold a thread for long.
//
// gRPC's callbacks and the timers only leave word and schedule it; everything else happens in
// Run(), which the executor never runs twice at once. So nothing here needs a lock.
//
// Threads: Start() and Drain() any; the callbacks gRPC's; the rest the executor's.
// Ends: gRPC calls OnDone() once, after Finish(). The watches are let go of in slices, too.
class WatchManyStream final : public LiveStream,
                              public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  struct Parts {
    std::unique_ptr<WatchManyOrders> orders;
    // How many watches the stream may have.
    size_t max_watches = 100'000;
    // These must outlive the stream.
    FanoutExecutor& executor;
    const Clock& clock;
    Metrics& metrics;
    LiveStreams& streams;
  };

  explicit WatchManyStream(Parts parts);
  ~WatchManyStream() override;

  // Begins; to be called once. Returns what gRPC wants from the rpc's method.
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Start();

  // LiveStream:
  void Drain() override;

 private:
  // Why nothing more can be done in this run.
  enum class Step { kWait, kGoOn };

  // grpc::ServerBidiReactor:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void Run() override;
  Step WorkAndWrite();
  absl::Status CarryOutSlice();
  absl::Status CarryOut(const WatchManyOrder& order);
  absl::Status Add(const WatchManyOrder& order);
  bool ShouldLinger(absl::Time now);
  void OnIdle(absl::Time now);
  void Write(absl::Time now);
  void WriteBookmark(BookmarkKind kind, absl::Time now);
  void End(const absl::Status& status);
  void ReleaseSlice();
  void CountWatches();

  Parts parts_;

  // What the callbacks leave word of.
  std::atomic<bool> writing_{false};
  std::atomic<bool> request_here_{false};
  std::atomic<bool> half_closed_{false};
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> drain_asked_{false};
  StreamTimer linger_timer_;
  StreamTimer heartbeat_timer_;

  // Run()'s own.
  std::optional<WatchSet> watches_;
  size_t counted_watches_ = 0;  // as the metrics know them
  StreamPace pace_;
  bool carrying_out_ = false;  // a request is not done with
  WatchBatch batch_;
  grpc::ByteBuffer incoming_;  // gRPC's, while a read is under way
  grpc::ByteBuffer outgoing_;
  absl::Time last_write_ = absl::InfinitePast();
  bool more_to_read_ = false;
  bool drain_begun_ = false;
  bool drain_told_ = false;
  bool ended_ = false;

  // Keeps it alive while gRPC may call it.
  std::shared_ptr<WatchManyStream> self_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_WATCH_MANY_STREAM_H_
