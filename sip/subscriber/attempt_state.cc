#include "sip/subscriber/attempt_state.h"

#include <algorithm>
#include <utility>

#include "sip/subscriber/response_table.h"

namespace sipevents::sip {
namespace {

AttemptStep Stay(AttemptState state, std::string_view deviation = "") {
  return {std::move(state), std::nullopt, std::nullopt, deviation};
}

}  // namespace

AttemptState NewAttemptState(absl::Duration requested, const StepContext& context) {
  AttemptState state;
  state.requested = requested;
  state.grant_until = context.now + requested;
  return state;
}

void OnAttemptWaits(AttemptState& state) { state.timer_n = absl::InfiniteFuture(); }

void OnAttemptSent(AttemptState& state, const StepContext& context) {
  state.sent = true;
  if (!state.accepted) state.grant_until = context.now + state.requested;
  state.timer_n = context.now + TimerN(context.t1);
}

void OnAttemptNotified(AttemptState& state) {
  if (state.phase == AttemptPhase::kNotifyWait) state.phase = AttemptPhase::kCollecting;
}

AttemptStep OnAttemptAnswered(AttemptState state, const RefreshAnswered& answer,
                              const StepContext& context) {
  if (state.phase == AttemptPhase::kClosed) return Stay(state);
  const InitialAction action = ResponseRowOf(answer.status).initial;
  if (action == InitialAction::kAwaitNotify && answer.failure == SendFailure::kNone) {
    std::string_view deviation;
    if (answer.status == 202) deviation = "DEV-12";
    const absl::Duration granted = GrantedDuration(answer.expires, state.requested, deviation);
    if (answer.status == 204) deviation = "CEN-09";
    state.accepted = true;
    state.grant_until = context.now + granted;
    return Stay(state, deviation);
  }
  // A NOTIFY has shown that it arrived: the answer is of no account (SUB-12).
  if (state.phase == AttemptPhase::kCollecting) return Stay(state);
  if (action == InitialAction::kLongerInterval) {
    const auto longer =
        LongerInterval(state.requested, state.interval_retries, answer.min_expires, context.strict);
    if (longer.has_value()) {
      state.requested = *longer;
      ++state.interval_retries;
      OnAttemptWaits(state);
      return {state, static_cast<uint32_t>(absl::ToInt64Seconds(*longer)), std::nullopt,
              answer.min_expires.has_value() ? "" : "DEV-07"};
    }
  }
  state.phase = AttemptPhase::kClosed;
  return {state, std::nullopt,
          EndingForResponse(answer.status, answer.failure, answer.retry_after)};
}

AttemptStep OnAttemptTick(AttemptState state, const StepContext& context) {
  if (state.phase == AttemptPhase::kClosed || context.now < state.timer_n) {
    return Stay(state);
  }
  const bool notified = state.phase == AttemptPhase::kCollecting;
  state.phase = AttemptPhase::kClosed;
  if (notified) return Stay(state);
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
