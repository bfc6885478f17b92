#include "sip/subscriber/retry_policy.h"

#include <gtest/gtest.h>

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
       {400, 403, 404, 405, 410, 414, 416, 482, 484, 485, 489, 501, 505, 603, 604}) {
    EXPECT_EQ(EndingForResponse(status, false, std::nullopt).followup, Followup::kNever) << status;
  }
}

TEST(ResponseEndingTest, TransientCodesBackOff) {
  for (const int status : {408, 430, 480, 481, 486, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(EndingForResponse(status, false, std::nullopt).followup, Followup::kTransient)
        << status;
  }
}

TEST(ResponseEndingTest, RetryAfterIsKept) {
  const Ending ending = EndingForResponse(503, false, 17);

  EXPECT_EQ(ending.followup, Followup::kAfterHint);
  EXPECT_EQ(ending.hint, absl::Seconds(17));
  EXPECT_EQ(ending.sip_status, 503);
}

TEST(ResponseEndingTest, ReasonTellsWhoFailed) {
  EXPECT_EQ(EndingForResponse(503, false, std::nullopt).reason, "response");
  EXPECT_EQ(EndingForResponse(503, true, std::nullopt).reason, "transport");
  EXPECT_EQ(EndingForResponse(408, true, std::nullopt).reason, "timeout");
  EXPECT_EQ(EndingForResponse(416, true, std::nullopt).followup, Followup::kTransient);
}

TEST(RefreshAnswerTest, ListOfSub46EndsTheSubscription) {
  for (const int status : {404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 502, 604}) {
    EXPECT_TRUE(EndsSubscription(status)) << status;
  }
  for (const int status : {400, 403, 406, 413, 423, 486, 491, 500, 503, 600, 603}) {
    EXPECT_FALSE(EndsSubscription(status)) << status;
  }
}

TEST(PlanRetryTest, DeactivatedRetriesAtOnceUntilTheGuardCuts) {
  FakeRandom random;
  RetryHistory history;
  const Ending ending = EndingForTermination("deactivated", std::nullopt);
  history.attempt_began = kStart;
  int at_once = 0;
  for (int i = 0; i < 10; ++i) {
    const auto delay = PlanRetry(history, ending, kStart + absl::Seconds(1), kT1, random);
    ASSERT_TRUE(delay.has_value());
    if (*delay == absl::ZeroDuration()) ++at_once;
  }

  EXPECT_EQ(at_once, kMostQuickEndings - 1);
}

TEST(PlanRetryTest, TransientDelaysDoubleAndStayBelowTheCap) {
  FakeRandom random;
  RetryHistory history;
  history.attempt_began = kStart;
  const Ending ending = EndingForResponse(503, false, std::nullopt);
  absl::Duration most = absl::Seconds(30);
  for (int i = 0; i < 12; ++i) {
    const auto delay = PlanRetry(history, ending, kStart + absl::Seconds(1), kT1, random);
    ASSERT_TRUE(delay.has_value());
    EXPECT_GE(*delay, most / 2);
    EXPECT_LE(*delay, most);
    most = std::min(2 * most, absl::Seconds(1800));
  }
}

TEST(PlanRetryTest, StableTimeForgetsFailures) {
  FakeRandom random;
  RetryHistory history{.failures = 6, .quick_endings = 0, .attempt_began = kStart};
  const Ending ending = EndingForResponse(503, false, std::nullopt);

  const auto delay = PlanRetry(history, ending, kStart + absl::Minutes(6), kT1, random);

  ASSERT_TRUE(delay.has_value());
  EXPECT_LE(*delay, absl::Seconds(30));
}

TEST(PlanRetryTest, HintIsALowerBound) {
  FakeRandom random;
  RetryHistory history;
  const auto delay = PlanRetry(history, EndingForTermination("probation", 20), kStart, kT1, random);

  ASSERT_TRUE(delay.has_value());
  EXPECT_GE(*delay, absl::Seconds(20));
  EXPECT_LE(*delay, absl::Seconds(22));
}

TEST(PlanRetryTest, FinalEndingsAreNotRetried) {
  FakeRandom random;
  RetryHistory history;
  EXPECT_FALSE(
      PlanRetry(history, EndingForTermination("rejected", 1), kStart, kT1, random).has_value());
}

}  // namespace
}  // namespace sipevents::sip
