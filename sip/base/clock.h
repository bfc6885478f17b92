#ifndef SIP_BASE_CLOCK_H_
#define SIP_BASE_CLOCK_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sipevents {

// Tells the time. Everything that waits takes a clock, so that tests need not.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's own clock. Threads: any.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace sipevents

#endif  // SIP_BASE_CLOCK_H_
