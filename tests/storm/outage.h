#ifndef TESTS_STORM_OUTAGE_H_
#define TESTS_STORM_OUTAGE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"
#include "tests/scenarios/gateway_process.h"
#include "tests/storm/storm_peer.h"

namespace sipevents::testing {

// A notifier that goes away while its subscriptions fall due, and comes back: the real gateway
// against a StormPeer.
struct OutageOptions {
  int subscriptions = 20'000;
  int rate = 1000;  // --sip_destination_rate
  absl::Duration t1 = absl::Milliseconds(500);
  // What the notifier grants before it goes, and after it is back, in seconds.
  int expires_before = 80;
  int expires_after = 80;
  absl::Duration away = absl::Seconds(60);
  StormPeer::Mode how = StormPeer::Mode::kSilent;
  bool forgets = false;  // comes back without its dialogs
  std::vector<std::string> more_flags;
};

// What was seen from outside of the gateway.
struct OutageReport {
  absl::Time began;  // of the first SUBSCRIBE
  absl::Time stopped;
  absl::Time back;
  absl::Time all_active;               // none stale, none waiting
  std::vector<absl::Time> subscribes;  // when each distinct SUBSCRIBE came

  // While it was away:
  int most_waiting = 0;              // ListSubscriptionsResponse.waiting_count
  int most_waiting_listed = 0;       // Subscriptions that `waiting = true` lists
  double most_requests_waiting = 0;  // sipevents_sip_requests_waiting
  double servers_down = 0;           // sipevents_sip_servers_down, the most
  double trips = 0;                  // sipevents_sip_breaker_trips_total

  // Resident memory of the gateway in octets: before the outage, and the most during it.
  double memory_before = 0;
  double memory_during = 0;

  // How many came from `from` on and before `to`.
  int Count(absl::Time from, absl::Time to) const;
  // When the first one came after `time`; InfiniteFuture if none did.
  absl::Time FirstAfter(absl::Time time) const;
  // The most that came within any second.
  int LargestSecond() const;
  // Within each second from `from` on, up to `to`.
  std::vector<int> PerSecond(absl::Time from, absl::Time to) const;
};

// The most that may come within a second at this rate: as sip/stack/pacer.h has it, and two in a
// hundred for what a busy machine shifts between a request's turn and its way into the network.
int LargestSecondAllowed(int rate);

// Runs one. `say` is told how it goes, in lines.
absl::StatusOr<OutageReport> RunOutage(const OutageOptions& options,
                                       const std::function<void(const std::string&)>& say);

}  // namespace sipevents::testing

#endif  // TESTS_STORM_OUTAGE_H_
