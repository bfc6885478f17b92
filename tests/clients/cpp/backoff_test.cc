#include "clients/cpp/backoff.h"

#include "absl/random/random.h"
#include "gtest/gtest.h"

namespace sipevents::client {
namespace {

TEST(BackoffTest, GrowsByTheMultiplierUpToTheMaximum) {
  absl::BitGen random;
  Backoff backoff({absl::Seconds(1), absl::Seconds(5), 2.0, /*jitter=*/0});

  EXPECT_EQ(backoff.Next(random), absl::Seconds(1));
  EXPECT_EQ(backoff.Next(random), absl::Seconds(2));
  EXPECT_EQ(backoff.Next(random), absl::Seconds(4));
  EXPECT_EQ(backoff.Next(random), absl::Seconds(5));
  EXPECT_EQ(backoff.Next(random), absl::Seconds(5));
}

TEST(BackoffTest, ResetBeginsWithTheInitialWaitAgain) {
  absl::BitGen random;
  Backoff backoff({absl::Seconds(1), absl::Seconds(60), 2.0, /*jitter=*/0});
  backoff.Next(random);
  backoff.Next(random);

  backoff.Reset();

  EXPECT_EQ(backoff.Next(random), absl::Seconds(1));
}

TEST(BackoffTest, JitterSpreadsWithinItsPartAndNeverAboveTheMaximum) {
  absl::BitGen random;
  absl::Duration least = absl::InfiniteDuration();
  absl::Duration most = absl::ZeroDuration();

  for (int i = 0; i < 1000; ++i) {
    Backoff backoff({absl::Seconds(10), absl::Seconds(12), 2.0, /*jitter=*/0.3});
    const absl::Duration wait = backoff.Next(random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }

  EXPECT_GE(least, absl::Seconds(7));
  EXPECT_LT(least, absl::Seconds(8));
  EXPECT_EQ(most, absl::Seconds(12));
}

}  // namespace
}  // namespace sipevents::client
