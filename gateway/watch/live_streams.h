#ifndef GATEWAY_WATCH_LIVE_STREAMS_H_
#define GATEWAY_WATCH_LIVE_STREAMS_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "gateway/watch/fanout_executor.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// A gRPC stream as a drain sees it.
class LiveStream : public Runnable {
 public:
  // Asks the stream to end: what is queued goes out, then the bookmark DRAIN, then DRAINING. Any
  // thread; returns at once.
  virtual void Drain() = 0;
};

// The streams that are open, so that a drain finds them.
//
// Threads: any.
class LiveStreams {
 public:
  // Returns false once the drain has begun: the stream has to drain at once.
  bool Add(const std::shared_ptr<LiveStream>& stream);
  void Remove(LiveStream& stream);

  // Drains those that are open, and all that come. Returns at once.
  void BeginDrain();
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

  // Waits until no stream is left, or until `deadline` by the machine's clock. Returns whether
  // none is left.
  bool AwaitNone(absl::Time deadline);

  size_t size() const;

 private:
  std::atomic<bool> draining_{false};
  mutable Mutex mutex_;
  CondVar none_left_;
  absl::flat_hash_map<LiveStream*, std::weak_ptr<LiveStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_LIVE_STREAMS_H_
