#include "tests/storm/outage.h"

#include <cstdio>

#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::testing {
namespace {

constexpr absl::Duration kT1 = absl::Milliseconds(50);

void Say(const std::string& line) { printf("%s\n", line.c_str()); }

// 2,000 subscriptions that all fall due while their notifier is away, and that it has forgotten
// when it is back: at the worst each needs a refresh that fails and a new subscription.
OutageOptions Small() {
  OutageOptions options;
  options.subscriptions = 2'000;
  options.rate = 400;
  options.t1 = kT1;
  options.expires_before = 12;
  options.expires_after = 3600;
  options.away = absl::Seconds(11);
  options.forgets = true;
  return options;
}

// OVL-01, OVL-05, OVL-06
TEST(OutageTest, RecoveryIsPacedWithinItsBoundAndTheBacklogIsVisible) {
  const OutageOptions options = Small();
  // When
  ASSERT_OK_AND_ASSIGN(const OutageReport report, RunOutage(options, Say));
  // Then no second had more than the rate allows, from the first request to the last,
  EXPECT_LE(report.LargestSecond(), LargestSecondAllowed(options.rate));
  EXPECT_GE(report.LargestSecond(), options.rate * 9 / 10);  // and the rate was used
  // the server was found to be down once the first requests had timed out, and from then on
  // single probes left, each when the one before had failed,
  const absl::Time found = report.FirstAfter(report.stopped) + 64 * kT1 + absl::Milliseconds(500);
  const int probes = report.Count(found, report.back);
  const int most_probes = static_cast<int>((report.back - found) / (64 * kT1)) + 1;
  EXPECT_GE(probes, 1);
  EXPECT_LE(probes, most_probes);
  EXPECT_EQ(report.servers_down, 1);
  EXPECT_GE(report.trips, 1);
  // the backlog was there to see,
  EXPECT_GT(report.most_waiting, options.subscriptions / 2);
  EXPECT_GT(report.most_waiting_listed, options.subscriptions / 2);
  EXPECT_GT(report.most_requests_waiting, options.subscriptions / 2);
  // and all are well again: the probe (64*T1), retries of what had failed (60*T1, doubled once),
  // the slow start, and two requests for each.
  const absl::Duration bound =
      (64 + 120) * kT1 + absl::Seconds(4) + absl::Seconds(2 * options.subscriptions / options.rate);
  EXPECT_LE(report.all_active - report.back, bound);
}

}  // namespace
}  // namespace sipevents::testing
