#ifndef GATEWAY_WATCH_STREAM_TIMER_H_
#define GATEWAY_WATCH_STREAM_TIMER_H_

#include <atomic>
#include <memory>

#include "absl/time/time.h"
#include "gateway/watch/fanout_executor.h"

namespace sipevents::gateway {

// A timer that schedules its stream; set again and again, pending once at the most.
//
// Threads: the stream's Run(); it is a member of the stream.
class StreamTimer {
 public:
  // Schedules `stream` after `delay`, unless the timer is pending already.
  void WakeAfter(absl::Duration delay, std::weak_ptr<Runnable> stream, FanoutExecutor& executor) {
    if (pending_.exchange(true, std::memory_order_acq_rel)) return;
    id_ = executor.RunAfter(delay, [weak = std::move(stream), this, &executor] {
      const std::shared_ptr<Runnable> alive = weak.lock();
      if (alive == nullptr) return;
      // In this order: a run that takes note of `fired` must be able to set the timer again.
      pending_.store(false, std::memory_order_release);
      fired_.store(true, std::memory_order_release);
      executor.Schedule(*alive);
    });
  }

  // Whether it has fired since this was last asked.
  bool TakeFired() { return fired_.exchange(false, std::memory_order_acq_rel); }

  void Cancel(FanoutExecutor& executor) { executor.Cancel(id_); }

 private:
  std::atomic<bool> pending_{false};
  std::atomic<bool> fired_{false};
  FanoutExecutor::TimerId id_ = 0;  // Run()'s own
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_STREAM_TIMER_H_
