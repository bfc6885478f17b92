#ifndef SIP_DISPATCH_PACER_H_
#define SIP_DISPATCH_PACER_H_

#include "absl/time/time.h"

namespace sipevents::sip {

// Spaces out what leaves for one server, so that in any stretch of W seconds no more than
// rate * W + 1 + rate / 100 requests leave: what is added to the rate is what may leave at once
// after a rest, one and ten milliseconds' worth. Pure; 24 octets. Threads: one.
//
// The rate, in requests per second, is the same in all calls; 0: no bound.
class Pacer {
 public:
  // When the next request may leave; not after `now`: at once.
  absl::Time NextAt(double rate, absl::Time now) const;

  // A request leaves.
  void OnSent(double rate, absl::Time now);

  // The server is back after a failure: it gets a tenth of the rate for one second (one request
  // at least), and twice as much in each further second, up to the rate. Without a bound: 100 in
  // the first second, and no bound after ten.
  void BeginSlowly(absl::Time now);

  // From when on a new Pacer would do the same.
  absl::Time FreshAt(double rate) const;

 private:
  double CurrentRate(double rate, absl::Time now) const;

  // GCRA (ITU-T I.371): when the next request would be due if all were evenly spaced.
  absl::Time due_ = absl::InfinitePast();
  absl::Time slow_since_ = absl::InfinitePast();
};

}  // namespace sipevents::sip

#endif  // SIP_DISPATCH_PACER_H_
