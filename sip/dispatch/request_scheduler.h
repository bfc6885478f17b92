#ifndef SIP_DISPATCH_REQUEST_SCHEDULER_H_
#define SIP_DISPATCH_REQUEST_SCHEDULER_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/base/random_id.h"
#include "sip/dialog/request_sender.h"
#include "sip/dispatch/circuit_breaker.h"
#include "sip/explanation.h"

namespace sipevents::sip {

struct RequestSchedulerOptions {
  absl::Duration t1 = absl::Milliseconds(500);
  int max_in_flight = 2000;  // over all destinations
  int max_in_flight_per_destination = 500;
  double rate_per_destination = 1000;  // requests per second; 0: no bound
  size_t max_waiting = 4'000'000;      // over all destinations
  size_t max_destinations = 100'000;   // remembered at once
  // Hears of what waits, of breakers and of bounds reached (not of what is in flight); must
  // outlive the scheduler; may be null.
  SipMetrics* metrics = nullptr;
};

// Decides which request leaves when. Pure: time is an argument.
//
// - Rate: in any stretch of W seconds no more than rate * W + 1 + rate / 100 requests leave
//   for one destination (see Pacer). A server that is back after a failure begins with a tenth
//   of the rate, which doubles every second.
// - In flight: no more than the two bounds; and no destination has more than twice as many as
//   there is still room for in all, so that servers that answer nothing leave room for others
//   (three of them at the bounds above take 500 each, twenty of them 97 each).
// - Order: within a destination the most urgent first (OVL-05), and of these the oldest. Among
//   destinations the one with the fewest requests in flight, else in turn.
// - Failing servers: see CircuitBreaker. Their requests wait, and the most urgent one is the
//   probe. NOTIFYs wait only for servers that say that they are overloaded.
//
// Each operation takes O(log n) of the destinations, whatever waits; a waiting request takes some
// 60 octets. A destination without requests is forgotten once that changes nothing, or when
// another one needs its place.
//
// Threads: one.
class RequestScheduler {
 public:
  RequestScheduler(RequestSchedulerOptions options, RandomSource& random);
  ~RequestScheduler();

  // Has a request wait for its turn at `destination` (NextHop::Key()).
  // Errors: RESOURCE_EXHAUSTED: too many wait, or too many destinations. ALREADY_EXISTS: waits
  // or is in flight.
  absl::Status Enqueue(RequestId id, std::string_view destination, RequestPriority priority,
                       absl::Time now);

  // Takes a waiting request out; false if it does not wait.
  bool Remove(RequestId id);

  // The requests whose turn it is, in the order in which they are to leave; they count as in
  // flight until OnFinished().
  std::vector<RequestId> TakeReady(absl::Time now);

  // When TakeReady() may have something next, if nothing else happens; InfiniteFuture if never.
  absl::Time NextReady(absl::Time now) const;

  // A request in flight is over. Others may leave now: TakeReady() is due.
  void OnFinished(RequestId id, const RequestOutcome& outcome, absl::Time now);

  // Whether the breaker of a destination is open, so that another server is the better choice.
  // Once its time is over, the next request may try (until that one is under way as the probe).
  bool IsDown(std::string_view destination, absl::Time now) const;

  // How a destination fares; one that is not known is well.
  ServerState StateOf(std::string_view destination) const;

  size_t waiting() const;
  size_t in_flight() const;
  // Destinations whose breaker is open, or was and has not seen an answer since.
  size_t down() const;

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_DISPATCH_REQUEST_SCHEDULER_H_
