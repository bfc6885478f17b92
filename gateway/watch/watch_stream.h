#ifndef GATEWAY_WATCH_WATCH_STREAM_H_
#define GATEWAY_WATCH_WATCH_STREAM_H_

#include <atomic>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/event_log.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/live_streams.h"
#include "gateway/watch/stream_timer.h"
#include "gateway/watch/watch_reader.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "sip/base/clock.h"

namespace sipevents::gateway {

// One Watch call: reads the log of a Subscription and writes what it reads, a batch at a time,
// one write in flight. It holds a cursor and at most one batch, so that a client that does not
// read costs nobody anything.
//
// gRPC's callbacks and the timers only leave word and schedule it; everything else happens in
// Run(), which the executor never runs twice at once. So nothing here needs a lock.
//
// Threads: Start() and Drain() any; the callbacks gRPC's; the rest the executor's.
// Ends: gRPC calls OnDone() once, after Finish(); with it the stream lets go of itself.
class WatchStream final : public LiveStream, public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  struct Options {
    WatchOptions reading;
    // How long it may be silent before a HEARTBEAT.
    absl::Duration heartbeat_interval = absl::Seconds(20);
    // How long a busy stream collects items; an idle one writes at once.
    absl::Duration batch_linger = absl::Milliseconds(1);
  };
  // All but `log` and `lease` must outlive the stream.
  struct Parts {
    std::shared_ptr<EventLog> log;
    // Keeps the Subscription alive; let go of when the stream ends.
    std::shared_ptr<void> lease;
    FanoutExecutor& executor;
    const Clock& clock;
    Metrics& metrics;
    PackageMetrics& package_metrics;
    LiveStreams& streams;
  };

  WatchStream(Options options, Parts parts);

  // Begins; to be called once. Returns what gRPC wants from the rpc's method.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start();

  // LiveStream:
  void Drain() override;

 private:
  // Why nothing more can be done in this run.
  enum class Step { kWait, kGoOn };

  // grpc::ServerWriteReactor:
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void Run() override;
  Step ReadAndWrite();
  void OnIdle(absl::Time now);
  bool ShouldLinger(absl::Time now);
  void Write(absl::Time now);
  void WriteBookmark(BookmarkKind kind, absl::Time now);
  void CountWritten(absl::Time now);
  void End(const absl::Status& status);

  const Options options_;
  Parts parts_;

  // What the callbacks leave word of.
  std::atomic<bool> writing_{false};
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> drain_asked_{false};
  StreamTimer linger_timer_;
  StreamTimer heartbeat_timer_;

  // Run()'s own.
  std::optional<WatchReader> reader_;
  WatchBatch batch_;
  grpc::ByteBuffer outgoing_;
  absl::Time last_write_ = absl::InfinitePast();
  bool more_to_read_ = false;
  bool wrote_before_ = false;
  bool busy_ = false;      // the last two writes came close together
  bool promised_ = false;  // to look at the log when the linger timer fires
  bool drain_told_ = false;
  bool ended_ = false;

  // Keeps it alive while gRPC may call it.
  std::shared_ptr<WatchStream> self_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_WATCH_STREAM_H_
