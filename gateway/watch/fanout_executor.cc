#include "gateway/watch/fanout_executor.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::gateway {
namespace {

constexpr absl::Duration kLongestTick = absl::Milliseconds(2);

void NameThisThread(const std::string& name) { pthread_setname_np(pthread_self(), name.c_str()); }

}  // namespace

void Runnable::OnNews(FanoutExecutor& executor) { executor.Schedule(*this); }

FanoutExecutor::FanoutExecutor(int threads)
    : has_threads_(threads > 0), workers_(std::max(threads, 0)) {
  sem_init(&permits_, /*pshared=*/0, /*value=*/0);
  if (threads <= 0) return;
  threads_.reserve(static_cast<size_t>(threads) + 1);
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, i] { RunWorker(i); });
  }
  threads_.emplace_back([this] { RunTimers(); });
}

FanoutExecutor::~FanoutExecutor() {
  Shutdown();
  ForgetQueued();
  sem_destroy(&permits_);
}

void FanoutExecutor::Schedule(Runnable& runnable) {
  using State = Runnable::State;
  if (stopping_.load(std::memory_order_relaxed)) return;
  State state = runnable.state_.load(std::memory_order_relaxed);
  State next;
  // Always a read-modify-write, even when nothing changes: so the coming run sees what its
  // scheduler did before.
  do {
    next = state == State::kIdle      ? State::kQueued
           : state == State::kRunning ? State::kRunningAgain
                                      : state;
  } while (!runnable.state_.compare_exchange_weak(state, next, std::memory_order_acq_rel,
                                                  std::memory_order_relaxed));
  if (state != State::kIdle) return;
  std::shared_ptr<Runnable> shared = runnable.weak_from_this().lock();
  if (shared == nullptr) return;  // it is being destroyed: nobody can schedule it again
  Push(std::move(shared));
}

void FanoutExecutor::Push(std::shared_ptr<Runnable> runnable) {
  Runnable* raw = runnable.get();
  raw->self_ = std::move(runnable);
  raw->next_ = incoming_.load(std::memory_order_relaxed);
  while (!incoming_.compare_exchange_weak(raw->next_, raw, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
  // Pairs with RunWorker(): either this sees the worker that goes to sleep, or that one sees
  // what was queued.
  queued_.fetch_add(1, std::memory_order_seq_cst);
  WakeWorkerIfNeeded();
}

// Waking a thread costs more than most runs: one that is awake takes the next as well, and
// another is called only for a backlog.
void FanoutExecutor::WakeWorkerIfNeeded() {
  int awake = awake_.load(std::memory_order_seq_cst);
  while (awake < workers_ && queued_.load(std::memory_order_seq_cst) > awake * kBacklogOfOne) {
    if (awake_.compare_exchange_weak(awake, awake + 1, std::memory_order_seq_cst)) {
      sem_post(&permits_);
      return;
    }
  }
}

std::shared_ptr<Runnable> FanoutExecutor::Pop() {
  MutexLock lock(ready_mutex_);
  if (ready_head_ == nullptr) {
    Runnable* newest_first = incoming_.exchange(nullptr, std::memory_order_acquire);
    while (newest_first != nullptr) {
      Runnable* next = std::exchange(newest_first->next_, ready_head_);
      ready_head_ = std::exchange(newest_first, next);
    }
  }
  if (ready_head_ == nullptr) return nullptr;
  Runnable* taken = std::exchange(ready_head_, ready_head_->next_);
  queued_.fetch_sub(1, std::memory_order_relaxed);
  return std::move(taken->self_);
}

void FanoutExecutor::RunOne(std::shared_ptr<Runnable> runnable) {
  using State = Runnable::State;
  runnable->state_.exchange(State::kRunning, std::memory_order_acq_rel);
  runnable->Run();
  State running = State::kRunning;
  if (runnable->state_.compare_exchange_strong(running, State::kIdle, std::memory_order_acq_rel)) {
    return;
  }
  // Scheduled meanwhile. Behind the others, so that a busy one does not starve them.
  runnable->state_.exchange(State::kQueued, std::memory_order_acq_rel);
  Push(std::move(runnable));
}

void FanoutExecutor::RunWorker(int index) {
  NameThisThread(absl::StrCat("fanout-", index));
  while (true) {
    while (sem_wait(&permits_) != 0 && errno == EINTR) {
    }
    while (!stopping_.load(std::memory_order_acquire)) {
      std::shared_ptr<Runnable> runnable = Pop();
      if (runnable == nullptr) break;
      RunOne(std::move(runnable));
    }
    if (stopping_.load(std::memory_order_acquire)) return;
    awake_.fetch_sub(1, std::memory_order_seq_cst);
    WakeWorkerIfNeeded();
  }
}

FanoutExecutor::TimerId FanoutExecutor::RunAfter(absl::Duration delay,
                                                 std::function<void()> action) {
  MutexLock lock(timer_mutex_);
  const absl::Time when = RoundUp(MonotonicNow() + delay, delay);
  const bool earliest = when < timers_.NextDue();
  // The action runs without the lock, so that it may set timers: here it is only put aside.
  const TimerId id = timers_.At(
      when, [this, action = std::move(action)]() mutable { due_.push_back(std::move(action)); });
  if (earliest) timer_changed_.NotifyOne();
  return id;
}

// Timers of about the same time fire together, so that the thread wakes up once for them.
absl::Time FanoutExecutor::RoundUp(absl::Time when, absl::Duration delay) const {
  if (!has_threads_) return when;
  const absl::Duration tick = std::min(delay / 4, kLongestTick);
  if (tick <= absl::ZeroDuration()) return when;
  return absl::UnixEpoch() + absl::Ceil(when - absl::UnixEpoch(), tick);
}

bool FanoutExecutor::Cancel(TimerId id) {
  MutexLock lock(timer_mutex_);
  return timers_.Cancel(id);
}

void FanoutExecutor::RunTimers() {
  NameThisThread("fanout-timer");
  while (true) {
    {
      MutexLock lock(timer_mutex_);
      while (!stopping_.load(std::memory_order_acquire) && timers_.NextDue() > MonotonicNow()) {
        const absl::Time due = timers_.NextDue();
        if (due == absl::InfiniteFuture()) {
          timer_changed_.Wait(timer_mutex_);
        } else {
          timer_changed_.WaitUntil(timer_mutex_,
                                   std::chrono::steady_clock::time_point(
                                       absl::ToChronoNanoseconds(due - absl::UnixEpoch())));
        }
      }
    }
    if (stopping_.load(std::memory_order_acquire)) return;
    RunDueTimers();
  }
}

void FanoutExecutor::RunDueTimers() {
  std::vector<std::function<void()>> due;
  {
    MutexLock lock(timer_mutex_);
    timers_.RunDue(MonotonicNow());
    due.swap(due_);
  }
  for (std::function<void()>& action : due) action();
}

void FanoutExecutor::Shutdown() {
  {
    MutexLock lock(timer_mutex_);
    stopping_.store(true, std::memory_order_release);
    timer_changed_.NotifyAll();
  }
  for (size_t i = 0; i < threads_.size(); ++i) sem_post(&permits_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  ForgetQueued();
}

void FanoutExecutor::ForgetQueued() {
  while (std::shared_ptr<Runnable> runnable = Pop()) {
    runnable->state_.store(Runnable::State::kIdle, std::memory_order_release);
  }
}

int FanoutExecutor::RunReady() {
  int ran = 0;
  while (std::shared_ptr<Runnable> runnable = Pop()) {
    RunOne(std::move(runnable));
    ++ran;
  }
  return ran;
}

void FanoutExecutor::Advance(absl::Duration by) {
  manual_nanos_.fetch_add(absl::ToInt64Nanoseconds(by), std::memory_order_relaxed);
  RunDueTimers();
  RunReady();
}

absl::Time FanoutExecutor::MonotonicNow() const {
  if (!has_threads_) {
    return absl::UnixEpoch() + absl::Nanoseconds(manual_nanos_.load(std::memory_order_relaxed));
  }
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace sipevents::gateway
