#ifndef TESTS_FAKES_FAKE_CLOCK_H_
#define TESTS_FAKES_FAKE_CLOCK_H_

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sip/base/timer_queue.h"

namespace sipevents {

// A clock that stands still until told.
//
// Threads: Now() any; the rest belongs to the thread that owns the attached TimerQueue.
class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1700000000)) : now_(start) {}

  absl::Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }

  // From now on Advance() runs the timers of `timers`, which must outlive the clock or be
  // detached with nullptr.
  void Attach(TimerQueue* timers) { timers_ = timers; }

  // Moves on by `step` (>= 0). Attached timers run in order, each at its own time: Now() is then
  // when it was due. A timer that one of them adds runs too if it is due by the end.
  void Advance(absl::Duration step) { AdvanceTo(Now() + step); }

  void AdvanceTo(absl::Time end) {
    while (timers_ != nullptr && timers_->NextDue() <= end) {
      const absl::Time due = std::max(timers_->NextDue(), Now());
      Set(due);
      timers_->RunDue(due);
    }
    Set(std::max(end, Now()));
  }

 private:
  void Set(absl::Time now) {
    MutexLock lock(mutex_);
    now_ = now;
  }

  mutable Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  TimerQueue* timers_ = nullptr;
};

}  // namespace sipevents

#endif  // TESTS_FAKES_FAKE_CLOCK_H_
