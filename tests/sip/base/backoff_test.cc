#include "sip/base/backoff.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_random.h"

namespace sipevents {
namespace {

TEST(TransientDelayTest, DoublesFromHalfAMinuteToHalfAnHour) {
  struct {
    int failures;
    absl::Duration shortest;
  } const cases[] = {{0, absl::Seconds(15)},   {1, absl::Seconds(30)},
                     {2, absl::Seconds(60)},   {5, absl::Seconds(480)},
                     {6, absl::Seconds(900)},  {7, absl::Seconds(900)},
                     {60, absl::Seconds(900)}, {1 << 30, absl::Seconds(900)}};
  for (const auto& c : cases) {
    FakeRandom random;
    random.PushUniform(0.0);
    random.PushUniform(0.5);
    EXPECT_EQ(TransientDelay(c.failures, kRetryBase, random), c.shortest) << c.failures;
    EXPECT_EQ(TransientDelay(c.failures, kRetryBase, random), c.shortest * 1.5) << c.failures;
  }
}

TEST(TransientDelayTest, ShortBaseShortensIt) {
  FakeRandom random;
  random.PushUniform(0.0);

  EXPECT_EQ(TransientDelay(0, absl::Milliseconds(600), random), absl::Milliseconds(300));
}

TEST(TransientDelayTest, StaysBetweenHalfAndWhole) {
  FakeRandom random;
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration delay = TransientDelay(1, kRetryBase, random);
    EXPECT_GE(delay, absl::Seconds(30));
    EXPECT_LT(delay, absl::Seconds(60));
  }
}

TEST(HintDelayTest, NeverLessAndAtMostATenthMore) {
  FakeRandom random;
  random.PushUniform(0.0);
  EXPECT_EQ(HintDelay(absl::Seconds(20), random), absl::Seconds(20));
  random.PushUniform(0.5);
  EXPECT_EQ(HintDelay(absl::Seconds(20), random), absl::Seconds(21));
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration delay = HintDelay(absl::Seconds(20), random);
    EXPECT_GE(delay, absl::Seconds(20));
    EXPECT_LE(delay, absl::Seconds(22));
  }
}

}  // namespace
}  // namespace sipevents
