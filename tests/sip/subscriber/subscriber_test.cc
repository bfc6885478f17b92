#include "sip/subscriber/subscriber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

using testing::ElementsAre;
using testing::Pair;

class SubscriberTest : public SubscriberFixture {};

TEST_F(SubscriberTest, FirstSubscribeHasWhatSub08Asks) {
  route_ = "<sip:192.0.2.9;lr>";
  Subscribe("presence");

  const OutgoingRequest& request = sender_.last();
  EXPECT_EQ(request.request_uri, "sip:alice@example.com");
  EXPECT_EQ(request.to_tag, "");
  EXPECT_FALSE(request.from_tag.empty());
  EXPECT_EQ(request.event, "presence");
  EXPECT_EQ(request.expires, 600u);
  EXPECT_EQ(request.accept, "application/pidf+xml, multipart/related, application/rlmi+xml");
  EXPECT_THAT(request.route_set, ElementsAre("<sip:192.0.2.9;lr>"));
}

TEST_F(SubscriberTest, NotifyBeforeOkActivatesSub12) {
  auto observer = Subscribe("presence");

  EXPECT_EQ(Notify({.body = kOpen, .content_type = "application/pidf+xml"}), 200);

  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_THAT(observer->bodies, ElementsAre(kOpen));
}

TEST_F(SubscriberTest, OkAloneMakesNoDialogSub17) {
  auto observer = Subscribe("presence");
  Answer(200);
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);

  Notify({.tag = "fork-b"});
  PassUntilSent(2);

  EXPECT_EQ(sender_.last().to_tag, "fork-b");
}

TEST_F(SubscriberTest, NoNotifyUntilTimerNRetriesSub14) {
  auto observer = Subscribe("presence");
  Answer(200);

  clock_.Advance(absl::Seconds(33));

  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
  EXPECT_EQ(observer->statuses.back().reason, "no-notify");
  EXPECT_GE(observer->statuses.back().retry_time, clock_.Now() + absl::Seconds(15));
}

TEST_F(SubscriberTest, FirstNotifyAfterTimerNGets481Sub15) {
  Subscribe("presence");
  Answer(200);
  clock_.Advance(absl::Seconds(33));
  EXPECT_EQ(Notify({}), 481);
}

TEST_F(SubscriberTest, RefreshUsesRouteAndContactOfTheNotifySub19Sub20) {
  route_ = "<sip:192.0.2.9;lr>";
  Subscribe("presence");
  Notify({.record_route = {"<sip:p1;lr>", "<sip:p2;lr>"}});
  Notify({.cseq = 2, .contact = "sip:moved@192.0.2.2"});

  PassUntilSent(2);

  EXPECT_EQ(sender_.last().request_uri, "sip:moved@192.0.2.2");
  EXPECT_THAT(sender_.last().route_set, ElementsAre("<sip:p1;lr>", "<sip:p2;lr>"));
  EXPECT_EQ(sender_.last().cseq, 2u);
}

TEST_F(SubscriberTest, StrictRouteSwapsTheStartLine) {
  Subscribe("presence");
  Notify({.record_route = {"<sip:strict.example.com>", "<sip:p2;lr>"}});

  PassUntilSent(2);

  EXPECT_EQ(sender_.last().request_uri, "sip:strict.example.com");
  EXPECT_THAT(sender_.last().route_set, ElementsAre("<sip:p2;lr>", "<sip:notifier@192.0.2.1>"));
}

TEST_F(SubscriberTest, ThreeForksAreThreeDialogsEachRefreshedSub25) {
  auto observer = Subscribe("dialog");
  for (const char* tag : {"a", "b", "c"}) EXPECT_EQ(Notify({.tag = tag}), 200);
  Answer(200);
  EXPECT_EQ(observer->statuses.back().dialog_count, 3);

  // Each is refreshed at a time of its own; the notifier answers as it should.
  std::vector<std::string> tags;
  for (size_t count = 2; count <= 4; ++count) {
    PassUntilSent(count);
    ASSERT_EQ(sender_.sent.size(), count);
    tags.push_back(sender_.last().to_tag);
    Answer(200);
    EXPECT_EQ(Notify({.tag = tags.back(), .cseq = 2}), 200);
  }

  EXPECT_THAT(tags, testing::UnorderedElementsAre("a", "b", "c"));
}

TEST_F(SubscriberTest, EndOfOneForkLeavesTheOthersSub25) {
  auto observer = Subscribe("dialog");
  for (const char* tag : {"a", "b", "c"}) Notify({.tag = tag});

  Notify({.tag = "b", .cseq = 2, .substate = "terminated", .reason = "deactivated"});

  EXPECT_EQ(observer->ended_dialogs.size(), 1u);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_EQ(observer->statuses.back().dialog_count, 2);
  EXPECT_EQ(sender_.sent.size(), 1u);
}

TEST_F(SubscriberTest, SecondForkOfPresenceGets481Sub26) {
  Subscribe("presence");
  EXPECT_EQ(Notify({.tag = "a"}), 200);
  EXPECT_EQ(Notify({.tag = "b"}), 481);
}

TEST_F(SubscriberTest, UnknownDialogGets481KnownPackageAnd489OtherwiseSub24) {
  Subscribe("presence");
  FakeRequestSender::Sent stranger = sender_.sent.back();
  stranger.request.from_tag = "0000000000000000";
  sender_.sent.push_back(stranger);

  EXPECT_EQ(Notify({}), 481);
  const NotifyAnswer answer = NotifyTo(1, {.event = "no-such"});

  EXPECT_EQ(answer.status, 489);
  ASSERT_FALSE(answer.headers.empty());
  EXPECT_EQ(answer.headers.front().first, "Allow-Events");
}

TEST_F(SubscriberTest, OtherPackageInTheDialogGets481Sub22) {
  Subscribe("presence");
  Notify({});
  EXPECT_EQ(Notify({.cseq = 2, .event = "dialog"}), 481);
  EXPECT_EQ(Notify({.cseq = 2, .event = "Presence"}), 489);
}

TEST_F(SubscriberTest, OlderCseqGets500AndIsNotDeliveredSub44) {
  auto observer = Subscribe("presence");
  Notify({.cseq = 5, .body = kOpen, .content_type = "application/pidf+xml"});

  EXPECT_EQ(Notify({.cseq = 4, .body = kOpen, .content_type = "application/pidf+xml"}), 500);

  EXPECT_EQ(observer->bodies.size(), 1u);
}

TEST_F(SubscriberTest, RetransmittedNotifyIsAnsweredAndCountsOnce) {
  auto observer = Subscribe("presence");
  const NotifySpec spec{.body = kOpen, .content_type = "application/pidf+xml"};
  Notify(spec);

  EXPECT_EQ(Notify(spec), 200);

  EXPECT_EQ(observer->bodies.size(), 1u);
}

TEST_F(SubscriberTest, RetransmittedFinalNotifyIsAnsweredAgain) {
  Subscribe("presence");
  Notify({});
  const NotifySpec last{.cseq = 2, .substate = "terminated", .reason = "rejected"};
  Notify(last);

  EXPECT_EQ(Notify(last), 200);
  EXPECT_EQ(Notify({.cseq = 3}), 481);
}

TEST_F(SubscriberTest, BodyTypeThatWasNotOfferedGets415WithAcceptSub07) {
  Subscribe("presence");
  Notify({});
  const NotifyAnswer answer = NotifyTo(0, {.cseq = 2, .body = "x", .content_type = "text/html"});
  EXPECT_EQ(answer.status, 415);
  EXPECT_THAT(
      answer.headers,
      ElementsAre(Pair("Accept", "application/pidf+xml, multipart/related, application/rlmi+xml")));
}

TEST_F(SubscriberTest, MissingSubscriptionStateIsToleratedOrRefusedSub29) {
  Subscribe("presence");
  EXPECT_EQ(Notify({.with_state = false}), 200);
}

TEST_F(SubscriberTest, MissingSubscriptionStateIsRefusedWhenStrictSub29) {
  strict_ = true;
  Subscribe("presence");
  EXPECT_EQ(Notify({.with_state = false}), 400);
}

TEST_F(SubscriberTest, DeactivatedSubscribesAnewOnANewDialogSub34) {
  auto observer = Subscribe("presence");
  Notify({});
  const OutgoingRequest first = sender_.last();

  Notify({.cseq = 2, .substate = "terminated", .reason = "deactivated", .retry_after = 60});

  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_NE(sender_.last().call_id, first.call_id);
  EXPECT_NE(sender_.last().from_tag, first.from_tag);
  EXPECT_EQ(sender_.last().to_tag, "");
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
}

TEST_F(SubscriberTest, ProbationWaitsSub35) {
  auto observer = Subscribe("presence");
  Notify({});
  Notify({.cseq = 2, .substate = "terminated", .reason = "probation", .retry_after = 20});
  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);

  clock_.Advance(absl::Seconds(19));
  EXPECT_EQ(sender_.sent.size(), 1u);
  clock_.Advance(absl::Seconds(4));

  EXPECT_EQ(sender_.sent.size(), 2u);
}

TEST_F(SubscriberTest, RejectedIsFinalSub36) {
  auto observer = Subscribe("presence");
  Notify({});
  Notify({.cseq = 2, .substate = "terminated", .reason = "rejected", .retry_after = 1});

  EXPECT_TRUE(observer->ended);
  EXPECT_EQ(observer->statuses.back().reason, "rejected");
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(sender_.sent.size(), 1u);
  EXPECT_EQ(timers_.size(), 0u);
  EXPECT_EQ(dialogs_.size(), 0u);
}

TEST_F(SubscriberTest, InvariantKeepsTheStateSub40) {
  auto observer = Subscribe("presence");
  Notify({});
  Notify({.cseq = 2, .substate = "terminated", .reason = "invariant"});
  EXPECT_TRUE(observer->remains);
  EXPECT_TRUE(observer->ended);
}

TEST_F(SubscriberTest, Answer403IsFinalAndLaterNotifyGets481Sub10) {
  auto observer = Subscribe("presence");
  Answer(403);
  EXPECT_EQ(observer->state(), SubscriptionState::kTerminated);
  EXPECT_EQ(observer->statuses.back().sip_status, 403);
  EXPECT_EQ(Notify({}), 481);
}

TEST_F(SubscriberTest, TransportFailureRetriesUntilItWorks) {
  auto observer = Subscribe("presence");
  Response failure;
  failure.status = 503;
  failure.made_here = true;
  sender_.Answer(0, failure);
  EXPECT_EQ(observer->statuses.back().reason, "transport");

  clock_.Advance(absl::Seconds(31));
  ASSERT_EQ(sender_.sent.size(), 2u);
  Notify({});

  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

TEST_F(SubscriberTest, ChallengeIsMetOnceWithTheSameCallIdSub11) {
  auto parsed = CredentialTable::Parse("example.com gateway s3cret", "test");
  ASSERT_TRUE(parsed.ok());
  credentials_ = *parsed;
  auto observer = Subscribe("presence");
  Response challenge;
  challenge.status = 401;
  challenge.challenges = {{false, "Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\""}};

  sender_.Answer(0, challenge);

  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().call_id, sender_.sent[0].request.call_id);
  EXPECT_EQ(sender_.last().from_tag, sender_.sent[0].request.from_tag);
  EXPECT_EQ(sender_.last().cseq, 2u);
  ASSERT_EQ(sender_.last().authorization.size(), 1u);
  EXPECT_EQ(sender_.last().authorization[0].first, "Authorization");
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
}

TEST_F(SubscriberTest, ForeignRealmLearnsNothing) {
  auto parsed = CredentialTable::Parse("pbx.example.org gateway s3cret", "test");
  ASSERT_TRUE(parsed.ok());
  credentials_ = *parsed;
  auto observer = Subscribe("presence");  // of example.com
  Response challenge;
  challenge.status = 401;
  challenge.challenges = {{false, "Digest realm=\"pbx.example.org\", nonce=\"n1\", qop=\"auth\""}};

  sender_.Answer(0, challenge);

  EXPECT_EQ(sender_.sent.size(), 1u);
  EXPECT_EQ(observer->state(), SubscriptionState::kTerminated);
  EXPECT_EQ(observer->statuses.back().sip_status, 401);
}

TEST_F(SubscriberTest, UnsubscribeTellsAtOnceAndSendsExpires0Sub52) {
  auto observer = Subscribe("presence");
  Notify({});

  subscriber().Unsubscribe(last_id_);

  EXPECT_TRUE(observer->ended);
  EXPECT_EQ(observer->state(), SubscriptionState::kTerminated);
  EXPECT_EQ(sender_.last().expires, 0u);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(Notify({.cseq = 2}), 200);
  EXPECT_EQ(Notify({.cseq = 3, .substate = "terminated", .reason = "timeout"}), 200);
  EXPECT_EQ(Notify({.cseq = 4}), 481);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(dialogs_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(SubscriberTest, UnsubscribeBeforeTheFirstNotifyLeaksNothingSub61) {
  Subscribe("presence");
  subscriber().Unsubscribe(last_id_);
  EXPECT_EQ(sender_.sent.size(), 1u);  // no CANCEL, nothing to refresh (SUB-59)

  EXPECT_EQ(Notify({}), 200);

  EXPECT_EQ(sender_.last().expires, 0u);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(dialogs_.size(), 0u);
}

TEST_F(SubscriberTest, RefreshRefusedWith481BeginsAnewSub46Sub48) {
  auto observer = Subscribe("presence");
  Notify({});
  Answer(200);
  PassUntilSent(2);
  ASSERT_EQ(sender_.sent.size(), 2u);

  Answer(481);

  ASSERT_EQ(sender_.sent.size(), 3u);
  EXPECT_NE(sender_.last().call_id, sender_.sent[0].request.call_id);
  EXPECT_EQ(observer->ended_dialogs.size(), 1u);
}

TEST_F(SubscriberTest, DeactivatedAgainAndAgainIsCut) {
  auto observer = Subscribe("presence");
  for (int i = 0; i < 20 && observer->state() != SubscriptionState::kRetrying; ++i) {
    Notify({.substate = "terminated", .reason = "deactivated"});
  }
  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
  EXPECT_LE(sender_.sent.size(), 5u);
}

TEST_F(SubscriberTest, BadDocumentIsToldAndKeepsTheSubscription) {
  auto observer = Subscribe("presence");
  EXPECT_EQ(Notify({.body = "<presence", .content_type = "application/pidf+xml"}), 200);
  ASSERT_EQ(observer->errors.size(), 1u);
  EXPECT_NE(observer->errors[0], "");
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

TEST_F(SubscriberTest, OpaquePackagePassesAnyBody) {
  auto observer = Subscribe("x-vendor");
  EXPECT_EQ(sender_.last().accept, "");
  EXPECT_EQ(Notify({.body = "\x01\x02", .content_type = "application/x-any"}), 200);
  EXPECT_THAT(observer->bodies, ElementsAre("\x01\x02"));
  EXPECT_THAT(observer->errors, ElementsAre(""));
}

TEST_F(SubscriberTest, VersionGapAsksForTheFullStateAlgA) {
  Subscribe("dialog");
  const auto document = [](int version, const char* state) {
    return "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"" +
           std::to_string(version) + "\" state=\"" + state + "\" entity=\"sip:a@b\"/>";
  };
  Notify({.body = document(0, "full"), .content_type = "application/dialog-info+xml"});
  Answer(200);

  Notify(
      {.cseq = 2, .body = document(5, "partial"), .content_type = "application/dialog-info+xml"});

  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().expires, 600u);
}

TEST_F(SubscriberTest, DrainEndsAllAndTellsWhenNoneIsLeft) {
  Subscribe("presence");
  Notify({});
  bool idle = false;

  subscriber().Drain([&idle] { idle = true; });
  EXPECT_FALSE(idle);
  Notify({.cseq = 2, .substate = "terminated", .reason = "timeout"});
  clock_.Advance(absl::Milliseconds(100));

  EXPECT_TRUE(idle);
  EXPECT_TRUE(Subscribe("dialog")->ended);
}

}  // namespace
}  // namespace sipevents::sip
