#include "sip/notifier/notify_rate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// How often a watcher is told (RFC 6446).

namespace sipevents::sip {
namespace {

constexpr absl::Time kStart = absl::FromUnixSeconds(1700000000);

RateWishes Read(const std::vector<std::string_view>& parameters) {
  return ReadRateWishes(parameters);
}

// RATE-06.
TEST(NotifyRateTest, WhatIsNoRateIsIgnored) {
  const std::vector<std::pair<std::string_view, float>> rows = {{"max-rate=0.1", 0.1F},
                                                                {"MAX-RATE=5", 5},
                                                                {"max-rate = 2.5 ", 2.5F},
                                                                {"max-rate=99.5", 99.5F},
                                                                {"max-rate=0.0000000001", 1e-10F},
                                                                {"max-rate=0", 0},
                                                                {"max-rate=0.00", 0},
                                                                {"max-rate=100", 0},
                                                                {"max-rate=1.12345678901", 0},
                                                                {"max-rate=.5", 0},
                                                                {"max-rate=5.", 0},
                                                                {"max-rate=-1", 0},
                                                                {"max-rate=+1", 0},
                                                                {"max-rate=1e1", 0},
                                                                {"max-rate=nan", 0},
                                                                {"max-rate=", 0},
                                                                {"max-rate", 0},
                                                                {"max-rate=\"1\"", 0},
                                                                {"frame-rate=1", 0}};
  for (const auto& [parameter, rate] : rows) {
    EXPECT_EQ(Read({parameter}).max_rate, rate) << parameter;
  }
}

// RATE-05.
TEST(NotifyRateTest, RatesThatContradictEachOtherAreBent) {
  EXPECT_EQ(Read({"max-rate=1", "min-rate=2"}), (RateWishes{1, 1, 0}));
  EXPECT_EQ(Read({"adaptive-min-rate=3", "max-rate=2"}), (RateWishes{2, 0, 2}));
  EXPECT_EQ(Read({"min-rate=2", "adaptive-min-rate=1"}), (RateWishes{0, 0, 1}));
  EXPECT_EQ(Read({"min-rate=0.5", "adaptive-min-rate=1"}), (RateWishes{0, 0.5F, 1}));
  EXPECT_EQ(Read({"min-rate=0.5", "max-rate=x"}), (RateWishes{0, 0.5F, 0}));
}

TEST(NotifyRateTest, OnlyTheThreeAskForARate) {
  for (const std::string_view yes : {"max-rate=1", "Min-Rate", " adaptive-min-rate =x"}) {
    EXPECT_TRUE(IsRateWish(yes)) << yes;
  }
  for (const std::string_view no : {"frame-rate=1", "id=max-rate", "-rate", ""}) {
    EXPECT_FALSE(IsRateWish(no)) << no;
  }
}

// The grammar of RFC 6446 section 9: 1*2DIGIT["."1*10DIGIT].
TEST(NotifyRateTest, RatesInForceAreWrittenAsPlainNumbers) {
  EXPECT_EQ(RateParameters({}), "");
  EXPECT_EQ(RateParameters({0.1F, 0.05F, 99}), ";max-rate=0.1;min-rate=0.05;adaptive-min-rate=99");
  EXPECT_EQ(RateParameters({1.0F / 3600, 0, 0}), ";max-rate=0.000277778");
  EXPECT_EQ(RateParameters({1.0F / 86400, 0, 0}), ";max-rate=0.0000115741");
  EXPECT_EQ(RateParameters(Read({"max-rate=99.99999999"})), ";max-rate=99.9999");
  EXPECT_EQ(RateParameters(Read({"min-rate=0.0000000001"})), ";min-rate=0.0000000001");
}

// RATE-01.
TEST(NotifyRateTest, GreatestRateSetsTheLeastInterval) {
  NotifyRate rate;
  EXPECT_EQ(rate.Earliest(), absl::InfinitePast());
  rate.Wish(Read({"max-rate=0.1"}), absl::Hours(1));
  EXPECT_EQ(rate.Earliest(), absl::InfinitePast());
  rate.Sent(kStart);
  EXPECT_NEAR(absl::ToDoubleSeconds(rate.Earliest() - kStart), 10, 0.001);
  EXPECT_EQ(rate.Latest(), absl::InfiniteFuture());
}

// NOT-47: the package's own interval holds whatever is asked for.
TEST(NotifyRateTest, NoFasterThanThePackageAllows) {
  NotifyRate rate(absl::Seconds(5));
  rate.Wish(Read({"max-rate=10"}), absl::Hours(1));
  rate.Sent(kStart);
  EXPECT_EQ(rate.Earliest(), kStart + absl::Seconds(5));
  rate.Wish(Read({"max-rate=0.1", "min-rate=10"}), absl::Hours(1));
  EXPECT_NEAR(absl::ToDoubleSeconds(rate.Latest() - kStart), 10, 0.001);
}

// RATE-02.
// RATE-03, RATE-04: who is told what is in force must be able to rely on it.
TEST(NotifyRateTest, MinimumAboveWhatThePackageAllowsIsLowered) {
  NotifyRate rate(absl::Seconds(5));
  rate.Wish({.min_rate = 2, .adaptive_min_rate = 3}, absl::Hours(1));
  EXPECT_EQ(RateParameters(rate.wishes()), ";min-rate=0.2;adaptive-min-rate=0.2");
  rate.Wish({.min_rate = 0.1F}, absl::Hours(1));
  EXPECT_EQ(RateParameters(rate.wishes()), ";min-rate=0.1");

  NotifyRate free(absl::ZeroDuration());
  free.Wish({.min_rate = 2}, absl::Hours(1));
  EXPECT_EQ(RateParameters(free.wishes()), ";min-rate=2");
}

TEST(NotifyRateTest, TooLowARateIsRaisedToOneInTheTimeThatRemains) {
  NotifyRate rate;
  rate.Wish(Read({"max-rate=0.0001"}), absl::Seconds(100));
  EXPECT_FLOAT_EQ(rate.wishes().max_rate, 0.01F);
  rate.Wish(Read({"max-rate=0.5"}), absl::Seconds(100));
  EXPECT_FLOAT_EQ(rate.wishes().max_rate, 0.5F);
  rate.Wish(Read({"max-rate=0.5"}), absl::ZeroDuration());
  EXPECT_FLOAT_EQ(rate.wishes().max_rate, 0.5F);
}

TEST(NotifyRateTest, WishThatIsNotRepeatedIsGone) {
  NotifyRate rate;
  rate.Wish(Read({"max-rate=0.1", "min-rate=0.1"}), absl::Hours(1));
  rate.Sent(kStart);
  rate.Wish({}, absl::Hours(1));
  EXPECT_EQ(rate.Earliest(), kStart);
  EXPECT_EQ(rate.Latest(), absl::InfiniteFuture());
}

// RATE-03.
TEST(NotifyRateTest, LeastRateSetsTheGreatestInterval) {
  NotifyRate rate;
  rate.Wish(Read({"min-rate=0.5"}), absl::Hours(1));
  EXPECT_EQ(rate.Latest(), absl::InfiniteFuture());  // the first one goes anyway
  rate.Sent(kStart);
  EXPECT_EQ(rate.Latest(), kStart + absl::Seconds(2));
}

// RATE-04: who was told much lately waits longer.
TEST(NotifyRateTest, AdaptiveRateCountsWhatWasToldLately) {
  NotifyRate rate;
  rate.Wish(Read({"adaptive-min-rate=1"}), absl::Hours(1));
  absl::Time now = kStart;
  rate.Sent(now);
  const absl::Duration quiet = rate.Latest() - now;
  for (int i = 0; i < 9; ++i) rate.Sent(now += absl::Milliseconds(100));
  const absl::Duration busy = rate.Latest() - now;
  EXPECT_EQ(quiet, absl::Seconds(0.5));  // count / (rate^2 * period), of a period of 2 s
  EXPECT_EQ(busy, absl::Seconds(5));
  // and after a while without, as before
  rate.Sent(now += absl::Minutes(1));
  EXPECT_EQ(rate.Latest() - now, quiet);
}

TEST(NotifyRateTest, AdaptiveRateNeverPassesTheGreatestRate) {
  NotifyRate rate;
  rate.Wish(Read({"adaptive-min-rate=1", "max-rate=1"}), absl::Hours(1));
  rate.Sent(kStart);
  EXPECT_EQ(rate.Latest(), kStart + absl::Seconds(1));
}

}  // namespace
}  // namespace sipevents::sip
