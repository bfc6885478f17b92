#include "sip/registration/registration_state.h"

#include <algorithm>
#include <utility>

#include "sip/base/backoff.h"

namespace sipevents::sip {
namespace {

// How long before a binding ends it is tried for the last time.
constexpr absl::Duration kLastTry = absl::Seconds(5);

constexpr int kNoOutbound = 439;  // RFC 5626 section 11.6
// What a registrar may grant at most: a binding of years would never be looked at again.
constexpr absl::Duration kLongestGrant = absl::Hours(24);

RegistrationStep Stay(RegistrationState state) { return {std::move(state), std::nullopt, false}; }

bool IsBound(const RegistrationState& state, absl::Time now) { return now < state.bound_until; }

RegistrationStep Send(RegistrationState state, const RegistrationContext& context) {
  state.outstanding = true;
  state.act_at = absl::InfiniteFuture();
  state.history.pace.Count(context.now);
  if (state.history.attempt_began == absl::InfinitePast()) {
    state.history.attempt_began = context.now;
  }
  if (!IsBound(state, context.now)) state.phase = RegistrationPhase::kRegistering;
  const auto seconds = static_cast<uint32_t>(absl::ToInt64Seconds(state.requested));
  return {std::move(state), seconds, false};
}

RegistrationStep Unregister(RegistrationState state, const RegistrationContext& context) {
  state.act_at = absl::InfiniteFuture();
  if (!IsBound(state, context.now)) {
    state.phase = RegistrationPhase::kEnded;
    return Stay(std::move(state));
  }
  state.phase = RegistrationPhase::kUnregistering;
  state.outstanding = true;
  return {std::move(state), 0, false};
}

// Nobody who was configured is ever given up: what is final for a subscription is asked again after
// a long time, since a registrar learns of new accounts.
void PlanNext(RegistrationState& state, const Ending& ending, const RegistrationContext& context) {
  const std::optional<absl::Duration> delay =
      PlanRetry(state.history, ending, context.now, context.retry_base, context.random);
  const absl::Duration longest = kMaxTransientDelay * (0.5 + context.random.Uniform() / 2);
  state.act_at = context.now + delay.value_or(longest);
  state.history.established = absl::InfiniteFuture();
  state.history.attempt_began = state.act_at;
}

RegistrationStep OnAccepted(RegistrationState state, const RegisterAnswered& answer,
                            const RegistrationContext& context) {
  const absl::Duration granted = answer.granted.has_value()
                                     ? std::min(absl::Seconds(*answer.granted), kLongestGrant)
                                     : state.requested;
  if (granted <= absl::ZeroDuration()) {
    state.bound_until = absl::InfinitePast();
    state.phase = RegistrationPhase::kWaiting;
    state.reason = "not-bound";
    state.sip_status = answer.status;
    PlanNext(state, {.reason = state.reason, .followup = Followup::kTransient}, context);
    return {std::move(state), std::nullopt, true};
  }
  state.phase = RegistrationPhase::kRegistered;
  state.bound_until = context.now + granted;
  state.interval_retries = 0;
  state.reason.clear();
  state.sip_status = 0;
  if (state.history.established == absl::InfiniteFuture()) {
    state.history.established = context.now;
  }
  state.act_at = std::max(context.now + RefreshDelay(granted, context.t1, context.random.Uniform()),
                          state.history.pace.NextAllowed());
  return Stay(std::move(state));
}

}  // namespace

RegistrationStep BeginRegistration(absl::Duration requested, const RegistrationContext& context) {
  RegistrationState state;
  state.requested = requested;
  return Send(std::move(state), context);
}

RegistrationStep OnRegisterAnswered(RegistrationState state, const RegisterAnswered& answer,
                                    const RegistrationContext& context) {
  state.outstanding = false;
  const bool real = answer.failure == SendFailure::kNone;
  if (state.phase == RegistrationPhase::kUnregistering) {
    state.phase = RegistrationPhase::kEnded;
    return Stay(std::move(state));
  }
  if (real && answer.status / 100 == 2) {
    RegistrationStep step = OnAccepted(std::move(state), answer, context);
    return step.state.ending ? Unregister(std::move(step.state), context) : step;
  }
  if (state.ending) return Unregister(std::move(state), context);
  if (real && answer.status == 423) {
    const std::optional<absl::Duration> longer = LongerInterval(
        state.requested, state.interval_retries, answer.min_expires, /*strict=*/false);
    if (longer.has_value()) {
      state.requested = *longer;
      ++state.interval_retries;
      return Send(std::move(state), context);
    }
  }
  if (real && answer.status == kNoOutbound && state.with_outbound) {
    state.with_outbound = false;
    return Send(std::move(state), context);
  }
  Ending ending = EndingForResponse(answer.status, answer.failure, answer.retry_after);
  state.reason = ending.reason;
  state.sip_status = answer.status;
  state.interval_retries = 0;
  PlanNext(state, ending, context);
  if (!IsBound(state, context.now)) {
    state.phase = RegistrationPhase::kWaiting;
  } else if (ending.followup == Followup::kTransient && state.act_at >= state.bound_until) {
    // What is bound is worth one more try before it ends.
    const absl::Time last = state.bound_until - kLastTry;
    if (last > context.now) state.act_at = std::max(last, state.history.pace.NextAllowed());
  }
  return {std::move(state), std::nullopt, true};
}

RegistrationStep OnFlowFailed(RegistrationState state, std::string_view reason,
                              const RegistrationContext& context) {
  // A REGISTER under way finds out for itself.
  if (state.outstanding || state.phase != RegistrationPhase::kRegistered) {
    return Stay(std::move(state));
  }
  state.reason = std::string(reason);
  state.sip_status = 0;
  const absl::Time refresh = state.act_at;
  PlanNext(state, {.reason = state.reason, .followup = Followup::kTransient}, context);
  state.act_at = std::min(state.act_at, refresh);
  return {std::move(state), std::nullopt, true};
}

RegistrationStep OnRegistrationTick(RegistrationState state, const RegistrationContext& context) {
  if (state.phase == RegistrationPhase::kRegistered && !IsBound(state, context.now)) {
    state.phase = state.outstanding ? RegistrationPhase::kRegistering : RegistrationPhase::kWaiting;
  }
  if (state.outstanding || context.now < state.act_at) return Stay(std::move(state));
  return Send(std::move(state), context);
}

RegistrationStep EndRegistration(RegistrationState state, const RegistrationContext& context) {
  if (std::exchange(state.ending, true) || state.outstanding) return Stay(std::move(state));
  return Unregister(std::move(state), context);
}

absl::Time NextDeadline(const RegistrationState& state) {
  if (state.phase == RegistrationPhase::kEnded) return absl::InfiniteFuture();
  return state.phase == RegistrationPhase::kRegistered ? std::min(state.act_at, state.bound_until)
                                                       : state.act_at;
}

std::string_view RegistrationPhaseName(RegistrationPhase phase) {
  switch (phase) {
    case RegistrationPhase::kRegistering:
      return "registering";
    case RegistrationPhase::kRegistered:
      return "registered";
    case RegistrationPhase::kWaiting:
      return "waiting";
    case RegistrationPhase::kUnregistering:
      return "unregistering";
    case RegistrationPhase::kEnded:
      return "ended";
  }
  return "";
}

}  // namespace sipevents::sip
