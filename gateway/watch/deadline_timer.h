#ifndef GATEWAY_WATCH_DEADLINE_TIMER_H_
#define GATEWAY_WATCH_DEADLINE_TIMER_H_

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "gateway/watch/fanout_executor.h"

namespace sipevents::gateway {

// Schedules its owner at the earliest of the times that the owner has to do something at; one timer
// of the executor's, however many such times there are.
//
// Threads: its owner's lock.
class DeadlineTimer {
 public:
  // Schedules `owner` at `due`, unless it is to run before that anyhow. Infinite: never.
  void ArmFor(absl::Time due, absl::Time now, std::weak_ptr<Runnable> owner,
              FanoutExecutor& executor) {
    if (due >= due_) return;
    executor.Cancel(id_);
    due_ = due;
    id_ = executor.RunAfter(std::max(due - now, absl::ZeroDuration()),
                            [weak = std::move(owner), &executor] {
                              const std::shared_ptr<Runnable> alive = weak.lock();
                              if (alive != nullptr) executor.Schedule(*alive);
                            });
  }

  // To be called when the owner runs: what is due later needs a timer again.
  void OnRun() {
    id_ = 0;
    due_ = absl::InfiniteFuture();
  }

  // Its owner is not scheduled any more.
  void Cancel(FanoutExecutor& executor) {
    executor.Cancel(id_);
    OnRun();
  }

 private:
  FanoutExecutor::TimerId id_ = 0;
  absl::Time due_ = absl::InfiniteFuture();
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_DEADLINE_TIMER_H_
