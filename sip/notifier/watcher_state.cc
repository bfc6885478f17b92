#include "sip/notifier/watcher_state.h"

#include <algorithm>

namespace sipevents::sip {
namespace {

// A NOTIFY that failed in a way that may pass is tried so often again.
constexpr uint8_t kMostAttempts = 3;

// No longer does one who has ended stay for the last NOTIFY, however long a pause it asked for: as
// long as a transaction lasts.
absl::Duration LongestFarewell(const WatcherContext& context) { return 64 * context.t1; }

bool IsOver(const WatcherState& state) {
  return state.phase != WatcherPhase::kPending && state.phase != WatcherPhase::kActive;
}

// Nothing is left to be done, but for what somebody may still decide.
void Leave(WatcherState& state) {
  state.phase = state.waits ? WatcherPhase::kWaiting : WatcherPhase::kGone;
}

void StopWaiting(WatcherState& state, WatcherEnd end) {
  if (!state.waits) return;
  state.waits = false;
  if (state.phase != WatcherPhase::kWaiting) return;  // the last NOTIFY says `timeout`
  state.end = end;
  state.phase = WatcherPhase::kGone;
}

void Terminate(WatcherState& state, WatcherEnd end, const WatcherContext& context) {
  if (IsOver(state)) return;
  state.waits = state.phase == WatcherPhase::kPending && end == WatcherEnd::kTimeout;
  if (state.waits) state.expire_time = context.now + kLongestWait;
  state.phase = WatcherPhase::kTerminated;
  state.end = end;
  state.urgent = true;
  state.held_until = std::min(state.held_until, context.now + LongestFarewell(context));
}

void Take(WatcherState& state, const SubscribeGranted& input, const WatcherContext& context) {
  if (IsOver(state)) return;
  if (input.duration <= absl::ZeroDuration()) {
    if (input.allowed) state.phase = WatcherPhase::kActive;  // nobody has to decide about it
    if (input.quiet) {
      state.phase = WatcherPhase::kGone;
    } else {
      Terminate(state, WatcherEnd::kTimeout, context);
    }
    return;
  }
  state.expire_time = context.now + input.duration;
  const WatcherPhase phase = input.allowed ? WatcherPhase::kActive : WatcherPhase::kPending;
  const bool told = input.quiet && phase == state.phase;
  state.phase = phase;
  if (told) {
    state.changed = false;
    return;
  }
  state.urgent = true;
  state.held_until = absl::InfinitePast();  // it is there again
}

void Take(WatcherState& state, const WatcherDecided& input, const WatcherContext& /*context*/) {
  const WatcherPhase phase = input.allowed ? WatcherPhase::kActive : WatcherPhase::kPending;
  if (IsOver(state)) {
    if (input.allowed) StopWaiting(state, WatcherEnd::kApproved);
    return;
  }
  if (state.phase == phase) {
    state.changed = true;  // what it is shown may be another state
    return;
  }
  state.phase = phase;
  state.urgent = true;
}

void Take(WatcherState& state, const StateChanged& /*input*/, const WatcherContext& /*context*/) {
  state.changed = true;
}

void Take(WatcherState& state, const WatcherEnding& input, const WatcherContext& context) {
  StopWaiting(state, input.end);
  Terminate(state, input.end, context);
}

void Take(WatcherState& state, const NotifyWritten& /*input*/, const WatcherContext& context) {
  state.urgent = false;
  state.changed = false;
  state.rate.Sent(context.now);
}

void Take(WatcherState& state, const NotifyAnswered& input, const WatcherContext& context) {
  state.outstanding = false;
  if (input.status / 100 == 2) {
    state.attempts = 0;
    if (input.withheld && state.phase != WatcherPhase::kTerminated) state.urgent = true;
    // The last NOTIFY may have been under way already when the end was decided.
    if (state.phase == WatcherPhase::kTerminated && !state.urgent) Leave(state);
    return;
  }
  const bool lost_way = input.status / 100 == 3 && !input.can_retry;  // followed once, or to nobody
  if (EndsWatcher(input.status, input.failure) || (input.status == 420 && input.required) ||
      lost_way) {
    Leave(state);  // no other NOTIFY (NOT-25)
    return;
  }
  const bool last = state.phase == WatcherPhase::kTerminated;
  const bool waits =
      input.status == 491 || input.retry_after > 0 || input.failure == SendFailure::kOverload;
  if (input.retry_after > 0) {  // also for what is to be told later, if this one is not tried again
    state.held_until = context.now + absl::Seconds(input.retry_after) * (1 + context.chance / 10);
  } else if (waits) {
    state.held_until = context.now + absl::Seconds(2.1 + 1.9 * context.chance);
  }
  if (last && state.held_until > context.now + LongestFarewell(context)) {
    Leave(state);
    return;
  }
  if ((input.can_retry || waits) && state.attempts < kMostAttempts) {
    ++state.attempts;
    state.urgent = true;  // the state of that moment (NOT-27)
    return;
  }
  state.attempts = 0;
  if (last && !state.urgent) Leave(state);
}

void Take(WatcherState& state, const WatcherTimer& /*input*/, const WatcherContext& context) {
  if (context.now >= state.expire_time) {
    StopWaiting(state, WatcherEnd::kGiveUp);
    Terminate(state, WatcherEnd::kTimeout, context);  // NOT-29
  }
  if (state.phase == WatcherPhase::kActive && context.now >= state.rate.Latest()) {
    state.urgent = true;
  }
}

// When a NOTIFY is due; InfiniteFuture: there is nothing to tell.
absl::Time DueTime(const WatcherState& state) {
  if (state.urgent) return std::max(absl::UnixEpoch(), state.held_until);
  if (state.changed && state.phase == WatcherPhase::kActive) {
    return std::max({absl::UnixEpoch(), state.held_until, state.rate.Earliest()});
  }
  return absl::InfiniteFuture();
}

}  // namespace

std::string_view WatcherEndToken(WatcherEnd end) {
  switch (end) {
    case WatcherEnd::kTimeout:
      return "timeout";
    case WatcherEnd::kRejected:
      return "rejected";
    case WatcherEnd::kNoResource:
      return "noresource";
    case WatcherEnd::kDeactivated:
      return "deactivated";
    case WatcherEnd::kApproved:
      return "approved";
    case WatcherEnd::kGiveUp:
      return "giveup";
    case WatcherEnd::kNone:
      break;
  }
  return "";
}

WatcherStep Next(WatcherState& state, const WatcherInput& input, const WatcherContext& context) {
  std::visit([&](const auto& taken) { Take(state, taken, context); }, input);
  WatcherStep step;
  if (state.phase == WatcherPhase::kGone) return step;
  // What runs out ends also while a NOTIFY waits for its answer, which says so at the latest.
  if (state.phase != WatcherPhase::kTerminated) step.wake = state.expire_time;
  if (state.outstanding || state.phase == WatcherPhase::kWaiting) return step;
  const absl::Time due = DueTime(state);
  if (due <= context.now) {
    state.outstanding = true;
    step.send = true;
    return step;
  }
  step.wake = std::min(step.wake, due);
  // What is urgent already waits for its own time: the other one may be past.
  if (state.phase == WatcherPhase::kActive && !state.urgent) {
    step.wake = std::min(step.wake, state.rate.Latest());
  }
  return step;
}

bool EndsWatcher(int status, SendFailure failure) {
  if (failure == SendFailure::kOverload) return false;  // it is us who have too much to do
  if (failure != SendFailure::kNone) return true;
  switch (status) {
    case 404:
    case 405:
    case 408:
    case 410:
    case 416:
    case 430:
    case 489:
    case 501:
    case 502:
    case 604:
      return true;
    default:
      return status >= 480 && status <= 485;
  }
}

}  // namespace sipevents::sip
