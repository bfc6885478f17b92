#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sip/notifier/state_steps.h"

// What an answer to a NOTIFY does to the subscription (NOT-25 to NOT-28; the NOTIFY column of the
// table of response codes).

namespace sipevents::sip {
namespace {

enum class Effect { kRemoved, kKept, kRetried };

class NotifyAnswersTest : public WatcherSteps {
 protected:
  // The effect of an answer to the NOTIFY that tells a change.
  Effect EffectOf(const NotifyAnswered& answered) {
    state_ = {};
    Activate();
    Do(StateChanged{});
    Do(NotifyWritten{});
    const WatcherStep step = Answer(answered);
    if (state_.phase == WatcherPhase::kGone) return Effect::kRemoved;
    EXPECT_EQ(state_.phase, WatcherPhase::kActive);
    EXPECT_EQ(state_.outstanding, step.send);
    return step.send || state_.urgent ? Effect::kRetried : Effect::kKept;
  }
};

TEST_F(NotifyAnswersTest, EachStatus) {
  const std::vector<std::pair<Effect, std::vector<int>>> rows = {
      {Effect::kRemoved, {404, 405, 408, 410, 416, 430, 480, 481, 482, 483,
                          484, 485, 489, 501, 502, 604, 300, 301, 302, 305}},
      {Effect::kKept,
       {200, 202, 204, 400, 401, 402, 403, 406, 407, 413, 414, 415, 420, 421, 423, 486,
        487, 488, 493, 494, 499, 500, 503, 504, 505, 513, 580, 600, 603, 606, 699}},
      {Effect::kRetried, {491}}};
  for (const auto& [effect, statuses] : rows) {
    for (const int status : statuses) {
      EXPECT_EQ(EffectOf({.status = status}), effect) << status;
    }
  }
}

// 401 with a password, 415 without the body, 302 to elsewhere: see Watcher.
TEST_F(NotifyAnswersTest, WhatCanBeMendedIsTriedAgainAtOnce) {
  for (const int status : {401, 407, 302, 406, 413, 415, 513}) {
    EXPECT_EQ(EffectOf({.status = status, .can_retry = true}), Effect::kRetried) << status;
    EXPECT_TRUE(state_.outstanding) << status;
  }
}

// RLS-02: who knows no lists has lost this one; a watcher of a plain state has not.
TEST_F(NotifyAnswersTest, RefusedExtensionRemovesWhatNeedsIt) {
  EXPECT_EQ(EffectOf({.status = 420, .required = true}), Effect::kRemoved);
  EXPECT_EQ(EffectOf({.status = 420, .required = false}), Effect::kKept);
}

// NOT-25; but where we had too much to do ourselves, it is not the watcher's fault.
TEST_F(NotifyAnswersTest, EachFailure) {
  for (const SendFailure failure : {SendFailure::kTimeout, SendFailure::kTransport,
                                    SendFailure::kNoAddress, SendFailure::kNotAllowed}) {
    EXPECT_EQ(EffectOf({.status = 503, .failure = failure}), Effect::kRemoved);
  }
  EXPECT_EQ(EffectOf({.status = 503, .failure = SendFailure::kOverload}), Effect::kRetried);
}

// NOT-27: 491 again after 2.1 to 4 s.
TEST_F(NotifyAnswersTest, CrossedRequestIsTriedAgainAfterAWhile) {
  EffectOf({.status = 491});
  EXPECT_EQ(state_.held_until, now_ + absl::Seconds(2.1));
  chance_ = 0.999999;
  EffectOf({.status = 491});
  EXPECT_LE(state_.held_until, now_ + absl::Seconds(4));
  EXPECT_GT(state_.held_until, now_ + absl::Seconds(3.9));
}

// NOT-27, with up to a tenth more.
TEST_F(NotifyAnswersTest, RetryAfterHoldsEverythingBack) {
  for (const int status : {413, 480 + 6, 500, 503, 504, 600, 603}) {
    EXPECT_EQ(EffectOf({.status = status, .retry_after = 30}), Effect::kRetried) << status;
    EXPECT_FALSE(Do(StateChanged{}).send);
    const WatcherStep early = Do(WatcherTimer{});
    EXPECT_FALSE(early.send);
    EXPECT_EQ(early.wake, now_ + absl::Seconds(30));
    Pass(absl::Seconds(30));
    EXPECT_TRUE(Do(WatcherTimer{}).send) << status;
  }
  chance_ = 0.5;
  EffectOf({.status = 503, .retry_after = 100});
  EXPECT_EQ(state_.held_until, now_ + absl::Seconds(105));
}

TEST_F(NotifyAnswersTest, RefreshEndsThePause) {
  EffectOf({.status = 503, .retry_after = 300});
  EXPECT_TRUE(Do(SubscribeGranted{absl::Minutes(10)}).send);
}

TEST_F(NotifyAnswersTest, NotTriedAgainWithoutEndAndThePauseIsKept) {
  Activate();
  Do(StateChanged{});
  int tries = 0;
  for (; tries < 10; ++tries) {
    Do(NotifyWritten{});
    if (Answer({.status = 503, .retry_after = 10}).send || !state_.urgent) break;
    Pass(absl::Seconds(10));
    ASSERT_TRUE(Do(WatcherTimer{}).send);
  }
  EXPECT_EQ(tries, 3);
  const WatcherStep step = Do(StateChanged{});  // of a new change the pause is still true
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.wake, now_ + absl::Seconds(10));
}

// NOT-27: 500 loses what was told; the next change is told.
TEST_F(NotifyAnswersTest, ChangeAfterAFailureIsTold) {
  EffectOf({.status = 500});
  EXPECT_TRUE(Do(StateChanged{}).send);
}

TEST_F(NotifyAnswersTest, LastNotifyThatIsRefusedIsTheLastAllTheSame) {
  for (const int status : {200, 400, 403, 481, 500, 503, 699}) {
    state_ = {};
    Do(SubscribeGranted{});
    Written(status);
    EXPECT_EQ(state_.phase, WatcherPhase::kGone) << status;
  }
}

TEST_F(NotifyAnswersTest, LastNotifyIsTriedAgainAfterAShortPauseOnly) {
  Do(SubscribeGranted{});
  Do(NotifyWritten{});
  Answer({.status = 503, .retry_after = 20});
  EXPECT_EQ(state_.phase, WatcherPhase::kTerminated);
  Pass(absl::Seconds(20));
  EXPECT_TRUE(Do(WatcherTimer{}).send);
  Do(NotifyWritten{});
  Answer({.status = 503, .retry_after = 33});  // more than 64*T1
  EXPECT_EQ(state_.phase, WatcherPhase::kGone);
}

// Nobody stays for ever by asking for a pause of a hundred years.
TEST_F(NotifyAnswersTest, LongPauseDoesNotOutliveTheSubscription) {
  EffectOf({.status = 503, .retry_after = UINT32_MAX});
  Pass(absl::Minutes(10));
  const WatcherStep step = Do(WatcherTimer{});
  EXPECT_EQ(state_.phase, WatcherPhase::kTerminated);
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.wake, now_ + absl::Seconds(32));
  Pass(absl::Seconds(32));
  EXPECT_TRUE(Do(WatcherTimer{}).send);
}

}  // namespace
}  // namespace sipevents::sip
