#ifndef SIP_BASE_BACKOFF_H_
#define SIP_BASE_BACKOFF_H_

#include "absl/time/time.h"
#include "sip/base/random_id.h"

// How long to wait before trying again, for SUBSCRIBE and PUBLISH alike.
// Threads: any, as far as the RandomSource allows.

namespace sipevents {

// The longest that a failure without a hint makes us wait.
inline constexpr absl::Duration kMaxTransientDelay = absl::Seconds(1800);

// A state that lasted this long forgets the failures before it: `failures` starts at 0 again.
inline constexpr absl::Duration kStableAfter = absl::Minutes(5);

// The delay after a failure that may pass by itself (time-out, 5xx, transport):
// rand(0.5..1) * min(1800 s, 60*T1 * 2^failures). With the default T1 of 500 ms, 60*T1 is the
// 30 s of RFC 5626 section 4.5; a shorter T1 shortens it for tests.
// `failures`: those before this one, >= 0.
absl::Duration TransientDelay(int failures, absl::Duration t1, RandomSource& random);

// The delay where the peer named one (Retry-After, retry-after): never less than it, and up to
// a tenth more, so that not all come back at once.
absl::Duration HintDelay(absl::Duration hint, RandomSource& random);

}  // namespace sipevents

#endif  // SIP_BASE_BACKOFF_H_
