#include "sip/dispatch/pacer.h"

#include <algorithm>
#include <cmath>

namespace sipevents::sip {
namespace {

constexpr int kSlowSeconds = 10;         // of a start without a bound
constexpr double kUnboundedStart = 100;  // requests in its first second

// How much earlier than evenly spaced a request may leave: makes up for looking late.
constexpr absl::Duration kTolerance = absl::Milliseconds(10);

}  // namespace

double Pacer::CurrentRate(double rate, absl::Time now) const {
  if (slow_since_ == absl::InfinitePast()) return rate;
  const double seconds = std::floor(absl::ToDoubleSeconds(now - slow_since_));
  if (seconds >= kSlowSeconds && rate == 0) return 0;
  if (rate == 0) return std::ldexp(kUnboundedStart, static_cast<int>(seconds));
  // A low rate does not make the start slower than one request a second.
  const double start = std::max(rate / 10, std::min(rate, 1.0));
  return std::min(rate, std::ldexp(start, static_cast<int>(std::min(seconds, 4.0))));
}

absl::Time Pacer::NextAt(double rate, absl::Time now) const {
  const double current = CurrentRate(rate, now);
  return current == 0 ? absl::InfinitePast() : due_ - kTolerance;
}

void Pacer::OnSent(double rate, absl::Time now) {
  const double current = CurrentRate(rate, now);
  if (current != 0) due_ = std::max(due_, now) + absl::Seconds(1 / current);
}

void Pacer::BeginSlowly(absl::Time now) { slow_since_ = now; }

absl::Time Pacer::FreshAt(double rate) const {
  const int slow_seconds = rate == 0 ? kSlowSeconds : 4;
  return std::max(due_, slow_since_ + absl::Seconds(slow_seconds));
}

}  // namespace sipevents::sip
