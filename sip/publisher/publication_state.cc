#include "sip/publisher/publication_state.h"

#include <algorithm>
#include <utility>

#include "sip/base/backoff.h"

namespace sipevents::sip {
namespace {

// How long before a held state expires the failed refresh is tried for the last time.
constexpr absl::Duration kLastTry = absl::Seconds(5);

EpaStep Stay(EpaState state) { return {std::move(state), false, false}; }

bool IsHeld(const EpaState& state, absl::Time now) { return now < state.held_until; }

bool HasNews(const EpaState& state) {
  return state.body_revision > state.accepted_revision &&
         state.body_revision != state.refused_revision;
}

EpaOperation OperationOf(const EpaState& state) {
  if (state.removing) return EpaOperation::kRemove;
  if (state.tag.empty()) return EpaOperation::kInitial;
  return HasNews(state) ? EpaOperation::kModify : EpaOperation::kRefresh;
}

// A peer rounds, and counts from another moment.
constexpr absl::Duration kSlack = absl::Seconds(1);

absl::Duration AskedAt(const EpaState& state, absl::Time now) {
  const absl::Duration left = absl::Ceil(state.expire_time - now, absl::Seconds(1));
  return std::max({std::min(state.requested, left), state.least, absl::Seconds(1)});
}

// Whether the compositor was asked for more than is now left, and granted it.
bool IsHeldTooLong(const EpaState& state, absl::Time now) {
  return state.shortened && !state.tag.empty() && IsHeld(state, now) &&
         state.held_until - (now + AskedAt(state, now)) >= kSlack;
}

// The compositor holds nothing that we could name.
void ForgetHeld(EpaState& state) {
  state.tag.clear();
  state.held_until = absl::InfinitePast();
  state.refresh_at = absl::InfiniteFuture();
}

EpaStep Send(EpaState state, const EpaContext& context) {
  state.outstanding = true;
  state.under_way.reset();
  if (state.history.attempt_began == absl::InfinitePast()) {
    state.history.attempt_began = context.now;
  }
  return {std::move(state), /*send=*/true, false};
}

EpaStep SendIfNeeded(EpaState state, const EpaContext& context) {
  const bool needed = HasNews(state) || IsHeldTooLong(state, context.now);
  return needed ? Send(std::move(state), context) : Stay(std::move(state));
}

// What no caller asked for just now: is counted, and held back where it comes too often.
EpaStep SendOfOwnAccord(EpaState state, const EpaContext& context) {
  state.history.pace.Count(context.now);
  return Send(std::move(state), context);
}

EpaStep End(EpaState state, std::string_view reason, int sip_status) {
  state.phase = EpaPhase::kEnded;
  state.reason = std::string(reason);
  state.sip_status = sip_status;
  state.outstanding = false;
  state.retry_at = absl::InfinitePast();
  ForgetHeld(state);
  return Stay(std::move(state));
}

// Removes what is held. What has no tag cannot be named, and expires by itself (EPA-17).
EpaStep Withdraw(EpaState state, const EpaContext& context) {
  if (state.tag.empty() || context.now >= state.held_until + kSlack) {
    return End(std::move(state), "unpublished", 0);
  }
  state.phase = EpaPhase::kRemoving;
  if (context.now < state.hint_until) {
    if (state.hint_until > state.remove_by || state.hint_until >= state.held_until) {
      return End(std::move(state), "unpublished", 0);
    }
    state.retry_at = state.hint_until;
    return Stay(std::move(state));
  }
  state.retry_at = absl::InfinitePast();
  return Send(std::move(state), context);
}

// Whether a status is about what was sent, and not about whether we may publish at all: another
// body may be taken, and the one before still stands.
bool IsAboutTheBody(int status) {
  switch (status) {
    case 400:  // RFC 3903 section 6 step 5 leaves malformed documents to it
    case 406:
    case 413:
    case 415:
    case 488:
    case 493:
    case 513:
    case 606:
      return true;
    default:
      return false;
  }
}

EpaStep Retry(EpaState state, const Ending& ending, const EpaContext& context) {
  state.reason = ending.reason;
  state.sip_status = ending.sip_status;
  const std::optional<absl::Duration> delay =
      PlanRetry(state.history, ending, context.now, context.retry_base, context.random);
  if (!delay.has_value()) {
    EpaStep step = End(std::move(state), ending.reason, ending.sip_status);
    step.failed = true;
    return step;
  }
  state.retry_at = context.now + *delay;
  if (ending.followup == Followup::kAfterHint) state.hint_until = state.retry_at;
  if (!IsHeld(state, context.now)) {
    ForgetHeld(state);
    state.phase = EpaPhase::kRetrying;
  } else if (ending.followup == Followup::kTransient && state.retry_at >= state.held_until) {
    // What is held is worth one more try before it expires.
    const absl::Time last = state.held_until - kLastTry;
    if (last > context.now) state.retry_at = std::max(last, state.history.pace.NextAllowed());
  }
  state.history.established = absl::InfiniteFuture();
  state.history.attempt_began = state.retry_at;
  return {std::move(state), false, /*failed=*/true};
}

// Accepted for no time at all.
EpaStep OnNotKept(EpaState state, const PublishAnswered& answer, const EpaContext& context) {
  ForgetHeld(state);
  if (state.removing) return Withdraw(std::move(state), context);
  if (!state.is_event) {
    return Retry(
        std::move(state),
        {.reason = "not-kept", .sip_status = answer.status, .followup = Followup::kTransient},
        context);
  }
  // It was told, which is all that can be done with it.
  state.phase = EpaPhase::kActive;
  return HasNews(state) ? Send(std::move(state), context) : Stay(std::move(state));
}

EpaStep OnAccepted(EpaState state, EpaOperation operation, const PublishAnswered& answer,
                   const EpaContext& context) {
  const absl::Duration granted = answer.granted.has_value()
                                     ? std::min(absl::Seconds(*answer.granted), state.asked)
                                     : state.asked;  // EPA-12: never more
  if (operation != EpaOperation::kRefresh) state.accepted_revision = state.sent_revision;
  state.tag = answer.tag;
  state.interval_retries = 0;
  state.retry_at = state.hint_until = absl::InfinitePast();
  const bool newest_is_refused = state.refused_revision == state.revision;
  state.reason = newest_is_refused ? state.refusal : "";
  state.sip_status = newest_is_refused ? state.refusal_status : 0;
  if (granted <= absl::ZeroDuration()) return OnNotKept(std::move(state), answer, context);
  state.phase = EpaPhase::kActive;
  state.held_until = context.now + granted;
  if (state.history.established == absl::InfiniteFuture()) {
    state.history.established = context.now;
  }
  state.refresh_at =
      std::max(context.now + RefreshDelay(granted, context.t1, context.random.Uniform()),
               state.history.pace.NextAllowed());
  if (state.removing) return Withdraw(std::move(state), context);
  return SendIfNeeded(std::move(state), context);
}

EpaStep OnFailed(EpaState state, EpaOperation operation, const PublishAnswered& answer,
                 const EpaContext& context) {
  state.interval_retries = 0;
  const bool real = answer.failure == SendFailure::kNone;
  const Ending ending = EndingForResponse(answer.status, answer.failure, answer.retry_after);
  if (real && operation == EpaOperation::kModify && IsHeld(state, context.now) &&
      ending.followup == Followup::kNever && IsAboutTheBody(answer.status)) {
    state.refused_revision = state.sent_revision;
    state.reason = state.refusal = ending.reason;
    state.sip_status = state.refusal_status = answer.status;
    state.retry_at = absl::InfinitePast();
    EpaStep step = SendIfNeeded(std::move(state), context);
    step.failed = true;
    return step;
  }
  if (real && answer.status == 412) {
    // To what named no tag: nonsense, so not for ever.
    return Retry(std::move(state),
                 {.reason = ending.reason, .sip_status = 412, .followup = Followup::kTransient},
                 context);
  }
  return Retry(std::move(state), ending, context);
}

// EPA-15, EPA-16: what failed only now is tried again as long as something is held.
EpaStep OnRemoveAnswered(EpaState state, const PublishAnswered& answer, const EpaContext& context) {
  const bool real = answer.failure == SendFailure::kNone;
  if (real && answer.status / 100 == 2) return End(std::move(state), "unpublished", 0);
  const Ending ending = EndingForResponse(answer.status, answer.failure, answer.retry_after);
  // The tag names nothing; or a duration is asked for, where there is none.
  const bool is_senseless =
      real && (answer.status == 412 || answer.status == 423 || answer.status == 481);
  if (is_senseless || ending.followup == Followup::kNever) {
    return End(std::move(state), "unpublished", answer.status);
  }
  EpaStep step = Retry(std::move(state), ending, context);
  if (step.state.retry_at < step.state.held_until && step.state.retry_at <= step.state.remove_by) {
    return step;
  }
  return End(std::move(step.state), "unpublished", answer.status);
}

}  // namespace

EpaStep BeginPublication(absl::Duration requested, absl::Time expire_time, bool is_event,
                         const EpaContext& context) {
  EpaState state;
  state.requested = state.asked = requested;
  state.expire_time = expire_time;
  state.is_event = is_event;
  return SendOfOwnAccord(std::move(state), context);
}

EpaStep OnModified(EpaState state, const EpaContext& context) {
  if (state.removing || state.phase == EpaPhase::kEnded) return Stay(std::move(state));
  state.body_revision = ++state.revision;
  const bool waits = state.outstanding || state.retry_at != absl::InfinitePast();
  return waits ? Stay(std::move(state)) : Send(std::move(state), context);
}

EpaStep OnModifyRefused(EpaState state, std::string_view reason) {
  if (state.removing || state.phase == EpaPhase::kEnded) return Stay(std::move(state));
  state.refused_revision = ++state.revision;
  state.reason = state.refusal = std::string(reason);
  state.sip_status = state.refusal_status = 0;
  return {std::move(state), false, /*failed=*/true};
}

EpaStep OnExpireTimeMoved(EpaState state, absl::Time expire_time, const EpaContext& context) {
  state.shortened = state.shortened || expire_time < state.expire_time;
  state.expire_time = expire_time;
  const bool waits = state.removing || state.phase == EpaPhase::kEnded || state.outstanding ||
                     state.retry_at != absl::InfinitePast();
  return waits ? Stay(std::move(state)) : SendIfNeeded(std::move(state), context);
}

PublishContent FillPublish(EpaState& state, absl::Time now) {
  PublishContent content;
  content.operation = OperationOf(state);
  state.under_way = content.operation;
  content.with_body =
      content.operation == EpaOperation::kInitial || content.operation == EpaOperation::kModify;
  if (content.with_body) state.sent_revision = state.body_revision;
  content.if_match = state.tag;
  if (content.operation != EpaOperation::kRemove) {
    state.asked = AskedAt(state, now);
    state.shortened = false;
    content.expires = static_cast<uint32_t>(absl::ToInt64Seconds(state.asked));
  }
  return content;
}

EpaStep OnPublishAnswered(EpaState state, const PublishAnswered& answer,
                          const EpaContext& context) {
  const EpaOperation operation = state.under_way.value_or(OperationOf(state));
  state.outstanding = false;
  state.under_way.reset();
  const bool real = answer.failure == SendFailure::kNone;
  const bool accepted = real && answer.status / 100 == 2;
  if (operation == EpaOperation::kRemove) {
    return OnRemoveAnswered(std::move(state), answer, context);
  }
  if (accepted) return OnAccepted(std::move(state), operation, answer, context);
  const bool tag_is_bad = real && (answer.status == 412 || answer.status == 481);
  if (tag_is_bad) ForgetHeld(state);
  if (state.removing) {
    if (real && answer.retry_after.has_value()) {
      state.hint_until = context.now + absl::Seconds(*answer.retry_after);
    }
    return Withdraw(std::move(state), context);
  }
  if (tag_is_bad && answer.status == 412 && operation != EpaOperation::kInitial) {
    return Send(std::move(state), context);
  }
  if (real && answer.status == 423) {
    const std::optional<absl::Duration> longer =
        LongerInterval(state.asked, state.interval_retries, answer.min_expires, /*strict=*/false);
    if (longer.has_value()) {
      state.least = *longer;
      ++state.interval_retries;
      return Send(std::move(state), context);
    }
  }
  return OnFailed(std::move(state), operation, answer, context);
}

void OnPublishCancelled(EpaState& state) {
  state.outstanding = false;
  state.under_way.reset();
}

EpaStep OnUnpublished(EpaState state, absl::Time latest, const EpaContext& context) {
  state.removing = true;
  state.remove_by = std::min(state.remove_by, latest);
  const bool waits = state.phase == EpaPhase::kEnded || state.outstanding;
  return waits ? Stay(std::move(state)) : Withdraw(std::move(state), context);
}

EpaStep OnEpaTick(EpaState state, const EpaContext& context) {
  if (state.phase == EpaPhase::kActive && state.held_until != absl::InfinitePast() &&
      !IsHeld(state, context.now)) {
    const absl::Time due = state.refresh_at;
    ForgetHeld(state);
    state.phase = EpaPhase::kRetrying;
    if (state.reason.empty()) state.reason = "expired";
    if (state.retry_at == absl::InfinitePast()) state.retry_at = due;
  }
  if (state.outstanding || context.now < NextDeadline(state)) return Stay(std::move(state));
  if (state.removing && !IsHeld(state, context.now)) {
    const int last_status = state.sip_status;
    return End(std::move(state), "unpublished", last_status);
  }
  return SendOfOwnAccord(std::move(state), context);
}

absl::Time NextDeadline(const EpaState& state) {
  absl::Time due = absl::InfiniteFuture();
  if (state.phase == EpaPhase::kEnded) return due;
  if (!state.outstanding) {
    due = state.retry_at == absl::InfinitePast() ? state.refresh_at : state.retry_at;
  }
  const bool may_lapse =
      state.phase == EpaPhase::kActive && state.held_until != absl::InfinitePast();
  if (may_lapse) due = std::min(due, state.held_until);
  if (state.removing) return due;
  // Whoever ends the publication does the rest.
  const bool lasts =
      state.held_until >= state.expire_time && state.retry_at == absl::InfinitePast();
  return lasts || due >= state.expire_time ? absl::InfiniteFuture() : due;
}

std::string_view EpaPhaseName(EpaPhase phase) {
  switch (phase) {
    case EpaPhase::kPublishing:
      return "publishing";
    case EpaPhase::kActive:
      return "active";
    case EpaPhase::kRetrying:
      return "retrying";
    case EpaPhase::kRemoving:
      return "removing";
    case EpaPhase::kEnded:
      return "ended";
  }
  return "";
}

std::string_view EpaOperationName(EpaOperation operation) {
  switch (operation) {
    case EpaOperation::kInitial:
      return "initial";
    case EpaOperation::kRefresh:
      return "refresh";
    case EpaOperation::kModify:
      return "modify";
    case EpaOperation::kRemove:
      return "remove";
  }
  return "";
}

}  // namespace sipevents::sip
