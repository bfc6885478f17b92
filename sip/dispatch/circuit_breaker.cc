#include "sip/dispatch/circuit_breaker.h"

#include <algorithm>
#include <cmath>

namespace sipevents::sip {
namespace {

constexpr int kFailuresToOpen = 5;
constexpr uint8_t kMostDoublings = 16;  // far past 64*T1
constexpr int kMostCounted = 60'000;    // failures in a row
constexpr absl::Duration kLongestRetryAfter = absl::Minutes(5);
constexpr absl::Duration kLongestForOne = absl::Seconds(5);  // that one 503 counts for

}  // namespace

CircuitBreaker::Change CircuitBreaker::OnOutcome(const RequestOutcome& outcome, bool probe,
                                                 absl::Duration t1, absl::Time now,
                                                 RandomSource& random) {
  using Kind = RequestOutcome::Kind;
  probe = probe && state_ == State::kProbing;
  if (outcome.kind == Kind::kForgotten) {
    // The probe told nothing: another one goes as soon as may be.
    if (probe) state_ = State::kOpen;
    return Change::kNone;
  }
  if (outcome.kind == Kind::kAnswered) {
    failures_ = 0;
    // An overloaded server answers some and not others: only the probe, sent after the time it
    // asked for, tells that it has recovered.
    if (is_closed()) ForgetFailures();
    if (is_closed() || (overloaded_ && !probe)) return Change::kNone;
    ForgetFailures();
    state_ = State::kClosed;
    briefly_ = false;
    closed_at_ = now;
    return Change::kClosed;
  }
  last_failure_ = now;
  last_failure_kind_ = outcome.kind;
  failures_in_row_ = std::min<int>(failures_in_row_ + 1, kMostCounted);
  const bool counts = is_closed() || (briefly_ && !probe);
  if (counts && ++failures_ < kFailuresToOpen) {
    const absl::Duration asked = outcome.retry_after.value_or(absl::ZeroDuration());
    if (!is_closed() || asked <= absl::ZeroDuration()) return Change::kNone;
    OpenBriefly(asked, now);
    return Change::kOpened;
  }
  if (!counts && !probe) return Change::kNone;
  Open(outcome, t1, now, random);
  return Change::kOpened;
}

void CircuitBreaker::Open(const RequestOutcome& outcome, absl::Duration t1, absl::Time now,
                          RandomSource& random) {
  // A server that comes back only to fail again is not new to failing.
  if (is_closed() && now - closed_at_ >= 64 * t1) times_opened_ = 0;
  const double factor = std::min(64.0, std::ldexp(4.0, times_opened_));
  times_opened_ = std::min<uint8_t>(times_opened_ + 1, kMostDoublings);
  absl::Duration open = t1 * factor * (0.5 + random.Uniform() / 2);
  if (outcome.retry_after.has_value()) {
    open = std::max(open, std::min(*outcome.retry_after, kLongestRetryAfter));
  }
  state_ = State::kOpen;
  open_until_ = now + open;
  failures_ = 0;
  briefly_ = false;
  overloaded_ = outcome.kind == RequestOutcome::Kind::kOverloaded;
}

void CircuitBreaker::OpenBriefly(absl::Duration retry_after, absl::Time now) {
  state_ = State::kOpen;
  open_until_ = now + std::min(retry_after, kLongestForOne);
  overloaded_ = true;
  briefly_ = true;
}

absl::Time CircuitBreaker::PassesAt() const {
  switch (state_) {
    case State::kClosed:
      return absl::InfinitePast();
    case State::kOpen:
      return open_until_;
    case State::kProbing:
      break;
  }
  return absl::InfiniteFuture();
}

absl::Time CircuitBreaker::ForgettableAt(absl::Duration t1) const {
  return std::max({open_until_, last_failure_, closed_at_}) + 64 * t1;
}

}  // namespace sipevents::sip
