#include "sip/subscriber/retry_policy.h"

#include <algorithm>

#include "sip/base/ascii.h"
#include "sip/base/backoff.h"
#include "sip/subscriber/response_table.h"

namespace sipevents::sip {
namespace {

// A peer may ask us to wait, but not for ever.
constexpr absl::Duration kLongestHint = absl::Hours(24);

constexpr int kMostIntervalRetries = 3;
constexpr absl::Duration kLongestAskedInterval = absl::Hours(24);
constexpr absl::Duration kLongestDoubledInterval = absl::Hours(1);

Ending WithHint(Ending ending, std::optional<uint32_t> retry_after, Followup otherwise) {
  if (retry_after.has_value()) {
    ending.followup = Followup::kAfterHint;
    ending.hint = std::min(absl::Seconds(*retry_after), kLongestHint);
  } else {
    ending.followup = otherwise;
  }
  return ending;
}

}  // namespace

Ending EndingForTermination(std::string_view reason, std::optional<uint32_t> retry_after) {
  Ending ending;
  ending.reason = reason.empty() ? "terminated" : ToLower(reason);
  if (ending.reason == "deactivated" || ending.reason == "timeout") {
    ending.followup = Followup::kNow;  // SUB-34, SUB-37: retry-after is ignored
    return ending;
  }
  if (ending.reason == "rejected" || ending.reason == "noresource" ||
      ending.reason == "badfilter") {
    ending.followup = Followup::kNever;  // SUB-36, SUB-39, SUB-41
    return ending;
  }
  if (ending.reason == "invariant") {
    ending.followup = Followup::kNever;  // SUB-40
    ending.state_remains = true;
    return ending;
  }
  // probation, giveup, no reason and unknown ones (SUB-35, SUB-38, SUB-41).
  return WithHint(std::move(ending), retry_after, Followup::kTransient);
}

SendFailure FailureOf(const Response& response) {
  if (!response.made_here || response.failure != SendFailure::kNone) return response.failure;
  return response.status == 408 ? SendFailure::kTimeout : SendFailure::kTransport;
}

std::string_view FailureReason(SendFailure failure) {
  switch (failure) {
    case SendFailure::kNone:
      return "response";
    case SendFailure::kTimeout:
      return "timeout";
    case SendFailure::kTransport:
      return "transport";
    case SendFailure::kNoAddress:
      return "no-address";
    case SendFailure::kNotAllowed:
      return "destination-not-allowed";
    case SendFailure::kOverload:
      return "overload";
  }
  return "response";
}

Ending EndingForResponse(int status, SendFailure failure, std::optional<uint32_t> retry_after) {
  Ending ending;
  ending.sip_status = status;
  ending.reason = std::string(FailureReason(failure));
  if (failure != SendFailure::kNone) {
    // What failed here says nothing about the peer's mind; a setting does not change by itself.
    ending.followup = failure == SendFailure::kNotAllowed ? Followup::kNever : Followup::kTransient;
    return ending;
  }
  switch (ResponseRowOf(status).initial) {
    case InitialAction::kBackOff:
    case InitialAction::kRedirect:        // every Contact was tried, or too many
    case InitialAction::kLongerInterval:  // and so was every interval
      return WithHint(std::move(ending), retry_after, Followup::kTransient);
    case InitialAction::kSoon:
      return WithHint(std::move(ending), retry_after, Followup::kSoon);
    case InitialAction::kStopUnlessHinted:
      return WithHint(std::move(ending), retry_after, Followup::kNever);
    default:
      ending.followup = Followup::kNever;
      return ending;
  }
}

std::optional<absl::Duration> LongerInterval(absl::Duration requested, int retries,
                                             std::optional<uint32_t> min_expires, bool strict) {
  if (retries >= kMostIntervalRetries || (strict && !min_expires.has_value())) return std::nullopt;
  const absl::Duration asked = min_expires.has_value()
                                   ? absl::Seconds(*min_expires)
                                   : std::min(2 * requested, kLongestDoubledInterval);
  if (asked <= requested || asked > kLongestAskedInterval) return std::nullopt;
  return asked;
}

absl::Duration RefreshDelay(absl::Duration lifetime, absl::Duration t1, double jitter) {
  const absl::Duration margin =
      lifetime > 128 * t1 ? std::max(absl::Seconds(5), 64 * t1) : absl::Seconds(5);
  const absl::Duration delay = std::max(lifetime - margin, lifetime / 2);
  return std::max(delay * (1.0 - jitter / 10), absl::ZeroDuration());
}

absl::Duration SoonDelay(double jitter) { return absl::Seconds(2.1 + 1.9 * jitter); }

std::optional<absl::Duration> PlanRetry(RetryHistory& history, const Ending& ending, absl::Time now,
                                        absl::Duration base, RandomSource& random) {
  if (now - history.established >= kStableAfter) history.failures = 0;
  const bool quick = now - history.attempt_began < kQuickWindow;
  history.quick_endings = quick ? history.quick_endings + 1 : 0;
  // Whatever the peer asks for, so often is too often.
  const bool cut = history.quick_endings >= kMostQuickEndings;
  absl::Duration delay;
  switch (ending.followup) {
    case Followup::kNever:
      return std::nullopt;
    case Followup::kNow:
      break;
    case Followup::kAfterHint:
      delay = HintDelay(ending.hint, random);
      break;
    case Followup::kSoon:
      delay = SoonDelay(random.Uniform());
      break;
    case Followup::kTransient:
      return TransientDelay(history.failures++, base, random);
  }
  if (cut) delay = std::max(delay, TransientDelay(history.failures++, base, random));
  return std::max({delay, history.pace.NextAllowed() - now, absl::ZeroDuration()});
}

}  // namespace sipevents::sip
