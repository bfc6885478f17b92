#include "sip/subscriber/attempt_state.h"

#include <algorithm>
#include <utility>

namespace sipevents::sip {
AttemptState NewAttemptState(absl::Duration requested, const StepContext& context) {
  AttemptState state;
  state.requested = requested;
  state.grant_until = context.now + requested;
  state.timer_n = context.now + 64 * context.t1;
  return state;
}

void OnAttemptResent(AttemptState& state, const StepContext& context) {
  state.grant_until = context.now + state.requested;
  state.timer_n = context.now + 64 * context.t1;
}

void OnAttemptNotified(AttemptState& state) {
  if (state.phase == AttemptPhase::kNotifyWait) state.phase = AttemptPhase::kCollecting;
}

AttemptStep OnAttemptAnswered(AttemptState state, const RefreshAnswered& answer,
                              const StepContext& context) {
  if (state.phase == AttemptPhase::kClosed) return {state, std::nullopt, std::nullopt};
  if (answer.status < 300) {  // 202 and an invalid 204 count as 200 (SUB-09, CEN-09)
    state.accepted = true;
    const absl::Duration granted = answer.expires.has_value()
                                       ? std::min(absl::Seconds(*answer.expires), state.requested)
                                       : state.requested;  // SUB-05
    state.grant_until = context.now + granted;
    return {state, std::nullopt, std::nullopt};
  }
  // A NOTIFY has shown that it arrived: the answer is of no account (SUB-12).
  if (state.phase == AttemptPhase::kCollecting) return {state, std::nullopt, std::nullopt};
  if (answer.status == 423) {
    const auto longer = LongerInterval(state.requested, state.interval_retries, answer.min_expires);
    if (longer.has_value()) {
      state.requested = *longer;
      ++state.interval_retries;
      OnAttemptResent(state, context);
      return {state, static_cast<uint32_t>(absl::ToInt64Seconds(*longer)), std::nullopt};
    }
  }
  state.phase = AttemptPhase::kClosed;
  return {state, std::nullopt,
          EndingForResponse(answer.status, answer.made_here, answer.retry_after)};
}

AttemptStep OnAttemptTick(AttemptState state, const StepContext& context) {
  if (state.phase == AttemptPhase::kClosed || context.now < state.timer_n) {
    return {state, std::nullopt, std::nullopt};
  }
  const bool notified = state.phase == AttemptPhase::kCollecting;
  state.phase = AttemptPhase::kClosed;
  if (notified) return {state, std::nullopt, std::nullopt};
  // SUB-14: accepted, but nothing came; or not even answered.
  Ending ending{.reason = state.accepted ? "no-notify" : "timeout",
                .sip_status = state.accepted ? 0 : 408,
                .followup = Followup::kTransient};
  return {state, std::nullopt, std::move(ending)};
}

absl::Time NextDeadline(const AttemptState& state) {
  return state.phase == AttemptPhase::kClosed ? absl::InfiniteFuture() : state.timer_n;
}

}  // namespace sipevents::sip
