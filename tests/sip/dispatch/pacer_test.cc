#include "sip/dispatch/pacer.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// Sends as fast as a pacer lets it, looking at it every `step`, for `length`.
std::vector<absl::Time> SendAll(Pacer& pacer, double rate, absl::Time from, absl::Duration length,
                                absl::Duration step) {
  std::vector<absl::Time> sent;
  for (absl::Time now = from; now < from + length; now += step) {
    while (pacer.NextAt(rate, now) <= now && sent.size() < 1'000'000) {
      pacer.OnSent(rate, now);
      sent.push_back(now);
      if (rate == 0 && sent.size() % 10'000 == 0) break;
    }
  }
  return sent;
}

// The most that left within any stretch of this length, both ends included.
int MostWithin(const std::vector<absl::Time>& sent, absl::Duration length) {
  int most = 0;
  size_t first = 0;
  for (size_t last = 0; last < sent.size(); ++last) {
    while (sent[last] - sent[first] > length) ++first;
    most = std::max(most, static_cast<int>(last - first) + 1);
  }
  return most;
}

TEST(PacerTest, NoStretchHasMoreThanRateAndBurst) {
  for (const double rate : {0.5, 1.0, 15.625, 400.0, 1000.0, 20'000.0}) {
    for (const absl::Duration length : {absl::Milliseconds(50), absl::Seconds(1)}) {
      Pacer pacer;
      const auto sent = SendAll(pacer, rate, kStart, absl::Seconds(10), absl::Microseconds(700));
      const double bound = rate * absl::ToDoubleSeconds(length) + 1 + rate / 100;
      EXPECT_LE(MostWithin(sent, length), bound + 1e-6) << rate << " in " << length;
    }
  }
}

TEST(PacerTest, RateIsReachedThoughItIsLookedAtLate) {
  for (const double rate : {1.0, 15.625, 400.0, 1000.0}) {
    Pacer pacer;
    const auto sent = SendAll(pacer, rate, kStart, absl::Seconds(100), absl::Milliseconds(5));
    EXPECT_GE(sent.size(), rate * 99) << rate;
  }
}

TEST(PacerTest, RestGivesNoMoreThanTheBurst) {
  // Given one that rested for an hour
  Pacer pacer;
  pacer.OnSent(1000, kStart);
  const absl::Time now = kStart + absl::Hours(1);
  // Then ten milliseconds' worth leaves at once
  int at_once = 0;
  while (pacer.NextAt(1000, now) <= now) {
    pacer.OnSent(1000, now);
    ++at_once;
  }
  EXPECT_EQ(at_once, 11);
  // and the next a millisecond later.
  EXPECT_EQ(pacer.NextAt(1000, now), now + absl::Milliseconds(1));
}

TEST(PacerTest, RateZeroHoldsNothingBack) {
  Pacer pacer;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_LE(pacer.NextAt(0, kStart), kStart);
    pacer.OnSent(0, kStart);
  }
}

TEST(PacerTest, SlowStartDoublesEverySecondUpToTheRate) {
  // Given a server that is back
  Pacer pacer;
  pacer.BeginSlowly(kStart);
  // When as much is sent as may be
  const auto sent = SendAll(pacer, 1000, kStart, absl::Seconds(7), absl::Milliseconds(1));
  // Then each second has its share.
  std::vector<int> per_second(7);
  for (const absl::Time at : sent) ++per_second[(at - kStart) / absl::Seconds(1)];
  const std::vector<int> expected = {100, 200, 400, 800, 1000, 1000, 1000};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(per_second[i], expected[i], 11) << "second " << i;
  }
}

TEST(PacerTest, SlowStartWithoutABoundEnds) {
  Pacer pacer;
  pacer.BeginSlowly(kStart);
  const auto sent = SendAll(pacer, 0, kStart, absl::Seconds(1), absl::Milliseconds(1));
  EXPECT_NEAR(sent.size(), 100, 2);
  const absl::Time later = kStart + absl::Seconds(10);
  for (int i = 0; i < 100'000; ++i) pacer.OnSent(0, later);
  EXPECT_LE(pacer.NextAt(0, later), later);
}

TEST(PacerTest, SlowStartOfALowRateSendsOneASecond) {
  for (const double rate : {1.0, 2.0, 5.0}) {
    Pacer pacer;
    pacer.BeginSlowly(kStart);
    const auto sent = SendAll(pacer, rate, kStart, absl::Seconds(2), absl::Milliseconds(10));
    EXPECT_GE(sent.size(), 2u) << rate;
  }
}

TEST(PacerTest, IsFreshOnceTheRateIsPaidForAndTheStartIsOver) {
  Pacer pacer;
  EXPECT_EQ(pacer.FreshAt(2), absl::InfinitePast());
  pacer.OnSent(2, kStart);
  EXPECT_EQ(pacer.FreshAt(2), kStart + absl::Milliseconds(500));
  pacer.BeginSlowly(kStart);
  EXPECT_EQ(pacer.FreshAt(2), kStart + absl::Seconds(4));
}

}  // namespace
}  // namespace sipevents::sip
