#include "clients/cpp/backoff.h"

#include <algorithm>

#include "absl/random/distributions.h"

namespace sipevents::client {

absl::Duration Backoff::Next(absl::BitGenRef random) {
  const absl::Duration wait = std::min(next_, options_.maximum);
  next_ = std::min(wait * options_.multiplier, options_.maximum);
  const double factor =
      options_.jitter > 0 ? absl::Uniform(random, 1 - options_.jitter, 1 + options_.jitter) : 1.0;
  return std::min(wait * factor, options_.maximum);
}

}  // namespace sipevents::client
