#ifndef GATEWAY_WATCH_CHANGE_STREAM_H_
#define GATEWAY_WATCH_CHANGE_STREAM_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/change_queue.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/live_streams.h"
#include "gateway/watch/stream_timer.h"
#include "gateway/watch/watch_batch.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "sip/base/clock.h"

namespace sipevents::gateway {

// One call that streams things and what becomes of them (WatchPublications, WatchWatchers): writes
// what its queue has, a batch at a time, one write in flight. Its response messages have `repeated`
// items as field 1, and each item a Bookmark as field 2.
//
// gRPC's callbacks and those who put things into the queue only schedule it; everything else
// happens in Run(), which the executor never runs twice at once.
//
// Threads: Start(), Put(), CompleteInitial() and Drain() any; the callbacks gRPC's; the rest the
// executor's.
// Ends: gRPC calls OnDone() once, after Finish(); with it the stream lets go of itself.
class ChangeStream final : public LiveStream, public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  struct Options {
    absl::Duration heartbeat_interval = absl::Seconds(20);
    // More of them end the stream: RESOURCE_EXHAUSTED, bound `max_changing_things`.
    size_t max_things = 1'000'000;
  };
  // All must outlive the stream.
  struct Parts {
    FanoutExecutor& executor;
    const Clock& clock;
    Metrics& metrics;
    LiveStreams& streams;
  };

  ChangeStream(const Options& options, const Parts& parts);

  // Begins; to be called once. `source` is let go of when the stream ends: whoever puts things into
  // it then ceases to. Returns what gRPC wants from the rpc's method.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(std::shared_ptr<void> source);

  // There is news of a thing. What comes before Start() is told then.
  void Put(std::shared_ptr<const Changing> thing);
  // The things so far were those that there are.
  void CompleteInitial();

  // LiveStream:
  void Drain() override;

 private:
  // grpc::ServerWriteReactor:
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void Run() override;
  // Whether there is nothing to do until it is scheduled again.
  bool WriteNext();
  void OnIdle(absl::Time now);
  void AppendItem(const std::string& item);
  void AppendBookmark(BookmarkKind kind);
  void Write(absl::Time now);
  void End(const absl::Status& status);

  const Options options_;
  const Parts parts_;
  ChangeQueue queue_;

  // What others leave word of.
  std::atomic<bool> started_{false};
  std::atomic<bool> writing_{false};
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> drain_asked_{false};
  std::atomic<bool> overfull_{false};
  StreamTimer heartbeat_timer_;

  // Run()'s own.
  std::string bytes_;
  grpc::ByteBuffer outgoing_;
  absl::Time last_write_;
  std::vector<std::shared_ptr<const Changing>> unwritten_;  // of what was taken, did not fit
  size_t next_unwritten_ = 0;
  bool bookmark_due_ = false;
  bool drain_told_ = false;
  bool ended_ = false;

  // Keep it, and what it hears from, alive while gRPC may call it.
  std::shared_ptr<void> source_;
  std::shared_ptr<ChangeStream> self_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_CHANGE_STREAM_H_
