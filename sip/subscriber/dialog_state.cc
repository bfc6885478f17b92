#include "sip/subscriber/dialog_state.h"

#include <algorithm>
#include <utility>

#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

uint32_t Seconds(absl::Duration duration) {
  return static_cast<uint32_t>(absl::ToInt64Seconds(duration));
}

bool IsUnsubscribing(const DialogState& state) {
  return state.phase == DialogPhase::kUnsubscribing;
}

void ArmRefresh(DialogState& state, const StepContext& context) {
  state.refresh_at =
      context.now + RefreshDelay(state.expires_at - context.now, context.t1, context.jitter);
}

DialogStep End(DialogState state, Ending ending, std::string_view why) {
  // Whatever the peer says, a subscription that we gave up is not taken up again (SUB-37).
  if (IsUnsubscribing(state)) ending.followup = Followup::kNever;
  state.phase = DialogPhase::kTerminated;
  state.refresh_at = state.timer_n = absl::InfiniteFuture();
  state.refresh_outstanding = false;
  return {std::move(state), std::nullopt, std::move(ending), why};
}

DialogStep SendRefresh(DialogState state, const StepContext& context, std::string_view why) {
  state.refresh_outstanding = true;
  state.refresh_at = absl::InfiniteFuture();
  state.timer_n = context.now + 64 * context.t1;  // SUB-49
  state.grant_until = std::max(state.grant_until, context.now + state.requested);
  const uint32_t expires = Seconds(state.requested);
  return {std::move(state), expires, std::nullopt, why};
}

DialogStep SendUnsubscribe(DialogState state, const StepContext& context) {
  state.phase = DialogPhase::kUnsubscribing;
  state.refresh_outstanding = true;
  state.refresh_at = absl::InfiniteFuture();
  state.timer_n = context.now + 64 * context.t1;
  // Expiry of the old grant must not cut the wait for the final NOTIFY short.
  state.expires_at = std::max(state.expires_at, state.timer_n);
  return {std::move(state), 0, std::nullopt, "unsubscribe"};
}

// SUB-30 … SUB-32: `expires` is authoritative, but cannot exceed what was granted.
void TakeExpires(DialogState& state, uint32_t seconds, const StepContext& context) {
  const absl::Time told = std::min(context.now + absl::Seconds(seconds), state.grant_until);
  // It counts down in whole seconds: a step of that size is no news.
  const absl::Duration slack = std::min(absl::Seconds(2), (state.expires_at - context.now) / 10);
  const bool news = told > state.expires_at + slack || told < state.expires_at - slack;
  if (!news) return;
  state.expires_at = told;
  if (!state.refresh_outstanding) ArmRefresh(state, context);
}

DialogStep OnNotified(DialogState state, const Notified& notified, const StepContext& context) {
  if (EqualsIgnoreCase(notified.substate, "terminated")) {
    return End(std::move(state), EndingForTermination(notified.reason, notified.retry_after),
               "NOTIFY terminated");  // SUB-33
  }
  const bool first = state.expires_at == absl::InfinitePast();
  if (IsUnsubscribing(state)) return {std::move(state), std::nullopt, std::nullopt, "crossed"};
  state.timer_n = absl::InfiniteFuture();
  state.phase =
      EqualsIgnoreCase(notified.substate, "pending") ? DialogPhase::kPending : DialogPhase::kActive;
  if (!state.refresh_outstanding) state.stale_since = absl::InfinitePast();
  if (first) {
    state.expires_at = state.grant_until;
    if (!notified.expires.has_value()) ArmRefresh(state, context);
  }
  if (notified.expires.has_value()) {
    TakeExpires(state, *notified.expires, context);
    if (first && !state.refresh_outstanding) ArmRefresh(state, context);
  }
  return {std::move(state), std::nullopt, std::nullopt, "NOTIFY"};
}

DialogStep OnAccepted(DialogState state, const RefreshAnswered& answer,
                      const StepContext& context) {
  absl::Duration granted = state.requested;
  if (answer.expires.has_value()) {
    granted = std::min(absl::Seconds(*answer.expires), state.requested);  // SUB-05
  }
  state.interval_retries = 0;
  // A grant of nothing ends it, by a final NOTIFY that is on its way (SUB-04).
  const bool ends = granted <= absl::ZeroDuration();
  state.grant_until = context.now + granted;
  state.expires_at = ends ? context.now + 64 * context.t1 : state.grant_until;
  if (answer.status == 204) state.timer_n = absl::InfiniteFuture();  // SUB-50
  if (state.timer_n == absl::InfiniteFuture()) state.stale_since = absl::InfinitePast();
  if (!ends) ArmRefresh(state, context);
  return {std::move(state), std::nullopt, std::nullopt, "refreshed"};
}

// SUB-47: the subscription stays; another refresh is tried while it lasts.
DialogStep OnKeptAfterFailure(DialogState state, const RefreshAnswered& answer,
                              const StepContext& context) {
  state.timer_n = absl::InfiniteFuture();
  if (state.stale_since == absl::InfinitePast()) state.stale_since = context.now;
  absl::Duration delay = std::max((state.expires_at - context.now) / 2, 4 * context.t1);
  if (answer.retry_after.has_value()) {
    delay = std::max(delay, absl::Seconds(*answer.retry_after));
  }
  delay += delay * (context.jitter / 10);
  if (context.now + delay < state.expires_at) state.refresh_at = context.now + delay;
  return {std::move(state), std::nullopt, std::nullopt, "refresh failed"};
}

DialogStep OnAnswered(DialogState state, const RefreshAnswered& answer,
                      const StepContext& context) {
  state.refresh_outstanding = false;
  if (IsUnsubscribing(state)) {
    // 204: it ends without a NOTIFY (CEN-07). Anything but a 2xx: there is none to wait for.
    if (answer.status >= 200 && answer.status < 300 && answer.status != 204) {
      return {std::move(state), std::nullopt, std::nullopt, "unsubscribe accepted"};
    }
    return End(std::move(state), {.reason = "unsubscribed", .sip_status = answer.status},
               "unsubscribe answered");
  }
  if (answer.status < 300) return OnAccepted(std::move(state), answer, context);
  if (answer.status == 423) {
    const auto longer = LongerInterval(state.requested, state.interval_retries, answer.min_expires);
    if (longer.has_value()) {
      state.requested = *longer;
      ++state.interval_retries;
      return SendRefresh(std::move(state), context, "interval too brief");
    }
  }
  // SUB-51: no answer at all counts as Timer N, unless a NOTIFY showed that it arrived.
  const bool notified = state.timer_n == absl::InfiniteFuture();
  if (answer.status == 408 && notified) {
    ArmRefresh(state, context);
    return {std::move(state), std::nullopt, std::nullopt, "refresh seen by its NOTIFY"};
  }
  if (answer.status == 408 || EndsSubscription(answer.status)) {
    Ending ending = EndingForResponse(answer.status, answer.made_here, answer.retry_after);
    // The notifier has forgotten it (SUB-46, SUB-48): begin anew at once.
    if (answer.status == 481) ending.followup = Followup::kNow;
    return End(std::move(state), std::move(ending), "refresh refused");
  }
  return OnKeptAfterFailure(std::move(state), answer, context);
}

DialogStep OnTick(DialogState state, const StepContext& context) {
  if (state.timer_n <= context.now) {
    Ending ending{.reason = "no-notify", .followup = Followup::kTransient};
    if (state.refresh_outstanding) {  // not even answered: Timer F fires at the same time
      ending.reason = "timeout";
      ending.sip_status = 408;
    }
    if (IsUnsubscribing(state)) ending.reason = "unsubscribed";
    return End(std::move(state), std::move(ending), "Timer N");  // SUB-49
  }
  if (state.expires_at <= context.now) {
    return End(std::move(state), {.reason = "expired", .followup = Followup::kTransient},
               "expired");
  }
  if (state.refresh_at <= context.now) {
    return SendRefresh(std::move(state), context, "refresh due");
  }
  return {std::move(state), std::nullopt, std::nullopt, ""};
}

}  // namespace

DialogState NewDialogState(absl::Time grant_until, absl::Duration requested) {
  DialogState state;
  state.grant_until = grant_until;
  state.requested = requested;
  return state;
}

DialogStep Next(DialogState state, const DialogInput& input, const StepContext& context) {
  if (state.phase == DialogPhase::kTerminated) return {state, std::nullopt, std::nullopt, ""};
  if (const auto* notified = std::get_if<Notified>(&input)) {
    return OnNotified(std::move(state), *notified, context);
  }
  if (const auto* answer = std::get_if<RefreshAnswered>(&input)) {
    return OnAnswered(std::move(state), *answer, context);
  }
  if (std::holds_alternative<Tick>(input)) return OnTick(std::move(state), context);
  if (std::holds_alternative<ResyncWanted>(input)) {
    if (state.refresh_outstanding || IsUnsubscribing(state)) {
      return {std::move(state), std::nullopt, std::nullopt, ""};
    }
    return SendRefresh(std::move(state), context, "full state wanted");
  }
  if (IsUnsubscribing(state)) return {std::move(state), std::nullopt, std::nullopt, ""};
  return SendUnsubscribe(std::move(state), context);
}

absl::Time NextDeadline(const DialogState& state) {
  if (state.phase == DialogPhase::kTerminated) return absl::InfiniteFuture();
  return std::min({state.timer_n, state.expires_at, state.refresh_at});
}

void LowerGrant(DialogState& state, absl::Time grant_until, const StepContext& context) {
  state.grant_until = std::min(state.grant_until, grant_until);
  if (state.expires_at <= state.grant_until) return;
  state.expires_at = state.grant_until;
  if (!state.refresh_outstanding && !IsUnsubscribing(state)) ArmRefresh(state, context);
}

absl::Duration RefreshDelay(absl::Duration lifetime, absl::Duration t1, double jitter) {
  const absl::Duration margin =
      lifetime > 128 * t1 ? std::max(absl::Seconds(5), 64 * t1) : absl::Seconds(5);
  const absl::Duration delay = std::max(lifetime - margin, lifetime / 2);
  return std::max(delay * (1.0 - jitter / 10), absl::ZeroDuration());
}

std::string_view DialogPhaseName(DialogPhase phase) {
  switch (phase) {
    case DialogPhase::kPending:
      return "pending";
    case DialogPhase::kActive:
      return "active";
    case DialogPhase::kUnsubscribing:
      return "unsubscribing";
    case DialogPhase::kTerminated:
      return "terminated";
  }
  return "";
}

}  // namespace sipevents::sip
