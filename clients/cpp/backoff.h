#ifndef CLIENTS_CPP_BACKOFF_H_
#define CLIENTS_CPP_BACKOFF_H_

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"

namespace sipevents::client {

// Says how the waits between attempts grow.
struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(250);
  absl::Duration maximum = absl::Seconds(30);
  double multiplier = 1.6;
  // Each wait is spread evenly over ± this part of itself, 0 to 1, so that the clients of a
  // gateway that restarts do not come back all at once.
  double jitter = 0.3;
};

// Gives the waits between attempts: exponential, capped, spread.
//
// Threads: one.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options), next_(options.initial) {}

  // The wait before the next attempt; never above `maximum`.
  absl::Duration Next(absl::BitGenRef random);

  // To be called after a success: the next wait is the initial one again.
  void Reset() { next_ = options_.initial; }

 private:
  const BackoffOptions options_;
  absl::Duration next_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_BACKOFF_H_
