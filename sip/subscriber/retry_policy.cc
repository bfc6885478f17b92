#include "sip/subscriber/retry_policy.h"

#include <algorithm>

#include "sip/base/ascii.h"
#include "sip/base/backoff.h"

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

bool IsTransient(int status) {
  switch (status) {
    case 408:
    case 430:
    case 480:
    case 481:
    case 486:
    case 491:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
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

Ending EndingForResponse(int status, bool made_here, std::optional<uint32_t> retry_after) {
  Ending ending;
  ending.sip_status = status;
  ending.reason = !made_here ? "response" : status == 408 ? "timeout" : "transport";
  // What failed here says nothing about the peer's mind.
  if (made_here) {
    ending.followup = Followup::kTransient;
    return ending;
  }
  if (IsTransient(status)) return WithHint(std::move(ending), retry_after, Followup::kTransient);
  // 600 and 603 are final unless the peer names a time; so is the rest (extensions, section 10).
  if ((status == 600 || status == 603 || status == 404 || status == 413) && retry_after) {
    return WithHint(std::move(ending), retry_after, Followup::kNever);
  }
  if (status >= 500 && status < 600 && status != 501 && status != 505 && status != 513) {
    return WithHint(std::move(ending), retry_after, Followup::kTransient);  // as x00
  }
  ending.followup = Followup::kNever;
  return ending;
}

bool EndsSubscription(int status) {
  switch (status) {
    case 404:
    case 405:
    case 410:
    case 416:
    case 489:
    case 501:
    case 502:
    case 604:
      return true;
    default:
      return status >= 480 && status <= 485;
  }
}

std::optional<absl::Duration> LongerInterval(absl::Duration requested, int retries,
                                             std::optional<uint32_t> min_expires) {
  if (retries >= kMostIntervalRetries) return std::nullopt;
  const absl::Duration asked = min_expires.has_value()
                                   ? absl::Seconds(*min_expires)
                                   : std::min(2 * requested, kLongestDoubledInterval);
  if (asked <= requested || asked > kLongestAskedInterval) return std::nullopt;
  return asked;
}

std::optional<absl::Duration> PlanRetry(RetryHistory& history, const Ending& ending, absl::Time now,
                                        absl::Duration t1, RandomSource& random) {
  const absl::Duration lasted = now - history.attempt_began;
  if (lasted >= kStableAfter) history.failures = 0;
  history.quick_endings = lasted < kQuickWindow ? history.quick_endings + 1 : 0;
  Followup followup = ending.followup;
  if (followup == Followup::kNow && history.quick_endings >= kMostQuickEndings) {
    followup = Followup::kTransient;
  }
  switch (followup) {
    case Followup::kNever:
      return std::nullopt;
    case Followup::kNow:
      return absl::ZeroDuration();
    case Followup::kAfterHint: {
      const absl::Duration hinted = HintDelay(ending.hint, random);
      if (history.quick_endings < kMostQuickEndings) return hinted;
      return std::max(hinted, TransientDelay(history.failures++, t1, random));
    }
    case Followup::kTransient:
      return TransientDelay(history.failures++, t1, random);
  }
  return std::nullopt;
}

}  // namespace sipevents::sip
