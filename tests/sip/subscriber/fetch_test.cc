#include "sip/subscriber/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

using testing::ElementsAre;

class RecordingFetch : public FetchObserver {
 public:
  void OnNotification(const Notification& notification) override {
    bodies.emplace_back(notification.body);
  }
  void OnDone(const FetchResult& done) override { result = done; }

  std::vector<std::string> bodies;
  std::optional<FetchResult> result;
};

class FetchTest : public SubscriberFixture {
 protected:
  std::shared_ptr<RecordingFetch> StartFetch(const std::string& event_package) {
    auto observer = std::make_shared<RecordingFetch>();
    SubscribeRequest request;
    request.target_uri = "sip:alice@example.com";
    request.event_package = event_package;
    subscriber().StartFetch(request, observer);
    return observer;
  }

  static NotifySpec State(const char* tag) {
    return {.tag = tag,
            .substate = "terminated",
            .reason = "timeout",
            .body = kOpen,
            .content_type = "application/pidf+xml"};
  }
};

TEST_F(FetchTest, AsksWithExpires0AndReturnsTheStateSub54) {
  auto fetch = StartFetch("presence");
  EXPECT_EQ(sender_.last().expires, 0u);
  Answer(200);

  EXPECT_EQ(Notify(State("a")), 200);
  clock_.Advance(absl::Milliseconds(1));

  EXPECT_THAT(fetch->bodies, ElementsAre(kOpen));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 0);
}

TEST_F(FetchTest, NotifyBeforeOkCountsSub12) {
  auto fetch = StartFetch("presence");
  Notify(State("a"));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(fetch->result.has_value());
}

TEST_F(FetchTest, ForksAreCollectedForT1) {
  auto fetch = StartFetch("dialog");
  Notify({.tag = "a", .substate = "terminated", .reason = "timeout"});
  clock_.Advance(absl::Milliseconds(400));
  EXPECT_FALSE(fetch->result.has_value());
  EXPECT_EQ(Notify({.tag = "b", .substate = "terminated", .reason = "timeout"}), 200);

  clock_.Advance(absl::Milliseconds(200));

  EXPECT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->bodies.size(), 2u);
}

// The caller has its answer by then; the fork is answered all the same.
TEST_F(FetchTest, ForkThatIsLateIsAcceptedUntilTimerNSub54) {
  auto fetch = StartFetch("dialog");
  const NotifySpec answer = {.tag = "a", .substate = "terminated", .reason = "timeout"};
  EXPECT_EQ(Notify(answer), 200);
  clock_.Advance(absl::Seconds(2));
  ASSERT_TRUE(fetch->result.has_value());

  EXPECT_EQ(Notify({.tag = "b", .substate = "terminated", .reason = "timeout"}), 200);
  EXPECT_EQ(Notify({.tag = "b", .substate = "terminated", .reason = "timeout"}), 200);
  clock_.Advance(absl::Seconds(29));
  EXPECT_EQ(Notify({.tag = "c", .substate = "terminated", .reason = "timeout"}), 200);
  clock_.Advance(absl::Seconds(2));

  EXPECT_EQ(Notify({.tag = "d", .substate = "terminated", .reason = "timeout"}), 481);
  EXPECT_EQ(fetch->bodies.size(), 1u);
}

// SUB-54, DEV-07: it would go on as a short subscription.
TEST_F(FetchTest, LateForkOfAShortSubscriptionIsEnded) {
  auto fetch = StartFetch("dialog");
  Answer(400);
  Answer(200);
  EXPECT_EQ(Notify({.tag = "a", .expires = 60}), 200);
  clock_.Advance(absl::Seconds(2));
  ASSERT_TRUE(fetch->result.has_value());

  EXPECT_EQ(Notify({.tag = "b", .expires = 60}), 200);

  EXPECT_EQ(sender_.last().to_tag, "b");
  EXPECT_EQ(sender_.last().expires, 0u);
}

TEST_F(FetchTest, SecondForkOfPresenceGets481) {
  StartFetch("presence");
  Notify(State("a"));
  EXPECT_EQ(Notify(State("b")), 481);
}

TEST_F(FetchTest, RefusalIsTold) {
  auto fetch = StartFetch("presence");
  Answer(404);
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 404);
  EXPECT_EQ(fetch->result->reason, "response");
}

TEST_F(FetchTest, FinalNotifyThatRefusesIsARefusal) {
  auto fetch = StartFetch("presence");
  EXPECT_EQ(Notify({.tag = "a", .substate = "terminated", .reason = "rejected"}), 200);
  clock_.Advance(absl::Milliseconds(1));

  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 403);
  EXPECT_EQ(fetch->result->reason, "rejected");
  EXPECT_TRUE(fetch->bodies.empty());
}

TEST_F(FetchTest, RefusalOfOneForkLeavesTheStateOfAnother) {
  auto fetch = StartFetch("dialog");
  Notify({.tag = "a", .substate = "terminated", .reason = "noresource"});
  Notify({.tag = "b", .substate = "terminated", .reason = "timeout"});
  clock_.Advance(absl::Milliseconds(600));

  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 0);
}

TEST_F(FetchTest, SilenceEndsAtTimerN) {
  auto fetch = StartFetch("presence");
  clock_.Advance(absl::Seconds(33));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->reason, "timeout");
}

TEST_F(FetchTest, AcceptedButNoNotifyEndsAtTimerN) {
  auto fetch = StartFetch("presence");
  Answer(200);
  clock_.Advance(absl::Seconds(33));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->reason, "no-notify");
}

TEST_F(FetchTest, LeavesNothingBehind) {
  StartFetch("presence");
  Notify(State("a"));
  EXPECT_EQ(Notify(State("a")), 200);  // repeated
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(dialogs_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(FetchTest, DrainAbandonsIt) {
  auto fetch = StartFetch("presence");
  subscriber().Drain([] {});
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 503);
}

TEST_F(FetchTest, WaitsForItsTurnAsLongAsForAnAnswerAndNotLonger) {
  sender_.hold = true;
  auto fetch = StartFetch("presence");
  clock_.Advance(absl::Seconds(32));
  EXPECT_FALSE(fetch->result.has_value());
  EXPECT_EQ(sender_.waiting.at(0).priority, RequestPriority::kFetch);

  clock_.Advance(absl::Seconds(1));

  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->reason, "overload");
  EXPECT_EQ(fetch->result->sip_status, 503);
  EXPECT_TRUE(sender_.waiting.empty());
}

TEST_F(FetchTest, RedirectionIsFollowed) {
  auto fetch = StartFetch("presence");
  Answer(RedirectTo({"sip:alice@example.net"}));
  EXPECT_EQ(sender_.last().request_uri, "sip:alice@example.net");
  EXPECT_EQ(sender_.last().expires, 0u);
  Notify(State("a"));
  EXPECT_THAT(fetch->bodies, ElementsAre(kOpen));
}

TEST_F(FetchTest, NotAcceptableIsTriedOnceWithoutAccept) {
  auto fetch = StartFetch("presence");
  Answer(406);
  EXPECT_EQ(sender_.last().accept, "");
  Answer(406);
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 406);
}

TEST_F(FetchTest, FailureOfOursIsNamed) {
  auto fetch = StartFetch("presence");
  Answer(Failure(403, SendFailure::kNotAllowed));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->reason, "destination-not-allowed");
}

// DEV-07: a notifier that knows no Expires 0 outside a dialog.
TEST_F(FetchTest, RefusalOfExpires0MakesAShortSubscriptionThatIsEndedDev07) {
  auto fetch = StartFetch("presence");

  Answer(400);
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().expires, 60u);
  EXPECT_EQ(sender_.last().call_id, sender_.sent[0].request.call_id);
  EXPECT_EQ(sender_.last().cseq, 2u);
  Answer(200);
  EXPECT_EQ(Notify({.expires = 60, .body = kOpen, .content_type = "application/pidf+xml"}), 200);
  clock_.Advance(absl::Milliseconds(1));

  EXPECT_THAT(fetch->bodies, ElementsAre(kOpen));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 0);
  ASSERT_EQ(sender_.sent.size(), 3u);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().expires, 0u);
  EXPECT_EQ(sender_.sent.back().priority, RequestPriority::kUnsubscribe);
  Answer(200);
  EXPECT_EQ(Notify({.cseq = 2, .substate = "terminated", .reason = "timeout"}), 200);
  EXPECT_EQ(Notify({.cseq = 3}), 481);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(dialogs_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
  EXPECT_THAT(metrics_.deviations, testing::Contains("DEV-07"));
}

TEST_F(FetchTest, ShortSubscriptionThatIsRefusedTooIsToldDev07) {
  auto fetch = StartFetch("presence");
  Answer(400);
  Answer(400);
  EXPECT_EQ(sender_.sent.size(), 2u);
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 400);
}

TEST_F(FetchTest, IntervalTooBriefIsCutAfterAFewDev07) {
  auto fetch = StartFetch("presence");
  uint32_t least = 60;
  while (!fetch->result.has_value() && sender_.sent.size() < 20) {
    Response brief = Reply(423);
    brief.min_expires = least += 60;
    Answer(brief);
  }
  EXPECT_LE(sender_.sent.size(), 5u);
  EXPECT_EQ(fetch->result->sip_status, 423);
}

TEST_F(FetchTest, StrictTakesTheRefusalDev07) {
  strict_ = true;
  auto fetch = StartFetch("presence");
  Answer(400);
  EXPECT_EQ(sender_.sent.size(), 1u);
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 400);
}

// SUB-55: what the first fetch was asked for, the second one says by itself.
TEST_F(FetchTest, SecondFetchPresentsItsCredentialsAtOnceSub55) {
  HaveCredentials();
  StartFetch("presence");
  Answer(DigestChallenge("n1"));
  Notify(State("a"));
  Answer(200);
  clock_.Advance(absl::Milliseconds(1));

  StartFetch("presence");

  ASSERT_EQ(sender_.sent.size(), 3u);
  ASSERT_EQ(sender_.last().authorization.size(), 1u);
  EXPECT_NE(sender_.last().authorization[0].second.find("nc=00000002"), std::string::npos);
}

TEST_F(FetchTest, CredentialsThatWereRefusedAreNotPresentedAgain) {
  HaveCredentials();
  auto fetch = StartFetch("presence");
  for (int i = 0; i < 5; ++i) Answer(DigestChallenge("n" + std::to_string(i)));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 401);

  StartFetch("presence");

  EXPECT_TRUE(sender_.last().authorization.empty());
}

}  // namespace
}  // namespace sipevents::sip
