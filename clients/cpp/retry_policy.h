#ifndef CLIENTS_CPP_RETRY_POLICY_H_
#define CLIENTS_CPP_RETRY_POLICY_H_

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sipevents::client {

// What to do about the error that a stream ended with.
enum class Verdict {
  kFinal,         // trying again would not help: tell the caller
  kRetry,         // it may pass: connect again, with the token
  kTokenRefused,  // the gateway cannot use the resume token
};

// Judges an error (never OK). `was_connected`: whether the watcher has had a stream before, so
// that the request itself is known to be good.
//
// Final are INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, UNAUTHENTICATED, OUT_OF_RANGE,
// FAILED_PRECONDITION, UNIMPLEMENTED and ALREADY_EXISTS. Retried are UNAVAILABLE,
// DEADLINE_EXCEEDED and ABORTED always; RESOURCE_EXHAUSTED with a RetryInfo, or where the gateway
// took the request before; INTERNAL, UNKNOWN, CANCELLED and DATA_LOSS where no ErrorInfo says that
// the gateway itself answered so, since a broken connection looks like this.
//
// Threads: any.
Verdict Judge(const absl::Status& error, bool was_connected);

// How long to wait before the next try after `why`: `backoff`, or what the gateway asks for
// (RetryInfo, up to an hour) where that is longer; then later than asked by up to the part
// `jitter` of it, never sooner. Threads: any.
absl::Duration RetryWait(const absl::Status& why, absl::Duration backoff, double jitter,
                         absl::BitGenRef random);

// A stream that lasted this long was a success; one that breaks sooner makes the next wait longer,
// or a gateway that falls over its own snapshot would be asked for it four times a second.
inline constexpr absl::Duration kHealthyAfter = absl::Seconds(5);

// How long one attempt waits for a connection that failed before; the wait between attempts comes
// on top of it.
inline constexpr absl::Duration kConnectPatience = absl::Milliseconds(500);

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_RETRY_POLICY_H_
