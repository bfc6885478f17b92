#include "sip/subscriber/attempt_state.h"

#include <gtest/gtest.h>

namespace sipevents::sip {
namespace {

constexpr absl::Duration kT1 = absl::Milliseconds(500);
const absl::Duration kTimerN = TimerN(kT1);
const absl::Time kStart = absl::FromUnixSeconds(1700000000);

StepContext At(absl::Duration since_start) { return {kStart + since_start, kT1, 0}; }

AttemptState Waiting() { return NewAttemptState(absl::Seconds(600), At({})); }

AttemptState Sent() {
  AttemptState state = Waiting();
  OnAttemptSent(state, At({}));
  return state;
}

RefreshAnswered Answer(int status) { return {status, {}, {}, {}, {}}; }

TEST(AttemptStateTest, AcceptedButNeverNotifiedFailsAtTimerNSub13Sub14) {
  AttemptStep step = OnAttemptAnswered(Sent(), Answer(200), At(absl::Seconds(1)));
  EXPECT_FALSE(OnAttemptTick(step.state, At(kTimerN - absl::Seconds(1))).ending.has_value());

  step = OnAttemptTick(step.state, At(kTimerN));

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "no-notify");
  EXPECT_EQ(step.state.phase, AttemptPhase::kClosed);
}

TEST(AttemptStateTest, NeverAnsweredSaysTimeout) {
  const AttemptStep step = OnAttemptTick(Sent(), At(kTimerN));
  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "timeout");
}

TEST(AttemptStateTest, Answer202IsAnswer200Sub09) {
  EXPECT_EQ(OnAttemptAnswered(Sent(), Answer(202), At({})).state,
            OnAttemptAnswered(Sent(), Answer(200), At({})).state);
}

TEST(AttemptStateTest, GrantIsTakenButNotAboveWhatWasAskedSub04Sub05) {
  RefreshAnswered answer = Answer(200);
  answer.expires = 60;
  EXPECT_EQ(OnAttemptAnswered(Sent(), answer, At({})).state.grant_until,
            kStart + absl::Seconds(60));
  answer.expires = 9999;
  EXPECT_EQ(OnAttemptAnswered(Sent(), answer, At({})).state.grant_until,
            kStart + absl::Seconds(600));
}

TEST(AttemptStateTest, ForksAreCollectedUntilTimerNSub15) {
  AttemptState state = Sent();
  OnAttemptNotified(state);
  EXPECT_EQ(state.phase, AttemptPhase::kCollecting);

  const AttemptStep step = OnAttemptTick(state, At(kTimerN));

  EXPECT_EQ(step.state.phase, AttemptPhase::kClosed);
  EXPECT_FALSE(step.ending.has_value());
}

TEST(AttemptStateTest, RefusalClosesSub10) {
  const AttemptStep step = OnAttemptAnswered(Sent(), Answer(403), At({}));
  EXPECT_EQ(step.state.phase, AttemptPhase::kClosed);
  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->sip_status, 403);
}

TEST(AttemptStateTest, AnswerAfterANotifyIsOfNoAccountSub12) {
  AttemptState state = Sent();
  OnAttemptNotified(state);
  const AttemptStep step =
      OnAttemptAnswered(state, {408, SendFailure::kTimeout, {}, {}, {}}, At(kTimerN));
  EXPECT_FALSE(step.ending.has_value());
}

TEST(AttemptStateTest, TooBriefTakesMinExpires) {
  RefreshAnswered answer = Answer(423);
  answer.min_expires = 1800;
  const AttemptStep step = OnAttemptAnswered(Sent(), answer, At(absl::Seconds(1)));
  EXPECT_EQ(step.send_expires, 1800u);
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());  // until it leaves
}

TEST(AttemptStateTest, TooBriefWithoutMinExpiresDoublesDev07) {
  EXPECT_EQ(OnAttemptAnswered(Sent(), Answer(423), At({})).send_expires, 1200u);
}

TEST(AttemptStateTest, TooBriefForEverIsCut) {
  AttemptState state = Sent();
  uint32_t interval = 600;
  int sent = 0;
  for (; sent < 10; ++sent) {
    RefreshAnswered answer = Answer(423);
    answer.min_expires = ++interval;
    const AttemptStep step = OnAttemptAnswered(state, answer, At({}));
    state = step.state;
    if (!step.send_expires.has_value()) {
      EXPECT_TRUE(step.ending.has_value());
      break;
    }
  }
  EXPECT_EQ(sent, 3);
}

TEST(AttemptStateTest, MinExpiresBelowWhatWasAskedIsNoReasonToAskAgain) {
  RefreshAnswered answer = Answer(423);
  answer.min_expires = 60;
  EXPECT_FALSE(OnAttemptAnswered(Sent(), answer, At({})).send_expires.has_value());
}

TEST(AttemptStateTest, TimerNDoesNotRunWhileTheSubscribeWaitsSub13) {
  AttemptState state = Waiting();
  EXPECT_EQ(NextDeadline(state), absl::InfiniteFuture());
  EXPECT_FALSE(OnAttemptTick(state, At(absl::Hours(1))).ending.has_value());

  OnAttemptSent(state, At(absl::Hours(1)));

  EXPECT_EQ(NextDeadline(state), kStart + absl::Hours(1) + kTimerN);
  EXPECT_EQ(state.grant_until, kStart + absl::Hours(1) + absl::Seconds(600));
}

TEST(AttemptStateTest, AnotherServerStartsTimerNOver) {
  AttemptState state = Sent();
  OnAttemptSent(state, At(absl::Seconds(32)));
  EXPECT_EQ(NextDeadline(state), kStart + absl::Seconds(32) + kTimerN);
}

TEST(AttemptStateTest, TimerFComesBeforeTimerN) { EXPECT_GT(kTimerN, 64 * kT1); }

TEST(AttemptStateTest, CredentialsStartTimerNOverSub11) {
  AttemptState state = Sent();
  OnAttemptWaits(state);
  EXPECT_EQ(NextDeadline(state), absl::InfiniteFuture());
  OnAttemptSent(state, At(absl::Seconds(3)));
  EXPECT_EQ(NextDeadline(state), kStart + absl::Seconds(3) + kTimerN);
}

}  // namespace
}  // namespace sipevents::sip
