#include "sip/subscriber/dialog_state.h"

#include <algorithm>
#include <utility>

#include "sip/base/ascii.h"
#include "sip/subscriber/response_table.h"

namespace sipevents::sip {
namespace {

// Between two refreshes for the full state: doubled with each, up to the most.
constexpr absl::Duration kFirstResyncGap = absl::Seconds(5);
constexpr int kMostResyncDoublings = 6;  // 320 s
// What counts down in whole seconds, and takes a while to arrive, may be so much off.
constexpr absl::Duration kClockSlack = absl::Seconds(2);

uint32_t Seconds(absl::Duration duration) {
  return static_cast<uint32_t>(absl::ToInt64Seconds(duration));
}

bool IsUnsubscribing(const DialogState& state) {
  return state.phase == DialogPhase::kUnsubscribing;
}

// A step that sends nothing and ends nothing.
DialogStep Stay(DialogState state, std::string_view why = "", std::string_view deviation = "") {
  return {std::move(state), std::nullopt, std::nullopt, why, deviation};
}

void ArmRefresh(DialogState& state, const StepContext& context) {
  state.refresh_at =
      context.now + RefreshDelay(state.expires_at - context.now, context.t1, context.jitter);
}

// The notifier granted no time at all: its final NOTIFY is on its way (SUB-04).
void AwaitEnd(DialogState& state, const StepContext& context) {
  state.granted_nothing = true;
  state.expires_at = context.now + TimerN(context.t1);
  state.refresh_at = absl::InfiniteFuture();
}

DialogStep End(DialogState state, Ending ending, std::string_view why) {
  // Whatever the peer says, a subscription that we gave up is not taken up again (SUB-37).
  if (IsUnsubscribing(state)) ending.followup = Followup::kNever;
  // Who grants nothing would grant nothing again.
  if (state.granted_nothing && ending.followup == Followup::kNow) {
    ending.followup = Followup::kTransient;
  }
  state.phase = DialogPhase::kTerminated;
  state.refresh_at = state.timer_n = absl::InfiniteFuture();
  state.refresh_outstanding = false;
  return {std::move(state), std::nullopt, std::move(ending), why};
}

DialogStep SendRefresh(DialogState state, const StepContext& context, std::string_view why) {
  if (context.now < state.pace.NextAllowed()) {
    state.refresh_at = state.pace.NextAllowed();
    return Stay(std::move(state), "refresh held back");
  }
  state.pace.Count(context.now);
  state.refresh_outstanding = true;
  state.refresh_at = absl::InfiniteFuture();
  state.timer_n = absl::InfiniteFuture();
  const uint32_t expires = Seconds(state.requested);
  return {std::move(state), expires, std::nullopt, why};
}

DialogStep SendUnsubscribe(DialogState state) {
  state.phase = DialogPhase::kUnsubscribing;
  state.refresh_outstanding = true;
  state.refresh_at = absl::InfiniteFuture();
  state.timer_n = absl::InfiniteFuture();
  return {std::move(state), 0, std::nullopt, "unsubscribe"};
}

DialogStep OnSent(DialogState state, const StepContext& context) {
  if (!state.refresh_outstanding) return Stay(std::move(state));
  state.timer_n = context.now + TimerN(context.t1);  // SUB-49
  if (IsUnsubscribing(state)) {
    // Expiry of the old grant must not cut the wait for the final NOTIFY short.
    state.expires_at = std::max(state.expires_at, state.timer_n);
  } else {
    state.grant_until = std::max(state.grant_until, context.now + state.requested);
  }
  return Stay(std::move(state));
}

// SUB-30 … SUB-32: `expires` is authoritative, but cannot exceed what was granted. Returns what
// deviates.
std::string_view TakeExpires(DialogState& state, uint32_t seconds, const StepContext& context) {
  const absl::Time asked = context.now + absl::Seconds(seconds);
  const absl::Time told = std::min(asked, state.grant_until);
  const std::string_view deviation = asked > state.grant_until + kClockSlack ? "SUB-32" : "";
  // A step of the size it counts in is no news.
  const absl::Duration slack = std::min(kClockSlack, (state.expires_at - context.now) / 10);
  if (told <= state.expires_at + slack && told >= state.expires_at - slack) return deviation;
  state.expires_at = told;
  if (!state.refresh_outstanding) ArmRefresh(state, context);
  return deviation;
}

DialogStep OnNotified(DialogState state, const Notified& notified, const StepContext& context) {
  if (EqualsIgnoreCase(notified.substate, "terminated")) {
    return End(std::move(state), EndingForTermination(notified.reason, notified.retry_after),
               "NOTIFY terminated");  // SUB-33
  }
  if (IsUnsubscribing(state)) return Stay(std::move(state), "crossed");
  const bool first = state.expires_at == absl::InfinitePast();
  state.timer_n = absl::InfiniteFuture();
  state.phase =
      EqualsIgnoreCase(notified.substate, "pending") ? DialogPhase::kPending : DialogPhase::kActive;
  if (!state.refresh_outstanding) state.stale_since = absl::InfinitePast();
  if (first) {
    if (state.grant_until <= context.now) {
      AwaitEnd(state, context);
      return Stay(std::move(state), "granted nothing");
    }
    state.expires_at = state.grant_until;
    ArmRefresh(state, context);
  }
  std::string_view deviation = "DEV-02";
  if (notified.expires.has_value()) deviation = TakeExpires(state, *notified.expires, context);
  return Stay(std::move(state), "NOTIFY", deviation);
}

DialogStep OnAccepted(DialogState state, const RefreshAnswered& answer, bool notify_follows,
                      const StepContext& context) {
  std::string_view deviation = answer.status == 202 ? "DEV-12" : "";
  const absl::Duration granted = GrantedDuration(answer.expires, state.requested, deviation);
  state.interval_retries = 0;
  state.failed_status = 0;
  state.grant_until = context.now + granted;
  if (!notify_follows) state.timer_n = absl::InfiniteFuture();  // SUB-50
  if (state.timer_n == absl::InfiniteFuture()) state.stale_since = absl::InfinitePast();
  if (granted <= absl::ZeroDuration()) {
    AwaitEnd(state, context);
  } else {
    state.expires_at = state.grant_until;
    ArmRefresh(state, context);
  }
  return Stay(std::move(state), "refreshed", deviation);
}

// SUB-47: the subscription stays; another refresh is tried while it lasts.
DialogStep Keep(DialogState state, const RefreshAnswered& answer, bool soon,
                const StepContext& context) {
  state.timer_n = absl::InfiniteFuture();
  // What was asked for was not granted.
  state.grant_until = state.expires_at;
  state.failed_status = answer.status;
  state.failure = answer.failure;
  if (state.stale_since == absl::InfinitePast()) state.stale_since = context.now;
  absl::Duration delay = std::max((state.expires_at - context.now) / 2, 4 * context.t1);
  if (soon) delay = SoonDelay(context.jitter);
  if (answer.retry_after.has_value()) {
    delay = std::max(delay, absl::Seconds(*answer.retry_after));
  }
  if (!soon) delay += delay * (context.jitter / 10);
  if (context.now + delay < state.expires_at) state.refresh_at = context.now + delay;
  return Stay(std::move(state), "refresh failed");
}

DialogStep OnIntervalTooBrief(DialogState state, const RefreshAnswered& answer,
                              const StepContext& context) {
  const std::optional<absl::Duration> longer =
      LongerInterval(state.requested, state.interval_retries, answer.min_expires, context.strict);
  if (!longer.has_value()) return Keep(std::move(state), answer, /*soon=*/false, context);
  state.requested = *longer;
  ++state.interval_retries;
  DialogStep step = SendRefresh(std::move(state), context, "interval too brief");
  if (!answer.min_expires.has_value()) step.deviation = "DEV-07";
  return step;
}

DialogStep OnEndedByAnswer(DialogState state, const RefreshAnswered& answer, bool anew) {
  Ending ending = EndingForResponse(answer.status, answer.failure, answer.retry_after);
  if (anew) ending.followup = Followup::kNow;
  // A place that the peer named, not the one that we were told to follow.
  if (answer.failure == SendFailure::kNotAllowed) ending.followup = Followup::kTransient;
  return End(std::move(state), std::move(ending), "refresh refused");
}

DialogStep OnTimedOut(DialogState state, const RefreshAnswered& answer,
                      const StepContext& context) {
  // SUB-51: no answer at all counts as Timer N, unless a NOTIFY showed that it arrived. Where a
  // peer says 408, Timer N has its time, and the NOTIFY may still come.
  if (state.timer_n != absl::InfiniteFuture()) {
    if (answer.failure == SendFailure::kNone) return Stay(std::move(state), "timed out further on");
    return OnEndedByAnswer(std::move(state), answer, /*anew=*/false);
  }
  ArmRefresh(state, context);
  return Stay(std::move(state), "refresh seen by its NOTIFY");
}

DialogStep OnUnsubscribeAnswered(DialogState state, const RefreshAnswered& answer) {
  // 204: it ends without a NOTIFY (CEN-07). Anything but a 2xx: there is none to wait for.
  const RefreshAction action = ResponseRowOf(answer.status).refresh;
  if (action == RefreshAction::kAwaitNotify) return Stay(std::move(state), "unsubscribe accepted");
  return End(std::move(state), {.reason = "unsubscribed", .sip_status = answer.status},
             "unsubscribe answered");
}

DialogStep OnAnswered(DialogState state, const RefreshAnswered& answer,
                      const StepContext& context) {
  state.refresh_outstanding = false;
  if (IsUnsubscribing(state)) return OnUnsubscribeAnswered(std::move(state), answer);
  if (answer.failure == SendFailure::kNotAllowed) {
    return OnEndedByAnswer(std::move(state), answer, /*anew=*/false);
  }
  switch (ResponseRowOf(answer.status).refresh) {
    case RefreshAction::kAwaitNotify:
      return OnAccepted(std::move(state), answer, /*notify_follows=*/true, context);
    case RefreshAction::kNoNotify:
      return OnAccepted(std::move(state), answer, /*notify_follows=*/false, context);
    case RefreshAction::kLongerInterval:
      return OnIntervalTooBrief(std::move(state), answer, context);
    case RefreshAction::kRedirect:      // where it leads was tried
    case RefreshAction::kAuthenticate:  // it cannot be done
    case RefreshAction::kKeep:
      return Keep(std::move(state), answer, /*soon=*/false, context);
    case RefreshAction::kKeepSoon:
      return Keep(std::move(state), answer, /*soon=*/true, context);
    case RefreshAction::kEnd:
      return OnEndedByAnswer(std::move(state), answer, /*anew=*/false);
    case RefreshAction::kEndAnew:
      return OnEndedByAnswer(std::move(state), answer, /*anew=*/true);
    case RefreshAction::kTimedOut:
      return OnTimedOut(std::move(state), answer, context);
  }
  return Stay(std::move(state));
}

// The next refresh for the full state must keep its distance from one that goes now.
void CountResync(DialogState& state, const StepContext& context) {
  const auto gap = [](int resyncs) {
    return kFirstResyncGap * (1 << std::min(resyncs, kMostResyncDoublings));
  };
  // Nothing was missed for as long again: this one is the first of its row.
  if (context.now >= state.next_resync + 2 * gap(state.resyncs)) state.resyncs = 0;
  state.next_resync = context.now + gap(state.resyncs);
  ++state.resyncs;
  state.resync_pending = false;
}

DialogStep OnResyncWanted(DialogState state, const StepContext& context) {
  // The answer to a refresh is the full state, too.
  if (state.refresh_outstanding || IsUnsubscribing(state)) return Stay(std::move(state));
  if (context.now < state.next_resync) {
    state.refresh_at = std::min(state.refresh_at, state.next_resync);
    state.resync_pending = true;
    return Stay(std::move(state), "full state wanted later");
  }
  CountResync(state, context);
  DialogStep step = SendRefresh(std::move(state), context, "full state wanted");
  step.full_state_wanted = true;
  return step;
}

DialogStep OnTick(DialogState state, const StepContext& context) {
  if (state.timer_n <= context.now) {
    Ending ending{.reason = "no-notify", .followup = Followup::kTransient};
    if (state.refresh_outstanding) {  // not even answered
      ending.reason = "timeout";
      ending.sip_status = 408;
    }
    if (IsUnsubscribing(state)) ending.reason = "unsubscribed";
    return End(std::move(state), std::move(ending), "Timer N");  // SUB-49
  }
  if (state.expires_at <= context.now) {
    // What the last refresh was told says why. One that never had its turn tells nothing about
    // the peer: the next attempt takes its place among those that wait.
    const bool waits = state.refresh_outstanding && state.timer_n == absl::InfiniteFuture();
    Ending ending{.reason = "expired",
                  .sip_status = state.failed_status,
                  .followup = waits ? Followup::kNow : Followup::kTransient};
    return End(std::move(state), std::move(ending), "expired");
  }
  if (state.refresh_at > context.now) return Stay(std::move(state));
  const bool resync = state.resync_pending;
  if (resync) CountResync(state, context);
  DialogStep step = SendRefresh(std::move(state), context, "refresh due");
  step.full_state_wanted = resync;
  return step;
}

}  // namespace

DialogState NewDialogState(absl::Time grant_until, absl::Duration requested, const SendPace& pace) {
  DialogState state;
  state.grant_until = grant_until;
  state.requested = requested;
  state.pace = pace;
  return state;
}

DialogStep Next(DialogState state, const DialogInput& input, const StepContext& context) {
  if (state.phase == DialogPhase::kTerminated) return Stay(std::move(state));
  if (const auto* notified = std::get_if<Notified>(&input)) {
    return OnNotified(std::move(state), *notified, context);
  }
  if (const auto* answer = std::get_if<RefreshAnswered>(&input)) {
    return OnAnswered(std::move(state), *answer, context);
  }
  if (std::holds_alternative<RefreshWaits>(input)) {
    state.timer_n = absl::InfiniteFuture();
    return Stay(std::move(state));
  }
  if (std::holds_alternative<RefreshSent>(input)) return OnSent(std::move(state), context);
  if (std::holds_alternative<Tick>(input)) return OnTick(std::move(state), context);
  if (std::holds_alternative<ResyncWanted>(input)) {
    return OnResyncWanted(std::move(state), context);
  }
  if (IsUnsubscribing(state)) return Stay(std::move(state));
  return SendUnsubscribe(std::move(state));
}

absl::Time NextDeadline(const DialogState& state) {
  if (state.phase == DialogPhase::kTerminated) return absl::InfiniteFuture();
  return std::min({state.timer_n, state.expires_at, state.refresh_at});
}

void LowerGrant(DialogState& state, absl::Time grant_until, const StepContext& context) {
  if (IsUnsubscribing(state)) return;
  state.grant_until = std::min(state.grant_until, grant_until);
  if (state.grant_until <= context.now) {
    AwaitEnd(state, context);
    return;
  }
  if (state.expires_at <= state.grant_until) return;
  state.expires_at = state.grant_until;
  if (!state.refresh_outstanding) ArmRefresh(state, context);
}

absl::Duration GrantedDuration(std::optional<uint32_t> expires, absl::Duration requested,
                               std::string_view& deviation) {
  if (expires.has_value() && absl::Seconds(*expires) <= requested) return absl::Seconds(*expires);
  deviation = "SUB-05";
  return requested;
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
