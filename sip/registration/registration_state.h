#ifndef SIP_REGISTRATION_REGISTRATION_STATE_H_
#define SIP_REGISTRATION_REGISTRATION_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/base/random_id.h"
#include "sip/dialog/message.h"
#include "sip/subscriber/retry_policy.h"

// The state machine of one registration (RFC 3261 section 10.2, RFC 5626 section 4): REGISTER,
// refresh, retry, unregister. Pure: (state, input, context) -> (state, what to send). Threads: any.

namespace sipevents::sip {

enum class RegistrationPhase {
  kRegistering,    // nothing is bound; a REGISTER is under way
  kRegistered,     // the registrar leads to us
  kWaiting,        // nothing is bound; the next REGISTER has its time
  kUnregistering,  // the last REGISTER, with Expires 0, is under way
  kEnded,
};

struct RegistrationState {
  RegistrationPhase phase = RegistrationPhase::kRegistering;
  absl::Duration requested;                       // what the next REGISTER asks for
  absl::Time bound_until = absl::InfinitePast();  // until when the registrar leads to us
  absl::Time act_at = absl::InfiniteFuture();     // the next REGISTER: a refresh, or a retry
  bool outstanding = false;                       // a REGISTER is under way
  bool ending = false;                            // EndRegistration() was called
  bool with_outbound = true;                      // RFC 5626 is asked for
  int interval_retries = 0;                       // 423s in a row
  RetryHistory history;                           // of failures
  // Why the last REGISTER failed, or the flow; empty: it did not.
  std::string reason;
  int sip_status = 0;
};

struct RegistrationContext {
  absl::Time now;
  absl::Duration t1;
  absl::Duration retry_base;
  RandomSource& random;
};

// A final answer to a REGISTER that is no challenge to be met, or what stands for it.
struct RegisterAnswered {
  int status = 0;
  SendFailure failure = SendFailure::kNone;
  std::optional<uint32_t> granted;  // of a 2xx: seconds, of our Contact or of all; none: as asked
  std::optional<uint32_t> min_expires;  // seconds
  std::optional<uint32_t> retry_after;  // seconds
};

struct RegistrationStep {
  RegistrationState state;
  // Send a REGISTER with this Expires (seconds).
  std::optional<uint32_t> send_expires;
  // Something failed: `reason` and `sip_status` are new.
  bool failed = false;
};

// Registers for `requested`.
RegistrationStep BeginRegistration(absl::Duration requested, const RegistrationContext& context);

// The REGISTER under way was answered. 2xx: bound, and refreshed in time. 423: asked anew with
// Min-Expires at once. 439 (the first proxy does not know RFC 5626): asked anew at once without.
// All else: tried anew by the backoff (OUT-03), not before Retry-After; what no retry can mend,
// such as 403, every 15 to 30 minutes. What is bound stays so until its time is over, and before
// that a failure that may pass is followed by one more try.
RegistrationStep OnRegisterAnswered(RegistrationState state, const RegisterAnswered& answer,
                                    const RegistrationContext& context);

// The flow that the registration goes over is gone: it is made anew after the backoff (OUT-03).
// `reason` says how.
RegistrationStep OnFlowFailed(RegistrationState state, std::string_view reason,
                              const RegistrationContext& context);

// NextDeadline() may have come.
RegistrationStep OnRegistrationTick(RegistrationState state, const RegistrationContext& context);

// Unregisters what is bound. A REGISTER under way is waited for.
RegistrationStep EndRegistration(RegistrationState state, const RegistrationContext& context);

// When OnRegistrationTick() is due; InfiniteFuture: when something else has happened.
absl::Time NextDeadline(const RegistrationState& state);

// E.g. "registered"; one of a fixed set.
std::string_view RegistrationPhaseName(RegistrationPhase phase);

}  // namespace sipevents::sip

#endif  // SIP_REGISTRATION_REGISTRATION_STATE_H_
