#include "sip/notifier/watcher_state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sip/notifier/state_steps.h"

// The state machine of one subscription at the notifier, step by step (RFC 6665 section 4.2).

namespace sipevents::sip {
namespace {

using WatcherStateTest = WatcherSteps;

// NOT-08, NOT-17: told at once, whatever the policy says.
TEST_F(WatcherStateTest, FirstNotifyGoesAtOnce) {
  for (const bool allowed : {true, false}) {
    WatcherState state;
    const WatcherStep step = Next(state, SubscribeGranted{absl::Minutes(10), allowed}, At());
    EXPECT_TRUE(step.send);
    EXPECT_TRUE(state.outstanding);
    EXPECT_EQ(state.phase, allowed ? WatcherPhase::kActive : WatcherPhase::kPending);
  }
}

// NOT-30, NOT-31: a fetch is one last NOTIFY.
TEST_F(WatcherStateTest, FetchIsOneLastNotify) {
  const WatcherStep step = Do(SubscribeGranted{});
  EXPECT_TRUE(step.send);
  EXPECT_EQ(state_.phase, WatcherPhase::kTerminated);
  EXPECT_EQ(WatcherEndToken(state_.end), "timeout");

  Do(NotifyWritten{});
  Answer(200);
  EXPECT_EQ(state_.phase, WatcherPhase::kGone);
}

// CEN-07: nothing more is said.
TEST_F(WatcherStateTest, QuietEndNeedsNoNotify) {
  Activate();
  const WatcherStep step = Do(SubscribeGranted{.quiet = true});
  EXPECT_FALSE(step.send);
  EXPECT_EQ(state_.phase, WatcherPhase::kGone);
}

// CEN-03: extended, and not told; but a new phase is (CEN-05).
TEST_F(WatcherStateTest, QuietRefreshOnlyExtendsUnlessThePhaseIsNew) {
  state_.rate = NotifyRate(absl::Hours(1));
  Activate();
  Pass(absl::Minutes(5));
  Do(StateChanged{});  // which the watcher knows of, as its condition says
  EXPECT_FALSE(Do(SubscribeGranted{absl::Minutes(10), true, true}).send);
  EXPECT_FALSE(state_.changed);
  EXPECT_EQ(state_.expire_time, now_ + absl::Minutes(10));

  EXPECT_TRUE(Do(SubscribeGranted{absl::Minutes(10), false, true}).send);
}

// NOT-46: changes meanwhile are told by one other NOTIFY.
TEST_F(WatcherStateTest, OneNotifyAtATimeAndChangesGatherBehindIt) {
  EXPECT_TRUE(Do(SubscribeGranted{absl::Minutes(10)}).send);
  Do(NotifyWritten{});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Do(StateChanged{}).send);
  EXPECT_TRUE(Answer(200).send);
  Do(NotifyWritten{});
  EXPECT_FALSE(Answer(200).send);
}

// What changes before the NOTIFY is written is in it.
TEST_F(WatcherStateTest, ChangeBeforeItIsWrittenIsNoNews) {
  Do(SubscribeGranted{absl::Minutes(10)});
  EXPECT_FALSE(Do(StateChanged{}).send);
  Do(NotifyWritten{});
  EXPECT_FALSE(Answer(200).send);
}

// NOT-08: a pending watcher hears of no state.
TEST_F(WatcherStateTest, PendingWatcherIsToldOfNoChanges) {
  Do(SubscribeGranted{absl::Minutes(10), false});
  Written(200);
  EXPECT_FALSE(Do(StateChanged{}).send);
  EXPECT_TRUE(Do(WatcherDecided{true}).send);
  EXPECT_EQ(state_.phase, WatcherPhase::kActive);
}

TEST_F(WatcherStateTest, DecisionThatChangesWhatIsShownIsTold) {
  Activate();
  EXPECT_TRUE(Do(WatcherDecided{true}).send);  // e.g. politely blocked from now on
  Written(200);
  EXPECT_TRUE(Do(WatcherDecided{false}).send);
  EXPECT_EQ(state_.phase, WatcherPhase::kPending);
}

// NOT-29.
TEST_F(WatcherStateTest, ExpiryIsTold) {
  const absl::Time wake = Activate();
  EXPECT_EQ(wake, now_ + absl::Minutes(10));
  Pass(absl::Minutes(10));
  EXPECT_TRUE(Do(WatcherTimer{}).send);
  EXPECT_EQ(WatcherEndToken(state_.end), "timeout");
  Written(200);
  EXPECT_EQ(state_.phase, WatcherPhase::kGone);
}

TEST_F(WatcherStateTest, RefreshMovesTheExpiry) {
  Activate();
  Pass(absl::Minutes(9));
  Do(SubscribeGranted{absl::Minutes(10)});
  Written(200);
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Do(WatcherTimer{}).send);
  EXPECT_EQ(state_.phase, WatcherPhase::kActive);
}

// It ran out while a NOTIFY waited for its answer: the last one follows.
TEST_F(WatcherStateTest, EndDecidedWhileANotifyIsUnderWayIsToldAfterIt) {
  Activate();
  EXPECT_TRUE(Do(StateChanged{}).send);
  Do(NotifyWritten{});
  EXPECT_FALSE(Do(WatcherEnding{WatcherEnd::kRejected}).send);
  EXPECT_TRUE(Answer(200).send);
  Written(200);
  EXPECT_EQ(state_.phase, WatcherPhase::kGone);
}

// The NOTIFY still waited for its turn: it becomes the last one.
TEST_F(WatcherStateTest, EndDecidedBeforeANotifyIsWrittenIsToldByIt) {
  Activate();
  EXPECT_TRUE(Do(StateChanged{}).send);
  Do(WatcherEnding{WatcherEnd::kNoResource});
  Do(NotifyWritten{});
  Answer(200);
  EXPECT_EQ(state_.phase, WatcherPhase::kGone);
}

TEST_F(WatcherStateTest, NothingRevivesWhatHasEnded) {
  Activate();
  Do(WatcherEnding{WatcherEnd::kRejected});
  Do(SubscribeGranted{absl::Minutes(10)});
  Do(WatcherDecided{true});
  Do(WatcherEnding{WatcherEnd::kDeactivated});
  EXPECT_EQ(state_.phase, WatcherPhase::kTerminated);
  EXPECT_EQ(state_.end, WatcherEnd::kRejected);
}

// NOT-23, and the table under it.
TEST_F(WatcherStateTest, CausesAreToldByTheirTokens) {
  const std::vector<std::pair<WatcherEnd, std::string>> rows = {
      {WatcherEnd::kNone, ""},
      {WatcherEnd::kTimeout, "timeout"},
      {WatcherEnd::kRejected, "rejected"},
      {WatcherEnd::kNoResource, "noresource"},
      {WatcherEnd::kDeactivated, "deactivated"}};
  for (const auto& [end, token] : rows) EXPECT_EQ(WatcherEndToken(end), token);
}

// RATE-01: a change waits, what answers a SUBSCRIBE does not.
TEST_F(WatcherStateTest, ChangeWaitsForTheRateAndASubscribeDoesNot) {
  state_.rate = NotifyRate(absl::Seconds(5));
  Activate();
  Pass(absl::Seconds(1));
  const WatcherStep step = Do(StateChanged{});
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.wake, now_ + absl::Seconds(4));
  EXPECT_TRUE(Do(SubscribeGranted{absl::Minutes(10)}).send);
  Written(200);
  Pass(absl::Seconds(1));
  EXPECT_FALSE(Do(StateChanged{}).send);
  Pass(absl::Seconds(4));
  EXPECT_TRUE(Do(WatcherTimer{}).send);
}

// RATE-03.
TEST_F(WatcherStateTest, LeastRateBringsANotifyWithoutAChange) {
  state_.rate.Wish({.min_rate = 0.5}, absl::Minutes(10));
  const absl::Time wake = Activate();
  EXPECT_EQ(wake, now_ + absl::Seconds(2));
  Pass(absl::Seconds(2));
  EXPECT_TRUE(Do(WatcherTimer{}).send);
}

// A watcher that wants many NOTIFYs and then a pause must not have its timer run without end.
TEST_F(WatcherStateTest, LeastRateDuringAPauseWaitsForItsEnd) {
  state_.rate.Wish({.min_rate = 1}, absl::Minutes(10));
  Do(SubscribeGranted{absl::Minutes(10)});
  Do(NotifyWritten{});
  Answer(NotifyAnswered{.status = 503, .retry_after = 100});
  Pass(absl::Seconds(1));
  const WatcherStep step = Do(WatcherTimer{});
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.wake, now_ + absl::Seconds(99));
}

}  // namespace
}  // namespace sipevents::sip
