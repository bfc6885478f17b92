#include "tests/fakes/fake_clock.h"

#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents {
namespace {

using ::testing::ElementsAre;

TEST(FakeClockTest, TimersRunInOrderAtTheirOwnTime) {
  FakeClock clock;
  TimerQueue timers;
  clock.Attach(&timers);
  const absl::Time start = clock.Now();
  std::vector<absl::Duration> ran;
  const auto note = [&] { ran.push_back(clock.Now() - start); };
  timers.At(start + absl::Seconds(2), note);
  timers.At(start + absl::Seconds(1), [&] {
    note();
    timers.At(clock.Now() + absl::Milliseconds(500), note);
  });
  timers.At(start + absl::Seconds(4), note);

  clock.Advance(absl::Seconds(3));

  EXPECT_THAT(ran, ElementsAre(absl::Seconds(1), absl::Milliseconds(1500), absl::Seconds(2)));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(3));
}

TEST(FakeClockTest, TimerOfThePastDoesNotTurnTimeBack) {
  FakeClock clock;
  TimerQueue timers;
  clock.Attach(&timers);
  const absl::Time start = clock.Now();
  absl::Time ran_at = absl::InfinitePast();
  timers.At(start - absl::Seconds(5), [&] { ran_at = clock.Now(); });

  clock.Advance(absl::ZeroDuration());

  EXPECT_EQ(ran_at, start);
  EXPECT_EQ(clock.Now(), start);
}

TEST(FakeClockTest, WithoutTimersItOnlyMoves) {
  FakeClock clock(absl::UnixEpoch());

  clock.Advance(absl::Hours(1));

  EXPECT_EQ(clock.Now(), absl::UnixEpoch() + absl::Hours(1));
}

}  // namespace
}  // namespace sipevents
