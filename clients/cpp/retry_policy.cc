#include "clients/cpp/retry_policy.h"

#include <algorithm>
#include <optional>

#include "absl/random/distributions.h"
#include "clients/cpp/status.h"

namespace sipevents::client {
namespace {

// The longest RetryInfo that is honoured.
constexpr absl::Duration kMaxRetryDelay = absl::Hours(1);

bool IsAboutToken(const absl::Status& error) {
  const std::optional<google::rpc::BadRequest> bad = BadRequestOf(error);
  if (!bad.has_value()) return false;
  const auto& violations = bad->field_violations();
  // With other violations beside it, going without the token would not help.
  return !violations.empty() &&
         std::all_of(violations.begin(), violations.end(),
                     [](const auto& violation) { return violation.field() == "resume_token"; });
}

}  // namespace

absl::Duration RetryWait(const absl::Status& why, absl::Duration backoff, double jitter,
                         absl::BitGenRef random) {
  const std::optional<absl::Duration> asked = RetryDelayOf(why);
  if (!asked.has_value()) return backoff;
  const double spread = absl::Uniform(random, 1.0, 1.0 + jitter);
  return std::max(backoff, std::min(*asked, kMaxRetryDelay) * spread);
}

Verdict Judge(const absl::Status& error, bool was_connected) {
  switch (error.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
      return Verdict::kRetry;
    case absl::StatusCode::kResourceExhausted: {
      // Without an ErrorInfo it is our own gRPC that refuses a message, and would again.
      const bool may_pass =
          RetryDelayOf(error).has_value() || (was_connected && ErrorInfoOf(error).has_value());
      return may_pass ? Verdict::kRetry : Verdict::kFinal;
    }
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDataLoss:
      return ErrorInfoOf(error).has_value() ? Verdict::kFinal : Verdict::kRetry;
    case absl::StatusCode::kInvalidArgument:
      return IsAboutToken(error) ? Verdict::kTokenRefused : Verdict::kFinal;
    default:
      return Verdict::kFinal;
  }
}

}  // namespace sipevents::client
