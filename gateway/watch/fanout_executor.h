#ifndef GATEWAY_WATCH_FANOUT_EXECUTOR_H_
#define GATEWAY_WATCH_FANOUT_EXECUTOR_H_

#include <semaphore.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "sip/base/mutex.h"
#include "sip/base/timer_queue.h"

namespace sipevents::gateway {

class FanoutExecutor;

// Something that the executor runs when it has been scheduled: a log with news, a stream that
// may have something to write. Must be owned by a std::shared_ptr; the executor shares it while
// it is queued or running.
//
// Threads: Run() is called on executor threads, never on two at once, and each run sees what
// the one before did: members that only Run() touches need no lock.
class Runnable : public std::enable_shared_from_this<Runnable> {
 public:
  Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;
  virtual ~Runnable() = default;

  // There is news in a log that it waits for. Called on any thread, with no lock held; must not
  // block. By itself: schedules it.
  virtual void OnNews(FanoutExecutor& executor);

 protected:
  // Does what there is to do. Called at least once after each Schedule(); calls to Schedule()
  // before it begins are one. Must not block.
  virtual void Run() = 0;

 private:
  friend class FanoutExecutor;
  enum class State : uint8_t { kIdle, kQueued, kRunning, kRunningAgain };

  std::atomic<State> state_{State::kIdle};
  Runnable* next_ = nullptr;        // in the executor's queue
  std::shared_ptr<Runnable> self_;  // while queued
};

// Runs logs and streams on a few threads, and timers on one more. The queue is bounded by
// design: each Runnable is in it once at the most, and being in it allocates nothing.
//
// Threads: any. Schedule() takes no lock: a SIP thread may call it.
// Ends: after Shutdown() nothing runs any more; what is scheduled later is forgotten.
class FanoutExecutor {
 public:
  using TimerId = TimerQueue::TimerId;

  // Starts `threads` threads and one for timers. With 0 there is none, and the owner drives it
  // by RunReady() and Advance(): deterministic, for tests.
  explicit FanoutExecutor(int threads = 2);
  FanoutExecutor(const FanoutExecutor&) = delete;
  FanoutExecutor& operator=(const FanoutExecutor&) = delete;
  // Shuts down.
  ~FanoutExecutor();

  // Sees to it that `runnable` runs once from now on. Lock-free; cost does not depend on what
  // else is queued.
  void Schedule(Runnable& runnable);

  // Calls `action` once on the timer's thread after `delay` of monotonic time, or up to a quarter
  // of it (2 ms at the most) later, together with others. It must be short:
  // usually a Schedule() of something held by a weak_ptr. The caller bounds how many it has.
  TimerId RunAfter(absl::Duration delay, std::function<void()> action);

  // Forgets a timer; false if it has run already, or is about to.
  bool Cancel(TimerId id);

  // Lets what is running end, forgets the rest, joins the threads. Not to be called from them.
  void Shutdown();

  // How many Runnables are queued, for metrics and tests.
  int64_t queued() const { return queued_.load(std::memory_order_relaxed); }

  // Without threads only: runs what is scheduled, and what that schedules, on the caller's
  // thread. Returns how many ran.
  int RunReady();

  // Without threads only: moves the time of timers, runs what is due, then RunReady().
  void Advance(absl::Duration by);

 private:
  // One worker takes so many by itself before another is woken.
  static constexpr int64_t kBacklogOfOne = 16;

  void Push(std::shared_ptr<Runnable> runnable);
  void WakeWorkerIfNeeded();
  std::shared_ptr<Runnable> Pop();
  void RunOne(std::shared_ptr<Runnable> runnable);
  void RunWorker(int index);
  void RunTimers();
  void RunDueTimers();
  void ForgetQueued();
  absl::Time MonotonicNow() const;
  absl::Time RoundUp(absl::Time when, absl::Duration delay) const;

  const bool has_threads_;
  const int workers_;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> queued_{0};
  // Newest first; producers push, a worker takes all. `ready_*` holds what was taken, in order.
  std::atomic<Runnable*> incoming_{nullptr};
  Mutex ready_mutex_;
  Runnable* ready_head_ ABSL_GUARDED_BY(ready_mutex_) = nullptr;
  // Workers that run, or have been called. Each call is a permit: posting one takes no lock,
  // unlike a condition variable.
  std::atomic<int> awake_{0};
  sem_t permits_;

  Mutex timer_mutex_;
  CondVar timer_changed_;
  TimerQueue timers_ ABSL_GUARDED_BY(timer_mutex_);
  std::vector<std::function<void()>> due_ ABSL_GUARDED_BY(timer_mutex_);
  std::atomic<int64_t> manual_nanos_{0};

  std::vector<std::thread> threads_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_FANOUT_EXECUTOR_H_
