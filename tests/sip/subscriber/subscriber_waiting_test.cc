#include <gtest/gtest.h>

#include "sip/subscriber/subscriber.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// What holds while a SUBSCRIBE waits for its turn.

namespace sipevents::sip {
namespace {

class SubscriberWaitingTest : public SubscriberFixture {
 protected:
  const SubscriptionStatus& Last(const RecordingObserver& observer) {
    return observer.statuses.back();
  }
};

TEST_F(SubscriberWaitingTest, FirstAttemptIsSubscribingAndSaysSinceWhenItWaits) {
  sender_.hold = true;
  auto observer = Subscribe("presence");
  const absl::Time began = clock_.Now();

  clock_.Advance(absl::Minutes(10));  // no Timer N

  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
  EXPECT_EQ(Last(*observer).waiting_since, began);
  sender_.Release();
  EXPECT_EQ(Last(*observer).waiting_since, absl::InfinitePast());
}

TEST_F(SubscriberWaitingTest, TimerNRunsFromTheSendingSub13) {
  sender_.hold = true;
  auto observer = Subscribe("presence");
  clock_.Advance(absl::Minutes(1));
  sender_.Release();
  Answer(200);

  clock_.Advance(absl::Seconds(32));
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
  clock_.Advance(absl::Seconds(1));

  EXPECT_EQ(Last(*observer).reason, "no-notify");
}

TEST_F(SubscriberWaitingTest, TimerNStartsOverWithAnotherServer) {
  auto observer = Subscribe("presence");
  clock_.Advance(absl::Seconds(32));

  sender_.FailOver(0);
  clock_.Advance(absl::Seconds(32));

  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
  EXPECT_EQ(sender_.sent.size(), 1u);
}

TEST_F(SubscriberWaitingTest, RetryThatWaitsStaysRetryingWithTheTimeItWasDue) {
  auto observer = Subscribe("presence");
  Answer(500);
  const absl::Time due = Last(*observer).retry_time;
  sender_.hold = true;

  clock_.Advance(absl::Minutes(5));

  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
  EXPECT_EQ(Last(*observer).retry_time, due);
  EXPECT_EQ(Last(*observer).sip_status, 500);
  EXPECT_EQ(Last(*observer).waiting_since, due);
  sender_.Release();
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
}

TEST_F(SubscriberWaitingTest, RequestSaysWhatIsTrueWhenItLeaves) {
  Subscribe("presence");
  Answer(200);
  Notify({});
  sender_.hold = true;
  clock_.Advance(absl::Seconds(598));
  ASSERT_EQ(sender_.waiting.size(), 1u);
  EXPECT_EQ(sender_.waiting[0].first_hop, "sip:notifier@192.0.2.1");

  Notify({.cseq = 2, .contact = "sip:moved@192.0.2.7"});

  ASSERT_EQ(sender_.waiting.size(), 1u);
  EXPECT_EQ(sender_.waiting[0].first_hop, "sip:moved@192.0.2.7");
  EXPECT_EQ(sender_.waiting[0].priority, RequestPriority::kRefresh);
  sender_.Release();
  EXPECT_EQ(sender_.last().request_uri, "sip:moved@192.0.2.7");
}

TEST_F(SubscriberWaitingTest, FirstHopIsTheFirstRoute) {
  route_ = "<sip:192.0.2.9;lr>";
  Subscribe("presence");
  EXPECT_EQ(sender_.sent[0].first_hop, "sip:192.0.2.9;lr");
  EXPECT_EQ(sender_.sent[0].priority, RequestPriority::kSubscribe);
}

TEST_F(SubscriberWaitingTest, RefreshThatWaitsPastExpiryEndsTheUsageAndIsNotSent) {
  auto observer = Subscribe("presence");
  Answer(200);
  Notify({});
  sender_.hold = true;

  clock_.Advance(absl::Seconds(601));

  // What waits now is a new attempt, in its place: nothing was learned of the peer.
  EXPECT_EQ(observer->ended_dialogs.size(), 1u);
  EXPECT_EQ(Last(*observer).dialog_count, 0);
  ASSERT_EQ(sender_.waiting.size(), 1u);
  EXPECT_EQ(sender_.waiting[0].priority, RequestPriority::kSubscribe);
}

TEST_F(SubscriberWaitingTest, UnsubscribeThatWaitsPastExpiryEndsTheUsage) {
  Subscribe("presence");
  Answer(200);
  Notify({});
  sender_.hold = true;
  subscriber().Unsubscribe(last_id_);
  ASSERT_EQ(sender_.waiting.size(), 1u);
  EXPECT_EQ(sender_.waiting[0].priority, RequestPriority::kUnsubscribe);

  clock_.Advance(absl::Minutes(11));

  EXPECT_TRUE(sender_.waiting.empty());
  EXPECT_EQ(dialogs_.size(), 0u);
}

// SUB-61: nothing was sent, so nothing is left.
TEST_F(SubscriberWaitingTest, UnsubscribeOfAnAttemptThatWaitsSendsNothing) {
  sender_.hold = true;
  auto observer = Subscribe("presence");

  subscriber().Unsubscribe(last_id_);
  clock_.Advance(absl::Seconds(1));

  EXPECT_TRUE(observer->ended);
  EXPECT_TRUE(sender_.waiting.empty());
  EXPECT_EQ(dialogs_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(SubscriberWaitingTest, WhatNeverLeavesRetriesWithItsReason) {
  sender_.hold = true;
  auto observer = Subscribe("presence");

  sender_.FailWaiting(Failure(503, SendFailure::kNoAddress));

  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
  EXPECT_EQ(Last(*observer).reason, "no-address");
}

TEST_F(SubscriberWaitingTest, DestinationThatIsNotAllowedIsFinalForATarget) {
  auto observer = Subscribe("presence");
  Answer(Failure(403, SendFailure::kNotAllowed));
  EXPECT_EQ(observer->state(), SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).reason, "destination-not-allowed");
}

TEST_F(SubscriberWaitingTest, ContactThatIsNotAllowedEndsTheUsageAndBeginsAnewLater) {
  auto observer = SubscribeUntilRefresh("presence");

  Answer(Failure(403, SendFailure::kNotAllowed));

  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
  EXPECT_EQ(Last(*observer).reason, "destination-not-allowed");
  EXPECT_EQ(observer->ended_dialogs.size(), 1u);
  clock_.Advance(absl::Seconds(31));
  EXPECT_EQ(sender_.last().request_uri, "sip:alice@example.com");
  EXPECT_EQ(sender_.last().to_tag, "");
}

TEST_F(SubscriberWaitingTest, OldestOfTheForksIsShown) {
  auto observer = Subscribe("dialog");
  Notify({.tag = "a"});
  Notify({.tag = "b"});
  Answer(200);
  sender_.hold = true;

  clock_.Advance(absl::Seconds(598));

  ASSERT_EQ(sender_.waiting.size(), 2u);
  EXPECT_GT(Last(*observer).waiting_since, absl::InfinitePast());
  EXPECT_LT(Last(*observer).waiting_since, clock_.Now());
}

}  // namespace
}  // namespace sipevents::sip
