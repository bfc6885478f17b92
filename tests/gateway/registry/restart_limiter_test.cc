#include "gateway/registry/restart_limiter.h"

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

TEST(RestartLimiterTest, NameThatNeverTerminatedStartsFreely) {
  RestartLimiter limiter;

  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(limiter.TryStart("a", kStart), absl::ZeroDuration());
  }
  EXPECT_EQ(limiter.size(), 0u);
}

TEST(RestartLimiterTest, FourthStartInARowWaits) {
  RestartLimiter limiter;
  limiter.OnTerminated("a", kStart);

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limiter.TryStart("a", kStart), absl::ZeroDuration());
    limiter.OnTerminated("a", kStart);
  }
  EXPECT_EQ(limiter.TryStart("a", kStart), absl::Seconds(5));
  EXPECT_EQ(limiter.TryStart("a", kStart + absl::Seconds(4)), absl::Seconds(1));
  EXPECT_EQ(limiter.TryStart("a", kStart + absl::Seconds(5)), absl::ZeroDuration());
  EXPECT_EQ(limiter.TryStart("a", kStart + absl::Seconds(5)), absl::Seconds(5));
}

TEST(RestartLimiterTest, NamesDoNotShareABucket) {
  RestartLimiter limiter;
  limiter.OnTerminated("a", kStart);
  for (int i = 0; i < 3; ++i) limiter.TryStart("a", kStart);

  limiter.OnTerminated("b", kStart);

  EXPECT_GT(limiter.TryStart("a", kStart), absl::ZeroDuration());
  EXPECT_EQ(limiter.TryStart("b", kStart), absl::ZeroDuration());
}

TEST(RestartLimiterTest, FullBucketsAreForgotten) {
  RestartLimiter limiter;
  limiter.OnTerminated("a", kStart);
  limiter.TryStart("a", kStart);
  limiter.OnTerminated("b", kStart + absl::Seconds(1));

  EXPECT_EQ(limiter.TryStart("c", kStart + absl::Seconds(15)), absl::ZeroDuration());
  EXPECT_EQ(limiter.size(), 1u);
  limiter.TryStart("c", kStart + absl::Seconds(16));
  EXPECT_EQ(limiter.size(), 0u);
}

}  // namespace
}  // namespace sipevents::gateway
