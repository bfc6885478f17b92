#include "sip/base/backoff.h"

#include <algorithm>
#include <cmath>

namespace sipevents {

absl::Duration TransientDelay(int failures, absl::Duration base, RandomSource& random) {
  // 2^40 times any base worth having is above the cap, and no overflow.
  const double doubled = std::ldexp(1.0, std::clamp(failures, 0, 40));
  const absl::Duration longest = std::min(kMaxTransientDelay, base * doubled);
  return longest * (0.5 + 0.5 * random.Uniform());
}

absl::Duration HintDelay(absl::Duration hint, RandomSource& random) {
  return hint * (1.0 + 0.1 * random.Uniform());
}

}  // namespace sipevents
