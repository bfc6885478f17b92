#ifndef SIP_NOTIFIER_NOTIFY_RATE_H_
#define SIP_NOTIFIER_NOTIFY_RATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// How often a watcher is told: the maximum rate of its package (NOT-47), and the rate control that
// it asks for (RFC 6446). Pure: time is an argument. Threads: any.

namespace sipevents::sip {

// Rates in NOTIFYs per second; 0: not asked for.
struct RateWishes {
  float max_rate = 0;
  float min_rate = 0;
  float adaptive_min_rate = 0;

  bool operator==(const RateWishes&) const = default;
};

// Reads max-rate, min-rate and adaptive-min-rate from the parameters of an Event header (`name` or
// `name=value`). What is no number of up to two digits and ten decimals, or 0, is ignored
// (RATE-06); a minimum above max-rate is lowered to it, and a min-rate above the adaptive one is
// ignored (RATE-05).
RateWishes ReadRateWishes(const std::vector<std::string_view>& event_parameters);

// Whether a parameter of an Event header asks for a rate.
bool IsRateWish(std::string_view parameter);

// The rates that are in force, as parameters of Subscription-State: `;max-rate=0.1`; empty: none.
std::string RateParameters(const RateWishes& rates);

class NotifyRate {
 public:
  NotifyRate() = default;
  // `package_interval`: the least time between two NOTIFYs of the package.
  explicit NotifyRate(absl::Duration package_interval) : package_interval_(package_interval) {}

  // From a SUBSCRIBE, or a 2xx to a NOTIFY: its wishes replace earlier ones. A max-rate that would
  // not let even one NOTIFY through in `remaining` is raised to that (RATE-02), and a minimum that
  // the package's own interval does not allow is lowered (RATE-03, RATE-04): wishes() says what is.
  void Wish(const RateWishes& wishes, absl::Duration remaining);
  const RateWishes& wishes() const { return wishes_; }

  // A NOTIFY was sent.
  void Sent(absl::Time now);

  // Not before then may a change be told (RATE-01); InfinitePast: at once.
  absl::Time Earliest() const;
  // Then one is due though nothing changed (RATE-03, RATE-04); InfiniteFuture: never.
  absl::Time Latest() const;

 private:
  absl::Duration LeastInterval() const;

  absl::Duration package_interval_;
  absl::Time last_ = absl::InfinitePast();
  absl::Time period_began_ = absl::InfinitePast();  // of the count for the adaptive rate
  uint32_t count_ = 0;                              // in this period
  uint32_t last_count_ = 0;                         // in the one before
  RateWishes wishes_;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_NOTIFY_RATE_H_
