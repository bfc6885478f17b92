#include "gateway/telemetry/log_limiter.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

using ::testing::Eq;
using ::testing::Optional;

class LogLimiterTest : public ::testing::Test {
 protected:
  // How many of `count` records pass.
  int Admit(int count, const std::string& message = "same") {
    int passed = 0;
    for (int i = 0; i < count; ++i) {
      passed += limiter_.Admit("sip", message, now_).has_value() ? 1 : 0;
    }
    return passed;
  }

  LogLimiter limiter_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

TEST_F(LogLimiterTest, BurstPassesAndTheRestIsSuppressed) {
  EXPECT_EQ(Admit(1000), LogLimiter::kBurst);
}

TEST_F(LogLimiterTest, NextOneThatPassesTellsHowManyDidNot) {
  // Given
  Admit(LogLimiter::kBurst + 5);
  // When
  now_ += absl::Seconds(1);
  // Then
  EXPECT_THAT(limiter_.Admit("sip", "same", now_), Optional(Eq(5U)));
  EXPECT_THAT(limiter_.Admit("sip", "same", now_), Optional(Eq(0U)));
}

TEST_F(LogLimiterTest, AllowanceGrowsWithTimeUpToTheBurst) {
  Admit(1000);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Admit(1000), LogLimiter::kPerSecond);
  now_ += absl::Hours(1);
  EXPECT_EQ(Admit(1000), LogLimiter::kBurst);
}

TEST_F(LogLimiterTest, OtherMessagesHaveTheirOwnAllowance) {
  Admit(1000);
  EXPECT_EQ(Admit(5, "other"), 5);
  EXPECT_TRUE(limiter_.Admit("grpc", "same", now_).has_value());
}

TEST_F(LogLimiterTest, ClockSetBackGivesNothingAndTakesNothing) {
  Admit(LogLimiter::kBurst - 1);
  now_ -= absl::Hours(1);
  EXPECT_EQ(Admit(10), 1);
}

TEST_F(LogLimiterTest, MessagesBeyondTheBoundShareOneAllowance) {
  for (size_t i = 0; i < LogLimiter::kMaxMessages; ++i) Admit(1, absl::StrCat("m", i));
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += Admit(1, absl::StrCat("beyond", i));
  EXPECT_EQ(passed, LogLimiter::kBurst);
}

}  // namespace
}  // namespace sipevents::gateway
