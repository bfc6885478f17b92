#ifndef SIP_BASE_BACKOFF_H_
#define SIP_BASE_BACKOFF_H_

#include "absl/time/time.h"
#include "sip/base/random_id.h"

// How long to wait before trying again, for SUBSCRIBE and PUBLISH alike.
// Threads: any, as far as the RandomSource allows.

namespace sipevents {

// The longest that a failure without a hint makes us wait.
inline constexpr absl::Duration kMaxTransientDelay = absl::Seconds(1800);

// The base, where nothing else is configured: that of RFC 5626 section 4.5.
inline constexpr absl::Duration kRetryBase = absl::Seconds(30);

// A state that lasted this long forgets the failures before it: `failures` starts at 0 again.
inline constexpr absl::Duration kStableAfter = absl::Minutes(5);

// The delay after a failure that may pass by itself (time-out, 5xx, transport):
// rand(0.5..1) * min(1800 s, base * 2^failures). `failures`: those before this one, >= 0.
absl::Duration TransientDelay(int failures, absl::Duration base, RandomSource& random);

// The delay where the peer named one (Retry-After, retry-after): never less than it, and up to
// a tenth more, so that not all come back at once.
absl::Duration HintDelay(absl::Duration hint, RandomSource& random);

}  // namespace sipevents

#endif  // SIP_BASE_BACKOFF_H_
