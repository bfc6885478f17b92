#include "sip/notifier/watcher_state.h"

#include <algorithm>

namespace sipevents::sip {
namespace {

// A NOTIFY that failed in a way that may pass is tried so often again.
constexpr uint8_t kMostAttempts = 3;

// No longer does one who has ended stay for the last NOTIFY, however long a pause it asked for: as
// long as a transaction lasts.
absl::Duration LongestFarewell(const WatcherContext& context) { return 64 * context.t1; }

void Terminate(WatcherState& state, WatcherEnd end, const WatcherContext& context) {
  if (state.phase == WatcherPhase::kTerminated || state.phase == WatcherPhase::kGone) return;
  state.phase = WatcherPhase::kTerminated;
  state.end = end;
  state.urgent = true;
  state.held_until = std::min(state.held_until, context.now + LongestFarewell(context));
}

void Take(WatcherState& state, const SubscribeGranted& input, const WatcherContext& context) {
  if (state.phase == WatcherPhase::kTerminated || state.phase == WatcherPhase::kGone) return;
  if (input.duration <= absl::ZeroDuration()) {
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
  if (state.phase == WatcherPhase::kTerminated || state.phase == WatcherPhase::kGone) return;
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
    // The last NOTIFY may have been under way already when the end was decided.
    if (state.phase == WatcherPhase::kTerminated && !state.urgent)
      state.phase = WatcherPhase::kGone;
    return;
  }
  const bool lost_way = input.status / 100 == 3 && !input.can_retry;  // followed once, or to nobody
  if (EndsWatcher(input.status, input.failure) || (input.status == 420 && input.required) ||
      lost_way) {
    state.phase = WatcherPhase::kGone;  // no other NOTIFY (NOT-25)
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
    state.phase = WatcherPhase::kGone;
    return;
  }
  if ((input.can_retry || waits) && state.attempts < kMostAttempts) {
    ++state.attempts;
    state.urgent = true;  // the state of that moment (NOT-27)
    return;
  }
  state.attempts = 0;
  if (last && !state.urgent) state.phase = WatcherPhase::kGone;
}

void Take(WatcherState& state, const WatcherTimer& /*input*/, const WatcherContext& context) {
  if (context.now >= state.expire_time) Terminate(state, WatcherEnd::kTimeout, context);  // NOT-29
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
  if (state.outstanding) return step;
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
