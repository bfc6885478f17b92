#include "sip/publisher/publications.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/publisher/publications_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PublicationsTest : public PublicationsFixture {};

// EPA-01, EPA-04, EPA-05
TEST_F(PublicationsTest, FirstPublishSaysWhatAndForWhom) {
  const auto heard = Publish(1);

  ASSERT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(sender_.sent[0].first_hop, kAlice);
  EXPECT_EQ(sender_.sent[0].priority, RequestPriority::kPublish);
  const OutgoingRequest& request = sender_.last();
  EXPECT_EQ(request.method, "PUBLISH");
  EXPECT_EQ(request.request_uri, kAlice);
  EXPECT_EQ(request.to_uri, kAlice);
  EXPECT_THAT(request.to_tag, IsEmpty());
  EXPECT_EQ(request.from_uri, "sip:gateway@example.com");
  EXPECT_EQ(request.event, "presence");
  EXPECT_EQ(request.expires, 600u);
  EXPECT_THAT(request.if_match, IsEmpty());
  EXPECT_EQ(request.content_type, "application/pidf+xml");
  EXPECT_EQ(request.body, "<open/>");
  EXPECT_THAT(request.contact, IsEmpty());
  EXPECT_THAT(request.accept, IsEmpty());
  EXPECT_THAT(request.route_set, IsEmpty());
  ASSERT_THAT(heard->told, SizeIs(1));
  EXPECT_EQ(heard->last(), PublicationStatus());
}

// EPA-02: what the answer says of routes and tags is of no account.
TEST_F(PublicationsTest, RequestsOfAPublicationShareTheirCallIdAndMakeNoDialog) {
  route_ = "<sip:proxy.example.com;lr>";
  Publish(1);
  Response accepted = Accepted("t1");
  accepted.to_tag = "compositor";
  accepted.contact = "sip:elsewhere@192.0.2.7";
  Answer(accepted);

  Publisher().Modify(1, "application/pidf+xml", "<closed/>");

  ASSERT_THAT(sender_.sent, SizeIs(2));
  const OutgoingRequest& first = sender_.sent[0].request;
  const OutgoingRequest& second = sender_.sent[1].request;
  EXPECT_EQ(second.call_id, first.call_id);
  EXPECT_EQ(second.from_tag, first.from_tag);
  EXPECT_EQ(second.cseq, first.cseq + 1);
  EXPECT_EQ(second.request_uri, kAlice);
  EXPECT_THAT(second.to_tag, IsEmpty());
  EXPECT_THAT(second.route_set, ElementsAre("<sip:proxy.example.com;lr>"));
  EXPECT_EQ(sender_.sent[1].first_hop, "sip:proxy.example.com;lr");
  EXPECT_EQ(second.if_match, "t1");
  EXPECT_EQ(second.body, "<closed/>");
}

TEST_F(PublicationsTest, OthersHaveAnotherCallId) {
  Publish(1);
  Publish(2, Presence("sip:bob@example.com"));
  EXPECT_NE(sender_.sent[0].request.call_id, sender_.sent[1].request.call_id);
}

// EPA-20
TEST_F(PublicationsTest, PublishesForOthersUnderTheIdentityOfTheCaller) {
  PublishRequest request = Presence("pres:alice@example.com");
  request.identity = "sip:bob@example.com";
  Publish(1, request);
  EXPECT_EQ(sender_.last().request_uri, kAlice);
  EXPECT_EQ(sender_.last().to_uri, kAlice);
  EXPECT_EQ(sender_.last().from_uri, "sip:bob@example.com");
}

TEST_F(PublicationsTest, AnHourIsAskedForWhereNobodyNamesADuration) {
  expires_ = absl::ZeroDuration();
  Publish(1);
  EXPECT_EQ(sender_.last().expires, 3600u);
}

// EPA-08, EPA-12
TEST_F(PublicationsTest, RefreshHasNoBodyAndComesInTime) {
  const auto heard = Publish(1);
  Answer(Accepted("t1", 30));
  EXPECT_EQ(heard->last().state, PublicationState::kActive);
  EXPECT_EQ(heard->last().accepted_revision, 1u);
  EXPECT_EQ(heard->last().sip_expire_time, clock_.Now() + absl::Seconds(30));

  clock_.Advance(absl::Seconds(29));

  ASSERT_THAT(sender_.sent, SizeIs(2));
  EXPECT_EQ(sender_.last().if_match, "t1");
  EXPECT_THAT(sender_.last().body, IsEmpty());
  EXPECT_THAT(sender_.last().content_type, IsEmpty());
}

TEST_F(PublicationsTest, NoMoreIsAskedForThanIsLeft) {
  PublishRequest request = Presence();
  request.expire_time = clock_.Now() + absl::Seconds(100);
  Publish(1, request);
  EXPECT_EQ(sender_.last().expires, 100u);
  Answer(Accepted("t1", 100));
  clock_.Advance(absl::Seconds(10));

  Publisher().Modify(1, "application/pidf+xml", "<closed/>");

  EXPECT_EQ(sender_.last().expires, 90u);
  Answer(Accepted("t2", 90));
  // It is to end sooner.
  Publisher().SetExpireTime(1, clock_.Now() + absl::Seconds(5));
  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_EQ(sender_.last().expires, 5u);
  EXPECT_EQ(sender_.last().if_match, "t2");
  EXPECT_THAT(sender_.last().body, IsEmpty());
  Answer(Accepted("t3", 5));
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(sender_.sent, SizeIs(3));
}

// EPA-03: of all packages and publications of a Request-URI.
TEST_F(PublicationsTest, OnePublishOfARequestUriIsUnderWayAtATime) {
  // Given
  Publish(1);
  PublishRequest dialogs = Presence("pres:alice@example.com");
  dialogs.event_package = "dialog";
  dialogs.identity = "sip:bob@example.com";
  const auto waits = Publish(2, dialogs);
  Publish(3, Presence("sip:bob@example.com"));
  for (int i = 0; i < 4; ++i) Publisher().Modify(1, "application/pidf+xml", absl::StrCat(i));
  ASSERT_THAT(sender_.sent, SizeIs(2));
  EXPECT_EQ(sender_.sent[1].request.request_uri, "sip:bob@example.com");
  EXPECT_EQ(waits->last().waiting_since, clock_.Now());
  // When
  sender_.Answer(0, Accepted("t1"));
  // Then the next one has its turn, and the changes after it, as one.
  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_EQ(sender_.last().event, "dialog");
  EXPECT_EQ(waits->last().waiting_since, absl::InfinitePast());
  sender_.Answer(2, Reply(500));
  ASSERT_THAT(sender_.sent, SizeIs(4));
  EXPECT_EQ(sender_.last().if_match, "t1");
  EXPECT_EQ(sender_.last().body, "3");
  sender_.Answer(3, Accepted("t2"));
  EXPECT_THAT(sender_.sent, SizeIs(4));
}

TEST_F(PublicationsTest, WhatIsHeldSaysThatTheNextPublishWaits) {
  const auto heard = Publish(1);
  Answer(Accepted("t1", 30));
  sender_.hold = true;
  clock_.Advance(absl::Seconds(1));

  Publisher().Modify(1, "application/pidf+xml", "<closed/>");

  EXPECT_EQ(heard->last().state, PublicationState::kActive);
  EXPECT_EQ(heard->last().waiting_since, clock_.Now());
  sender_.Release();
  EXPECT_EQ(heard->last().waiting_since, absl::InfinitePast());
  Answer(Accepted("t2", 30));
  // A refresh likewise.
  clock_.Advance(absl::Seconds(28));
  EXPECT_NE(heard->last().waiting_since, absl::InfinitePast());
}

TEST_F(PublicationsTest, WhatWaitsAtTheServerSendsTheStateOfItsTurn) {
  sender_.hold = true;
  const auto heard = Publish(1);
  EXPECT_EQ(heard->last().waiting_since, clock_.Now());
  Publisher().Modify(1, "text/plain", "newer");
  sender_.Release();
  ASSERT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(sender_.last().body, "newer");
  EXPECT_EQ(sender_.last().content_type, "text/plain");
  Answer(Accepted("t1"));
  EXPECT_EQ(heard->last().accepted_revision, 2u);
  EXPECT_THAT(sender_.waiting, IsEmpty());
}

TEST_F(PublicationsTest, EndOfWhatNeverLeftSendsNothing) {
  sender_.hold = true;
  const auto first = Publish(1);
  const auto second = Publish(2);
  Publisher().Unpublish(2);
  EXPECT_TRUE(second->ended);
  EXPECT_THAT(sender_.waiting, SizeIs(1));
  Publisher().Unpublish(1);
  EXPECT_TRUE(first->ended);
  EXPECT_THAT(sender_.waiting, IsEmpty());
  EXPECT_EQ(first->last().state, PublicationState::kEnded);
  EXPECT_EQ(first->last().reason, "unpublished");
  EXPECT_EQ(Publisher().size(), 0u);
  // Nobody has the turn any more.
  sender_.hold = false;
  Publish(3);
  EXPECT_THAT(sender_.sent, SizeIs(1));
}

// EPA-10
TEST_F(PublicationsTest, UnpublishRemovesAndHearsOfIt) {
  const auto heard = Publish(1);
  Answer(Accepted("t1"));

  Publisher().Unpublish(1);

  EXPECT_EQ(sender_.sent.back().priority, RequestPriority::kUnsubscribe);
  EXPECT_EQ(sender_.last().expires, 0u);
  EXPECT_EQ(sender_.last().if_match, "t1");
  EXPECT_THAT(sender_.last().body, IsEmpty());
  EXPECT_FALSE(heard->ended);
  Answer(Accepted("t2", 0));
  EXPECT_TRUE(heard->ended);
  EXPECT_EQ(heard->last().reason, "unpublished");
  EXPECT_EQ(heard->last().sip_status, 0);
}

// EPA-15: what it has withdrawn must not stay lit elsewhere.
TEST_F(PublicationsTest, RemoveThatFailsGoesAgainAndKeepsItsPlace) {
  const auto heard = Publish(1);
  Answer(Accepted("t1"));
  for (PublicationId id = 2; id <= 5; ++id) Publish(id, Presence(absl::StrCat("sip:", id, "@x.y")));
  const size_t before = sender_.sent.size();
  Publisher().Unpublish(1);
  ASSERT_THAT(sender_.sent, SizeIs(before + 1));

  Answer(Reply(500));

  EXPECT_FALSE(heard->ended);
  EXPECT_TRUE(Publish(6, Presence("sip:6@x.y"))->ended);
  clock_.Advance(absl::Seconds(30));
  ASSERT_THAT(sender_.sent, SizeIs(before + 2));
  EXPECT_EQ(sender_.last().if_match, "t1");
  EXPECT_EQ(sender_.last().expires, 0u);
  Answer(Accepted("t2", 0));
  EXPECT_TRUE(heard->ended);
  EXPECT_FALSE(Publish(7, Presence("sip:7@x.y"))->ended);
}

// ---- Bounds

TEST_F(PublicationsTest, OneMoreThanThereIsRoomForEndsAtOnce) {
  for (PublicationId id = 1; id <= 5; ++id) Publish(id, Presence(absl::StrCat("sip:", id, "@x.y")));
  const auto heard = Publish(6, Presence("sip:6@x.y"));
  EXPECT_TRUE(heard->ended);
  EXPECT_EQ(heard->last().state, PublicationState::kEnded);
  EXPECT_EQ(heard->last().reason, "overload");
  EXPECT_THAT(sender_.sent, SizeIs(5));
  EXPECT_THAT(metrics_.bounds, ElementsAre("remote_publications"));
  // Once one has ended there is room again.
  sender_.Answer(0, Reply(403));
  EXPECT_FALSE(Publish(7, Presence("sip:7@x.y"))->ended);
}

TEST_F(PublicationsTest, ChangeForWhichThereIsNoRoomIsNotSent) {
  const auto heard = Publish(1);
  Answer(Accepted("t1"));
  Publisher().Modify(1, "text/plain", std::string(101, 'x'));
  EXPECT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(heard->last().state, PublicationState::kActive);
  EXPECT_EQ(heard->last().reason, "overload");
  EXPECT_EQ(heard->last().accepted_revision, 1u);
  EXPECT_THAT(metrics_.bounds, ElementsAre("remote_publication_octets"));
  // What is there is still known.
  Publisher().Modify(1, "text/plain", std::string(99, 'x'));
  EXPECT_THAT(sender_.sent, SizeIs(2));
  Answer(Accepted("t2"));
  EXPECT_EQ(heard->last().accepted_revision, 3u);
  EXPECT_EQ(heard->last().reason, "");
  EXPECT_TRUE(Publish(2)->ended);
  Publisher().Modify(1, "text/plain", "x");
  EXPECT_FALSE(Publish(3)->ended);
}

TEST_F(PublicationsTest, WhatEndsLeavesItsRoomToOthers) {
  PublishRequest large = Presence();
  large.body = std::string(60, 'x');
  Publish(1, large);
  EXPECT_TRUE(Publish(2, large)->ended);
  Answer(Reply(403));
  EXPECT_FALSE(Publish(3, large)->ended);
}

TEST_F(PublicationsTest, UnknownIdsAreIgnored) {
  Publisher().Modify(99, "text/plain", "x");
  Publisher().Unpublish(99);
  EXPECT_THAT(sender_.sent, IsEmpty());
}

TEST_F(PublicationsTest, StatesAreCounted) {
  Publish(1);
  Publish(2, Presence("sip:bob@example.com"));
  EXPECT_EQ(metrics_.counts["publishing"], 2);
  sender_.Answer(0, Accepted("t1"));
  sender_.Answer(1, Reply(500));
  EXPECT_EQ(metrics_.counts["publishing"], 0);
  EXPECT_EQ(metrics_.counts["active"], 1);
  EXPECT_EQ(metrics_.counts["retrying"], 1);
  Publisher().Unpublish(1);
  EXPECT_EQ(metrics_.counts["removing"], 1);
  publications_.reset();
  for (const auto& [state, count] : metrics_.counts) EXPECT_EQ(count, 0) << state;
}

// ---- The end of the process

// EPA-10
TEST_F(PublicationsTest, DrainRemovesEachOnceAndIsIdleThen) {
  // Given: held, changing, waiting for its turn, failing, and told to be silent
  const auto held = Publish(1, Presence("sip:1@x.y"));
  Answer(Accepted("a1"));
  const auto changing = Publish(2, Presence("sip:2@x.y"));
  Answer(Accepted("b1"));
  Publisher().Modify(2, "text/plain", "newer");
  const auto waiting = Publish(3, Presence("sip:2@x.y"));
  const auto failing = Publish(4, Presence("sip:4@x.y"));
  Answer(Reply(500));
  const auto silent = Publish(5, Presence("sip:5@x.y"));
  Answer(Accepted("e1"));
  Publisher().Modify(5, "text/plain", "newer");
  Response busy = Reply(503);
  busy.retry_after = 60;
  Answer(busy);
  const size_t before = sender_.sent.size();
  // When
  int idle = 0;
  Publisher().Drain([&idle] { ++idle; });
  // Then
  EXPECT_TRUE(waiting->ended);
  EXPECT_TRUE(failing->ended);
  EXPECT_TRUE(silent->ended);
  ASSERT_THAT(sender_.sent, SizeIs(before + 1));
  EXPECT_EQ(sender_.last().if_match, "a1");
  EXPECT_EQ(sender_.last().expires, 0u);
  Answer(Accepted("a2", 0));
  EXPECT_TRUE(held->ended);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(idle, 0);
  // And the change, once answered, is removed too.
  for (size_t i = 0; i < before; ++i) sender_.Answer(i, Accepted("b2"));
  ASSERT_THAT(sender_.sent, SizeIs(before + 2));
  EXPECT_EQ(sender_.last().if_match, "b2");
  Answer(Accepted("b3", 0));
  EXPECT_TRUE(changing->ended);
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(idle, 1);
  // Nothing begins any more.
  const auto late = Publish(6);
  EXPECT_TRUE(late->ended);
  EXPECT_EQ(late->last().reason, "unpublished");
  EXPECT_THAT(sender_.sent, SizeIs(before + 2));
}

TEST_F(PublicationsTest, DrainOfNothingIsIdleAtOnce) {
  int idle = 0;
  Publisher().Drain([&idle] { ++idle; });
  Publisher().Drain([&idle] { ++idle; });
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(idle, 1);
}

TEST_F(PublicationsTest, GoingAwaySendsNothing) {
  for (PublicationId id = 1; id <= 4; ++id) Publish(id);
  publications_.reset();
  EXPECT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(sender_.sent[0].client, nullptr);
  EXPECT_EQ(timers_.size(), 0u);
}

}  // namespace
}  // namespace sipevents::sip
