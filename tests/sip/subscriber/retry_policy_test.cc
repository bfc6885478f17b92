#include "sip/subscriber/retry_policy.h"

#include <gtest/gtest.h>

#include "sip/base/backoff.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

constexpr absl::Duration kT1 = absl::Milliseconds(500);
const absl::Time kStart = absl::FromUnixSeconds(1700000000);

struct TerminationCase {
  const char* name;
  const char* reason;
  std::optional<uint32_t> retry_after;
  Followup followup;
  absl::Duration hint;
  bool state_remains;
};

class TerminationTest : public testing::TestWithParam<TerminationCase> {};

TEST_P(TerminationTest, FollowsTheCatalogue) {
  const TerminationCase& test = GetParam();

  const Ending ending = EndingForTermination(test.reason, test.retry_after);

  EXPECT_EQ(ending.followup, test.followup);
  EXPECT_EQ(ending.hint, test.hint);
  EXPECT_EQ(ending.state_remains, test.state_remains);
}

INSTANTIATE_TEST_SUITE_P(
    Sub34To41, TerminationTest,
    testing::Values(
        TerminationCase{"DeactivatedSub34", "deactivated", 60, Followup::kNow, {}, false},
        TerminationCase{"ProbationSub35", "probation", 20, Followup::kAfterHint, absl::Seconds(20),
                        false},
        TerminationCase{"ProbationWithoutTime", "probation", {}, Followup::kTransient, {}, false},
        TerminationCase{"RejectedSub36", "rejected", 1, Followup::kNever, {}, false},
        TerminationCase{"TimeoutSub37", "timeout", 60, Followup::kNow, {}, false},
        TerminationCase{"GiveupSub38", "giveup", 7, Followup::kAfterHint, absl::Seconds(7), false},
        TerminationCase{"NoresourceSub39", "noresource", 1, Followup::kNever, {}, false},
        TerminationCase{"InvariantSub40", "invariant", 1, Followup::kNever, {}, true},
        TerminationCase{"UnknownSub41", "foo", 10, Followup::kAfterHint, absl::Seconds(10), false},
        TerminationCase{"NoneSub41", "", {}, Followup::kTransient, {}, false},
        TerminationCase{"BadfilterSub41", "badfilter", 1, Followup::kNever, {}, false},
        TerminationCase{"UpperCase", "Rejected", {}, Followup::kNever, {}, false}),
    [](const auto& test) { return test.param.name; });

TEST(ResponseEndingTest, PermanentCodesStop) {
  for (const int status :
       {400, 402, 403, 404, 405, 410, 414, 416, 482, 484, 485, 489, 501, 505, 603, 604, 499, 699}) {
    EXPECT_EQ(EndingForResponse(status, {}, std::nullopt).followup, Followup::kNever) << status;
  }
}

TEST(ResponseEndingTest, TransientCodesBackOff) {
  for (const int status : {408, 430, 480, 481, 486, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(EndingForResponse(status, {}, std::nullopt).followup, Followup::kTransient) << status;
  }
}

TEST(ResponseEndingTest, RetryAfterIsKept) {
  const Ending ending = EndingForResponse(503, {}, 17);

  EXPECT_EQ(ending.followup, Followup::kAfterHint);
  EXPECT_EQ(ending.hint, absl::Seconds(17));
  EXPECT_EQ(ending.sip_status, 503);
}

TEST(ResponseEndingTest, ReasonTellsWhoFailed) {
  EXPECT_EQ(EndingForResponse(503, {}, std::nullopt).reason, "response");
  EXPECT_EQ(EndingForResponse(503, SendFailure::kTransport, std::nullopt).reason, "transport");
  EXPECT_EQ(EndingForResponse(408, SendFailure::kTimeout, std::nullopt).reason, "timeout");
  EXPECT_EQ(EndingForResponse(416, SendFailure::kTransport, std::nullopt).followup,
            Followup::kTransient);
}

TEST(ResponseEndingTest, FailuresOfOursSayWhichAndPassExceptWhereASettingForbids) {
  struct Case {
    SendFailure failure;
    const char* reason;
    Followup followup;
  };
  for (const Case& test :
       {Case{SendFailure::kTimeout, "timeout", Followup::kTransient},
        Case{SendFailure::kTransport, "transport", Followup::kTransient},
        Case{SendFailure::kNoAddress, "no-address", Followup::kTransient},
        Case{SendFailure::kOverload, "overload", Followup::kTransient},
        Case{SendFailure::kNotAllowed, "destination-not-allowed", Followup::kNever}}) {
    const Ending ending = EndingForResponse(503, test.failure, 7);
    EXPECT_EQ(ending.reason, test.reason);
    EXPECT_EQ(ending.followup, test.followup) << test.reason;
  }
}

TEST(ResponseEndingTest, FinalUnlessThePeerNamesATime) {
  for (const int status : {404, 413, 600, 603}) {
    EXPECT_EQ(EndingForResponse(status, {}, std::nullopt).followup, Followup::kNever) << status;
    EXPECT_EQ(EndingForResponse(status, {}, 30).followup, Followup::kAfterHint) << status;
  }
  EXPECT_EQ(EndingForResponse(403, {}, 30).followup, Followup::kNever);
}

TEST(LongerIntervalTest, AsksForMinExpiresAFewTimesAndNeverForMoreThanADay) {
  const absl::Duration asked = absl::Seconds(60);
  EXPECT_EQ(LongerInterval(asked, 0, 120, false), absl::Seconds(120));
  EXPECT_EQ(LongerInterval(asked, 2, 120, false), absl::Seconds(120));
  EXPECT_EQ(LongerInterval(asked, 3, 120, false), std::nullopt);
  EXPECT_EQ(LongerInterval(asked, 0, 60, false), std::nullopt);
  EXPECT_EQ(LongerInterval(asked, 0, 4294967295u, false), std::nullopt);
}

TEST(LongerIntervalTest, DoublesUpToAnHourWhereMinExpiresIsMissingDev07) {
  EXPECT_EQ(LongerInterval(absl::Seconds(60), 0, {}, false), absl::Seconds(120));
  EXPECT_EQ(LongerInterval(absl::Seconds(3000), 0, {}, false), absl::Hours(1));
  EXPECT_EQ(LongerInterval(absl::Hours(1), 0, {}, false), std::nullopt);
  EXPECT_EQ(LongerInterval(absl::Seconds(60), 0, {}, true), std::nullopt);
}

TEST(SendPaceTest, LetsAHandfulGoAndThenOneEveryInterval) {
  SendPace pace;
  absl::Time now = kStart;
  int at_once = 0;
  for (; pace.NextAllowed() <= now; ++at_once) pace.Count(now);
  EXPECT_EQ(at_once, SendPace::kBurst);
  EXPECT_EQ(pace.NextAllowed(), kStart + SendPace::kInterval);

  now = pace.NextAllowed();
  pace.Count(now);

  EXPECT_EQ(pace.NextAllowed(), now + SendPace::kInterval);
}

TEST(PlanRetryTest, DeactivatedRetriesAtOnceUntilTheGuardCuts) {
  FakeRandom random;
  RetryHistory history;
  const Ending ending = EndingForTermination("deactivated", std::nullopt);
  history.attempt_began = kStart;
  int at_once = 0;
  for (int i = 0; i < 10; ++i) {
    const auto delay = PlanRetry(history, ending, kStart + absl::Seconds(1), kRetryBase, random);
    ASSERT_TRUE(delay.has_value());
    if (*delay == absl::ZeroDuration()) ++at_once;
  }

  EXPECT_EQ(at_once, kMostQuickEndings - 1);
}

TEST(PlanRetryTest, TransientDelaysDoubleAndStayBelowTheCap) {
  FakeRandom random;
  RetryHistory history;
  history.attempt_began = kStart;
  const Ending ending = EndingForResponse(503, {}, std::nullopt);
  absl::Duration most = absl::Seconds(30);
  for (int i = 0; i < 12; ++i) {
    const auto delay = PlanRetry(history, ending, kStart + absl::Seconds(1), kRetryBase, random);
    ASSERT_TRUE(delay.has_value());
    EXPECT_GE(*delay, most / 2);
    EXPECT_LE(*delay, most);
    most = std::min(2 * most, absl::Seconds(1800));
  }
}

TEST(PlanRetryTest, StableTimeForgetsFailures) {
  FakeRandom random;
  RetryHistory history{.failures = 6, .attempt_began = kStart, .established = kStart};
  const Ending ending = EndingForResponse(503, {}, std::nullopt);

  const auto delay = PlanRetry(history, ending, kStart + absl::Minutes(6), kRetryBase, random);

  ASSERT_TRUE(delay.has_value());
  EXPECT_LE(*delay, absl::Seconds(30));
}

TEST(PlanRetryTest, WaitingLongForNothingForgetsNoFailures) {
  FakeRandom random;
  RetryHistory history{.failures = 6, .attempt_began = kStart};  // never established

  const auto delay = PlanRetry(history, EndingForResponse(503, {}, std::nullopt),
                               kStart + absl::Minutes(6), kRetryBase, random);

  ASSERT_TRUE(delay.has_value());
  EXPECT_GE(*delay, absl::Seconds(900));
}

TEST(PlanRetryTest, HintOfNothingIsCutToo) {
  FakeRandom random;
  RetryHistory history;
  history.attempt_began = kStart;
  absl::Duration delay;
  for (int i = 0; i < kMostQuickEndings; ++i) {
    delay = *PlanRetry(history, EndingForTermination("probation", 0), kStart, kRetryBase, random);
  }
  EXPECT_GE(delay, absl::Seconds(15));
}

TEST(PlanRetryTest, GlareIsRetriedWithin2To4Seconds) {
  FakeRandom random;
  RetryHistory history;
  for (int i = 0; i < 4; ++i) {
    const auto delay =
        PlanRetry(history, EndingForResponse(491, {}, std::nullopt), kStart, kRetryBase, random);
    ASSERT_TRUE(delay.has_value());
    EXPECT_GE(*delay, absl::Seconds(2.1));
    EXPECT_LE(*delay, absl::Seconds(4));
  }
}

TEST(PlanRetryTest, AtOnceWaitsForThePace) {
  FakeRandom random;
  RetryHistory history;
  for (int i = 0; i < SendPace::kBurst; ++i) history.pace.Count(kStart);

  const auto delay =
      PlanRetry(history, EndingForTermination("deactivated", {}), kStart, kRetryBase, random);

  EXPECT_EQ(delay, SendPace::kInterval);
}

TEST(PlanRetryTest, HintIsALowerBound) {
  FakeRandom random;
  RetryHistory history;
  const auto delay =
      PlanRetry(history, EndingForTermination("probation", 20), kStart, kRetryBase, random);

  ASSERT_TRUE(delay.has_value());
  EXPECT_GE(*delay, absl::Seconds(20));
  EXPECT_LE(*delay, absl::Seconds(22));
}

TEST(PlanRetryTest, FinalEndingsAreNotRetried) {
  FakeRandom random;
  RetryHistory history;
  EXPECT_FALSE(PlanRetry(history, EndingForTermination("rejected", 1), kStart, kRetryBase, random)
                   .has_value());
}

}  // namespace
}  // namespace sipevents::sip
