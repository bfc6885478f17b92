#include "sip/base/backoff.h"

#include <algorithm>
#include <cmath>

namespace sipevents {

absl::Duration TransientDelay(int failures, absl::Duration t1, RandomSource& random) {
  // 2^40 half seconds are above the cap with any T1 worth having, and no overflow.
  const double doubled = std::ldexp(1.0, std::clamp(failures, 0, 40));
  const absl::Duration longest = std::min(kMaxTransientDelay, 60 * t1 * doubled);
  return longest * (0.5 + 0.5 * random.Uniform());
}

absl::Duration HintDelay(absl::Duration hint, RandomSource& random) {
  return hint * (1.0 + 0.1 * random.Uniform());
}

}  // namespace sipevents
