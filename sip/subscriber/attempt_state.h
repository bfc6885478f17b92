#ifndef SIP_SUBSCRIBER_ATTEMPT_STATE_H_
#define SIP_SUBSCRIBER_ATTEMPT_STATE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "sip/subscriber/dialog_state.h"
#include "sip/subscriber/retry_policy.h"

// The state machine of one SUBSCRIBE outside a dialog, until Timer N: it waits for its turn, is
// sent, is answered, NOTIFYs create dialogs, further forks are collected (RFC 6665 section
// 4.1.2.4). Pure, like DialogState.

namespace sipevents::sip {

enum class AttemptPhase {
  kNotifyWait,  // no NOTIFY yet
  kCollecting,  // a NOTIFY came; more forks may follow until Timer N
  kClosed,      // a NOTIFY that would create a dialog now gets 481 (SUB-15)
};

struct AttemptState {
  AttemptPhase phase = AttemptPhase::kNotifyWait;
  absl::Duration requested;
  absl::Time grant_until;                       // by the 2xx; before it, by what we asked
  absl::Time timer_n = absl::InfiniteFuture();  // runs from the last sending
  bool sent = false;                            // at least once
  bool accepted = false;                        // a 2xx came
  int interval_retries = 0;

  bool operator==(const AttemptState&) const = default;
};

struct AttemptStep {
  AttemptState state;
  // Send the SUBSCRIBE again with this Expires (seconds).
  std::optional<uint32_t> send_expires;
  // The attempt brought nothing.
  std::optional<Ending> ending;
  std::string_view deviation{};  // as DialogStep
};

// The SUBSCRIBE is to be sent.
AttemptState NewAttemptState(absl::Duration requested, const StepContext& context);

// It is to be sent once more, and waits: Timer N stops.
void OnAttemptWaits(AttemptState& state);

// It left: Timer N starts, or starts over (SUB-11, SUB-13).
void OnAttemptSent(AttemptState& state, const StepContext& context);

// A NOTIFY of a fork was accepted.
void OnAttemptNotified(AttemptState& state);

// A final answer that is no challenge to be met.
AttemptStep OnAttemptAnswered(AttemptState state, const RefreshAnswered& answer,
                              const StepContext& context);

// Timer N may have fired.
AttemptStep OnAttemptTick(AttemptState state, const StepContext& context);

// When OnAttemptTick() is due; InfiniteFuture while the SUBSCRIBE waits, and once closed.
absl::Time NextDeadline(const AttemptState& state);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_ATTEMPT_STATE_H_
