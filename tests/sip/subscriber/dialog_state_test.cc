#include "sip/subscriber/dialog_state.h"

#include <gtest/gtest.h>

#include <vector>

namespace sipevents::sip {
namespace {

constexpr absl::Duration kT1 = absl::Milliseconds(500);
const absl::Duration kTimerN = TimerN(kT1);
const absl::Time kStart = absl::FromUnixSeconds(1700000000);

StepContext At(absl::Duration since_start) { return {kStart + since_start, kT1, 0}; }

// A dialog that a NOTIFY made active at kStart, granted 600 s.
DialogState Active() {
  DialogState state = NewDialogState(kStart + absl::Seconds(600), absl::Seconds(600));
  return Next(state, Notified{"active", "", 600, {}}, At({})).state;
}

// The same after its refresh was sent.
DialogState Refreshing() {
  const DialogState state = Active();
  const StepContext then = {state.refresh_at, kT1, 0};
  return Next(Next(state, Tick{}, then).state, RefreshSent{}, then).state;
}

// An active one whose unsubscribe was sent at kStart + 1 s.
DialogState Unsubscribing() {
  const StepContext then = At(absl::Seconds(1));
  return Next(Next(Active(), UnsubscribeWanted{}, then).state, RefreshSent{}, then).state;
}

TEST(DialogStateTest, FirstNotifyActivatesAndArmsRefresh) {
  const DialogState state = Active();

  EXPECT_EQ(state.phase, DialogPhase::kActive);
  EXPECT_EQ(state.expires_at, kStart + absl::Seconds(600));
  EXPECT_EQ(state.refresh_at, kStart + absl::Seconds(600) - 64 * kT1);
}

TEST(DialogStateTest, PendingIsToldApartFromActive) {
  DialogState state = NewDialogState(kStart + absl::Seconds(600), absl::Seconds(600));
  state = Next(state, Notified{"Pending", "", 600, {}}, At({})).state;
  EXPECT_EQ(state.phase, DialogPhase::kPending);

  state = Next(state, Notified{"active", "", 590, {}}, At(absl::Seconds(10))).state;
  EXPECT_EQ(state.phase, DialogPhase::kActive);
}

TEST(DialogStateTest, UnknownSubstateCountsAsActiveSub32) {
  const DialogStep step = Next(Active(), Notified{"extended", "", {}, {}}, At(absl::Seconds(1)));
  EXPECT_EQ(step.state.phase, DialogPhase::kActive);
}

TEST(DialogStateTest, ShorterExpiresIsAuthoritativeSub30) {
  const DialogStep step = Next(Active(), Notified{"active", "", 30, {}}, At(absl::Seconds(1)));

  EXPECT_EQ(step.state.expires_at, kStart + absl::Seconds(31));
  EXPECT_LT(step.state.refresh_at, kStart + absl::Seconds(31));
}

TEST(DialogStateTest, MissingExpiresKeepsTheRunningOneSub31) {
  const DialogState before = Active();

  const DialogStep step = Next(before, Notified{"active", "", {}, {}}, At(absl::Seconds(100)));

  EXPECT_EQ(step.state.expires_at, before.expires_at);
  EXPECT_EQ(step.state.refresh_at, before.refresh_at);
}

TEST(DialogStateTest, ExpiresAboveTheGrantIsIgnoredSub32) {
  const DialogStep step = Next(Active(), Notified{"active", "", 99999, {}}, At(absl::Seconds(1)));
  EXPECT_EQ(step.state.expires_at, kStart + absl::Seconds(600));
}

TEST(DialogStateTest, CountdownDoesNotMoveTheRefresh) {
  const DialogState before = Active();

  const DialogStep step =
      Next(before, Notified{"active", "", 499, {}}, {kStart + absl::Seconds(100), kT1, 0.9});

  EXPECT_EQ(step.state.refresh_at, before.refresh_at);
}

TEST(DialogStateTest, TerminatedEndsWhateverExpiresSaysSub33) {
  const DialogStep step =
      Next(Active(), Notified{"terminated", "rejected", 300, {}}, At(absl::Seconds(1)));

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "rejected");
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
}

TEST(DialogStateTest, RefreshIsSentWhenDueWithTimerNFromItsSendingSub49) {
  const DialogState before = Active();

  DialogStep step = Next(before, Tick{}, {before.refresh_at, kT1, 0});
  EXPECT_EQ(step.send_expires, 600u);
  EXPECT_EQ(step.state.timer_n, absl::InfiniteFuture());
  const absl::Time left = before.refresh_at + absl::Seconds(7);
  step = Next(step.state, RefreshSent{}, {left, kT1, 0});

  EXPECT_EQ(step.state.timer_n, left + kTimerN);
}

TEST(DialogStateTest, RefreshThatWaitsPastExpiryEnds) {
  DialogState state = Active();
  state = Next(state, Tick{}, {state.refresh_at, kT1, 0}).state;
  EXPECT_EQ(NextDeadline(state), state.expires_at);

  const DialogStep step = Next(state, Tick{}, {state.expires_at, kT1, 0});

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "expired");
}

TEST(DialogStateTest, UnsubscribeThatWaitsPastExpiryEnds) {
  const DialogState state = Next(Active(), UnsubscribeWanted{}, At(absl::Seconds(1))).state;
  EXPECT_EQ(NextDeadline(state), kStart + absl::Seconds(600));

  const DialogStep step = Next(state, Tick{}, At(absl::Seconds(600)));

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->followup, Followup::kNever);
}

TEST(DialogStateTest, CredentialsStopTimerNUntilTheyLeave) {
  const DialogState state = Next(Refreshing(), RefreshWaits{}, At(absl::Seconds(570))).state;
  EXPECT_EQ(state.timer_n, absl::InfiniteFuture());
  EXPECT_TRUE(state.refresh_outstanding);
}

TEST(DialogStateTest, RefreshWithoutNotifyEndsAtTimerNSub49) {
  DialogState state = Refreshing();
  state =
      Next(state, RefreshAnswered{200, {}, 600, {}, {}}, {state.timer_n - kTimerN, kT1, 0}).state;

  const DialogStep step = Next(state, Tick{}, {state.timer_n, kT1, 0});

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "no-notify");
  EXPECT_EQ(step.ending->followup, Followup::kTransient);
}

TEST(DialogStateTest, NotifyStopsTimerNOfTheRefresh) {
  DialogState state = Refreshing();

  state = Next(state, Notified{"active", "", 600, {}}, At(absl::Seconds(570))).state;

  EXPECT_EQ(state.timer_n, absl::InfiniteFuture());
}

TEST(DialogStateTest, No204NeedsNoNotifySub50) {
  DialogState state = Refreshing();

  state = Next(state, RefreshAnswered{204, {}, 600, {}, {}}, At(absl::Seconds(570))).state;

  EXPECT_EQ(state.timer_n, absl::InfiniteFuture());
  EXPECT_EQ(state.expires_at, kStart + absl::Seconds(1170));
}

TEST(DialogStateTest, LargerGrantIsClampedSub05) {
  const DialogStep step =
      Next(Refreshing(), RefreshAnswered{200, {}, 99999, {}, {}}, At(absl::Seconds(570)));
  EXPECT_EQ(step.state.expires_at, kStart + absl::Seconds(1170));
}

TEST(DialogStateTest, AnswersOfSub46End) {
  for (const int status : {404, 405, 410, 416, 480, 481, 485, 489, 501, 604}) {
    const DialogStep step =
        Next(Refreshing(), RefreshAnswered{status, {}, {}, {}, {}}, At(absl::Seconds(570)));
    ASSERT_TRUE(step.ending.has_value()) << status;
    EXPECT_EQ(step.ending->sip_status, status);
  }
}

TEST(DialogStateTest, Answer481BeginsAnewAtOnceSub48) {
  const DialogStep step =
      Next(Refreshing(), RefreshAnswered{481, {}, {}, {}, {}}, At(absl::Seconds(570)));
  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->followup, Followup::kNow);
}

TEST(DialogStateTest, OtherFailuresKeepItAndTryAgainInTimeSub47) {
  for (const int status : {400, 403, 500, 503, 603}) {
    const DialogStep step =
        Next(Refreshing(), RefreshAnswered{status, {}, {}, {}, {}}, At(absl::Seconds(570)));
    EXPECT_FALSE(step.ending.has_value()) << status;
    EXPECT_EQ(step.state.timer_n, absl::InfiniteFuture()) << status;
    EXPECT_LT(step.state.refresh_at, step.state.expires_at) << status;
    EXPECT_EQ(step.state.stale_since, kStart + absl::Seconds(570)) << status;
  }
}

TEST(DialogStateTest, FailedRefreshRespectsRetryAfter) {
  const DialogStep step =
      Next(Refreshing(), RefreshAnswered{503, {}, {}, {}, 25}, At(absl::Seconds(570)));
  EXPECT_GE(step.state.refresh_at, kStart + absl::Seconds(595));
}

TEST(DialogStateTest, FailedRefreshThenExpiry) {
  DialogState state =
      Next(Refreshing(), RefreshAnswered{503, SendFailure::kTransport, {}, {}, 3000},
           At(absl::Seconds(570)))
          .state;

  const DialogStep step = Next(state, Tick{}, {state.expires_at, kT1, 0});

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "expired");
}

TEST(DialogStateTest, NoAnswerToRefreshEndsSub51) {
  const DialogStep step =
      Next(Refreshing(), RefreshAnswered{408, SendFailure::kTimeout, {}, {}, {}},
           At(absl::Seconds(599)));
  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "timeout");
}

// A peer's own 408 leaves Timer N its time: the NOTIFY may be on its way.
TEST(DialogStateTest, A408OfAPeerEndsAtTimerNSub51) {
  DialogState state = Refreshing();
  const absl::Time timer_n = state.timer_n;
  ASSERT_NE(timer_n, absl::InfiniteFuture());

  DialogStep step =
      Next(state, RefreshAnswered{408, SendFailure::kNone, {}, {}, {}}, At(absl::Seconds(571)));
  EXPECT_FALSE(step.ending.has_value());
  EXPECT_EQ(step.state.timer_n, timer_n);

  step = Next(step.state, Tick{}, {timer_n, kT1, 0});
  EXPECT_TRUE(step.ending.has_value());
}

TEST(DialogStateTest, NotifyOutweighsAMissingAnswerToRefresh) {
  DialogState state = Refreshing();
  state = Next(state, Notified{"active", "", 600, {}}, At(absl::Seconds(570))).state;

  const DialogStep step =
      Next(state, RefreshAnswered{408, SendFailure::kTimeout, {}, {}, {}}, At(absl::Seconds(600)));

  EXPECT_FALSE(step.ending.has_value());
  EXPECT_NE(step.state.refresh_at, absl::InfiniteFuture());
}

TEST(DialogStateTest, TooBriefRefreshAsksLongerAFewTimesOnly) {
  DialogState state = Refreshing();
  int sent = 0;
  uint32_t interval = 600;
  for (int i = 0; i < 10; ++i) {
    interval += 100;
    const DialogStep step =
        Next(state, RefreshAnswered{423, {}, {}, interval, {}}, At(absl::Seconds(570)));
    state = step.state;
    if (!step.send_expires.has_value()) break;
    EXPECT_EQ(*step.send_expires, interval);
    ++sent;
  }

  EXPECT_EQ(sent, 3);
  EXPECT_EQ(state.phase, DialogPhase::kActive);
}

TEST(DialogStateTest, RefreshThatFailedLeavesTheOldGrantSub32) {
  DialogState state =
      Next(Refreshing(), RefreshAnswered{500, {}, {}, {}, {}}, At(absl::Seconds(570))).state;

  state = Next(state, Notified{"active", "", 600, {}}, At(absl::Seconds(571))).state;

  EXPECT_EQ(state.expires_at, kStart + absl::Seconds(600));
}

TEST(DialogStateTest, RefreshesAreHeldBackPastAHandful) {
  DialogState state = Active();
  int sent = 0;
  const absl::Time then = kStart + absl::Seconds(10);
  for (int i = 0; i < 20; ++i) {
    state.refresh_at = then;
    DialogStep step = Next(state, Tick{}, {then, kT1, 0});
    state = step.state;
    if (!step.send_expires.has_value()) break;
    ++sent;
    state = Next(state, RefreshAnswered{200, {}, 600, {}, {}}, {then, kT1, 0}).state;
  }

  EXPECT_EQ(sent, SendPace::kBurst);
  EXPECT_EQ(state.refresh_at, then + SendPace::kInterval);
}

TEST(DialogStateTest, GrantOfNothingAwaitsTheEndWithoutARefreshSub04) {
  DialogState state =
      Next(Refreshing(), RefreshAnswered{200, {}, 0, {}, {}}, At(absl::Seconds(570))).state;
  EXPECT_EQ(state.refresh_at, absl::InfiniteFuture());
  EXPECT_GT(state.expires_at, kStart + absl::Seconds(570));

  const DialogStep step =
      Next(state, Notified{"terminated", "timeout", {}, {}}, At(absl::Seconds(571)));

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->followup, Followup::kTransient);
}

TEST(DialogStateTest, ForbiddenContactEndsItAndIsTriedFromTheBeginning) {
  const DialogStep step =
      Next(Refreshing(), RefreshAnswered{403, SendFailure::kNotAllowed, {}, {}, {}},
           At(absl::Seconds(570)));
  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->reason, "destination-not-allowed");
  EXPECT_EQ(step.ending->followup, Followup::kTransient);
}

TEST(DialogStateTest, ResyncsInARowComeEverMoreSeldom) {
  DialogState state = Active();
  std::vector<int64_t> seconds;
  for (int second = 0; second < 160; ++second) {
    const StepContext now = At(absl::Seconds(second));
    for (const DialogInput& input : {DialogInput(Tick{}), DialogInput(ResyncWanted{})}) {
      DialogStep step = Next(state, input, now);
      state = step.state;
      if (!step.send_expires.has_value()) continue;
      seconds.push_back(second);
      state = Next(state, RefreshAnswered{200, {}, 600, {}, {}}, now).state;
    }
  }
  EXPECT_EQ(seconds, (std::vector<int64_t>{0, 5, 15, 35, 75, 155}));
}

TEST(DialogStateTest, ResyncAfterACalmTimeGoesAtOnceAgain) {
  DialogState state = Active();
  for (const int second : {0, 5, 15}) {
    state = Next(state, ResyncWanted{}, At(absl::Seconds(second))).state;
    state = Next(state, RefreshAnswered{200, {}, 600, {}, {}}, At(absl::Seconds(second))).state;
  }
  ASSERT_EQ(state.resyncs, 3);

  const DialogStep step = Next(state, ResyncWanted{}, At(absl::Seconds(400)));

  EXPECT_TRUE(step.send_expires.has_value());
  EXPECT_EQ(step.state.resyncs, 1);
}

TEST(DialogStateTest, ResyncSendsARefreshOnce) {
  const DialogStep first = Next(Active(), ResyncWanted{}, At(absl::Seconds(1)));
  const DialogStep second = Next(first.state, ResyncWanted{}, At(absl::Seconds(2)));

  EXPECT_EQ(first.send_expires, 600u);
  EXPECT_FALSE(second.send_expires.has_value());
}

TEST(DialogStateTest, UnsubscribeWaitsForTheFinalNotifySub52) {
  DialogStep step = Next(Active(), UnsubscribeWanted{}, At(absl::Seconds(1)));
  EXPECT_EQ(step.send_expires, 0u);

  step = Next(step.state, RefreshAnswered{200, {}, 0, {}, {}}, At(absl::Seconds(1)));
  EXPECT_FALSE(step.ending.has_value());
  step = Next(step.state, Notified{"active", "", 600, {}}, At(absl::Seconds(1)));
  EXPECT_FALSE(step.ending.has_value());
  step = Next(step.state, Notified{"terminated", "timeout", {}, {}}, At(absl::Seconds(2)));

  ASSERT_TRUE(step.ending.has_value());
  EXPECT_EQ(step.ending->followup, Followup::kNever);  // SUB-37
}

TEST(DialogStateTest, UnsubscribeEndsAtTimerNAtTheLatest) {
  const DialogState state = Unsubscribing();

  EXPECT_EQ(NextDeadline(state), kStart + absl::Seconds(1) + kTimerN);
  EXPECT_TRUE(Next(state, Tick{}, {NextDeadline(state), kT1, 0}).ending.has_value());
}

TEST(DialogStateTest, UnsubscribeRefusedEndsAtOnce) {
  const DialogStep step = Next(Active(), UnsubscribeWanted{}, At(absl::Seconds(1)));
  EXPECT_TRUE(Next(step.state, RefreshAnswered{481, {}, {}, {}, {}}, At(absl::Seconds(1)))
                  .ending.has_value());
}

TEST(DialogStateTest, LateGrantLowersWhatTheNotifySaidSub04) {
  DialogState state = Active();

  LowerGrant(state, kStart + absl::Seconds(60), At({}));

  EXPECT_EQ(state.expires_at, kStart + absl::Seconds(60));
  EXPECT_LT(state.refresh_at, kStart + absl::Seconds(60));
}

TEST(RefreshDelayTest, KeepsTheMarginAndSpreads) {
  EXPECT_EQ(RefreshDelay(absl::Seconds(3600), kT1, 0), absl::Seconds(3568));
  EXPECT_EQ(RefreshDelay(absl::Seconds(60), kT1, 0), absl::Seconds(55));
  EXPECT_EQ(RefreshDelay(absl::Seconds(8), kT1, 0), absl::Seconds(4));
  EXPECT_EQ(RefreshDelay(absl::Seconds(2), kT1, 0), absl::Seconds(1));
  EXPECT_NEAR(absl::ToDoubleSeconds(RefreshDelay(absl::Seconds(3600), kT1, 0.999)), 3211.6, 0.5);
}

}  // namespace
}  // namespace sipevents::sip
