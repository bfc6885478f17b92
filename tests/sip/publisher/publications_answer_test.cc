#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/publisher/publications.h"
#include "tests/sip/publisher/publications_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What answers do: redirections and challenges too.
class PublicationsAnswerTest : public PublicationsFixture {};

// ---- Answers

// EPA-13
TEST_F(PublicationsAnswerTest, ConditionalRequestFailedIsFollowedByOneInitial) {
  const auto heard = Publish(1);
  Answer(Accepted("t1"));
  Publisher().Modify(1, "text/plain", "newer");

  Answer(Reply(412));

  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_THAT(sender_.last().if_match, IsEmpty());
  EXPECT_EQ(sender_.last().body, "newer");
  EXPECT_EQ(heard->last().state, PublicationState::kActive);
  EXPECT_EQ(heard->last().sip_status, 0);
}

// EPA-17, EPA-12
TEST_F(PublicationsAnswerTest, AnswerWithoutWhatItMustHaveIsCounted) {
  const auto heard = Publish(1);
  Answer(Reply(200));
  EXPECT_THAT(metrics_.deviations, ElementsAre("EPA-17", "EPA-12"));
  EXPECT_EQ(heard->last().state, PublicationState::kActive);
  EXPECT_EQ(heard->last().sip_expire_time, clock_.Now() + absl::Seconds(600));
  Publisher().Modify(1, "text/plain", "newer");
  EXPECT_THAT(sender_.last().if_match, IsEmpty());
}

TEST_F(PublicationsAnswerTest, AnswerToARemoveNeedsNothing) {
  Publish(1);
  Answer(Accepted("t1"));
  Publisher().Unpublish(1);
  Answer(Reply(200));
  EXPECT_THAT(metrics_.deviations, IsEmpty());
}

TEST_F(PublicationsAnswerTest, RefusalEndsItAndSaysWhy) {
  const auto heard = Publish(1);
  Answer(Reply(404));
  EXPECT_TRUE(heard->ended);
  EXPECT_EQ(heard->last().state, PublicationState::kEnded);
  EXPECT_EQ(heard->last().reason, "response");
  EXPECT_EQ(heard->last().sip_status, 404);
  clock_.Advance(absl::Hours(9));
  EXPECT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(Publisher().size(), 0u);
}

// EPA-16
TEST_F(PublicationsAnswerTest, RetryAfterIsKept) {
  const auto heard = Publish(1);
  Response busy = Reply(503);
  busy.retry_after = 15;
  Answer(busy);
  EXPECT_EQ(heard->last().state, PublicationState::kRetrying);
  EXPECT_GE(heard->last().retry_time, clock_.Now() + absl::Seconds(15));
  clock_.Advance(absl::Seconds(15));
  EXPECT_THAT(sender_.sent, SizeIs(1));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(sender_.sent, SizeIs(2));
}

TEST_F(PublicationsAnswerTest, RequestThatCannotLeaveIsTriedAgain) {
  sender_.hold = true;
  const auto heard = Publish(1);
  const auto other = Publish(2);
  Response nowhere = Reply(503);
  nowhere.made_here = true;
  nowhere.failure = SendFailure::kNoAddress;
  sender_.FailWaiting(nowhere);
  EXPECT_EQ(heard->last().state, PublicationState::kRetrying);
  EXPECT_EQ(heard->last().reason, "no-address");
  EXPECT_THAT(sender_.waiting, SizeIs(1));  // the other one has the turn
}

TEST_F(PublicationsAnswerTest, ReportThatIsNotKeptWasTold) {
  PublishRequest report = Presence();
  report.event_package = "vq-rtcpxr";
  const auto heard = Publish(1, report);
  Answer(Accepted("t1", 0));
  EXPECT_EQ(heard->last().state, PublicationState::kActive);
  clock_.Advance(absl::Hours(9));
  EXPECT_THAT(sender_.sent, SizeIs(1));
}

// ---- Redirections

TEST_F(PublicationsAnswerTest, RedirectionIsFollowedWithinTheTurnAndForgotten) {
  Publish(1);
  Publish(2);
  Response moved = Reply(302);
  moved.redirect_to = {"sip:alice@other.example.net", "sip:alice@third.example.net"};
  Answer(moved);
  ASSERT_THAT(sender_.sent, SizeIs(2));
  EXPECT_EQ(sender_.last().request_uri, "sip:alice@other.example.net");
  EXPECT_EQ(sender_.last().to_uri, kAlice);
  EXPECT_EQ(sender_.sent.back().first_hop, "sip:alice@other.example.net");
  // Nobody is there.
  Response silence = Reply(408);
  silence.made_here = true;
  Answer(silence);
  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_EQ(sender_.last().request_uri, "sip:alice@third.example.net");
  Answer(Accepted("t1"));
  // The other publication's turn; and this one goes to where it belongs again.
  EXPECT_EQ(sender_.last().request_uri, kAlice);
  Answer(Accepted("u1"));
  Publisher().Modify(1, "text/plain", "newer");
  EXPECT_EQ(sender_.last().request_uri, kAlice);
  EXPECT_EQ(sender_.last().if_match, "t1");
}

TEST_F(PublicationsAnswerTest, RedirectionThatLeadsNowhereIsTriedLater) {
  const auto heard = Publish(1);
  for (int i = 0; i < 20; ++i) {
    Response moved = Reply(302);
    moved.redirect_to = {absl::StrCat("sip:alice@", i, ".example.net")};
    Answer(moved);
  }
  EXPECT_THAT(sender_.sent, SizeIs(1 + Redirections::kMost));
  EXPECT_EQ(heard->last().state, PublicationState::kRetrying);
  EXPECT_EQ(heard->last().sip_status, 302);
}

TEST_F(PublicationsAnswerTest, CredentialsAreNotShownToWhomARedirectionNames) {
  Publish(1);
  Answer(Challenged("n1"));
  ASSERT_THAT(sender_.last().authorization, SizeIs(1));
  Response moved = Reply(302);
  moved.redirect_to = {"sip:alice@other.example.net"};
  Answer(moved);
  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_THAT(sender_.last().authorization, IsEmpty());
  Answer(Challenged("n2"));
  EXPECT_THAT(sender_.sent, SizeIs(3));
}

// ---- Credentials (EPA-19)

TEST_F(PublicationsAnswerTest, ChallengeIsMetWithinTheTurn) {
  Publish(1);
  Publish(2);
  Answer(Challenged("n1"));
  ASSERT_THAT(sender_.sent, SizeIs(2));
  const OutgoingRequest& first = sender_.sent[0].request;
  const OutgoingRequest& again = sender_.last();
  EXPECT_EQ(again.call_id, first.call_id);
  EXPECT_EQ(again.cseq, first.cseq + 1);
  EXPECT_EQ(again.body, first.body);
  EXPECT_THAT(again.authorization.at(0).second,
              AllOf(HasSubstr("username=\"general\""), HasSubstr("uri=\"sip:alice@example.com\"")));
}

TEST_F(PublicationsAnswerTest, IdentityHasItsOwnCredentials) {
  PublishRequest request = Presence();
  request.identity = "sip:bob@example.com";
  Publish(1, request);
  Answer(Challenged("n1"));
  EXPECT_THAT(sender_.last().authorization.at(0).second, HasSubstr("username=\"bob\""));
}

// AUTH-07
TEST_F(PublicationsAnswerTest, RefreshAndLaterPublicationsShowTheirCredentialsUpFront) {
  // Given
  Publish(1);
  Answer(Challenged("n1"));
  Answer(Accepted("t1"));
  // A refresh
  clock_.Advance(absl::Seconds(595));
  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_THAT(sender_.last().authorization.at(0).second,
              AllOf(HasSubstr("nonce=\"n1\""), HasSubstr("nc=00000002")));
  Answer(Accepted("t2"));
  Publisher().Unpublish(1);
  Answer(Accepted("t3", 0));
  // Another publication of the domain
  Publish(2, Presence("sip:bob@example.com"));
  ASSERT_THAT(sender_.last().authorization, SizeIs(1));
  EXPECT_THAT(sender_.last().authorization.at(0).second,
              AllOf(HasSubstr("nonce=\"n1\""), HasSubstr("nc=00000004")));
}

TEST_F(PublicationsAnswerTest, CredentialsThatWereRefusedAreNotShownByOthers) {
  Publish(1);
  Answer(Challenged("n1"));
  for (int i = 2; i < 20; ++i) Answer(Challenged(absl::StrCat("n", i)));
  EXPECT_THAT(sender_.sent, SizeIs(1 + RemotePublication::kMostChallenges));
  Publish(2);
  EXPECT_THAT(sender_.last().authorization, IsEmpty());
}

TEST_F(PublicationsAnswerTest, ForeignRealmLearnsNothing) {
  const auto heard = Publish(1);
  Answer(Challenged("n1", "elsewhere"));
  EXPECT_TRUE(heard->ended);
  EXPECT_EQ(heard->last().sip_status, 401);
  EXPECT_THAT(sender_.sent, SizeIs(1));
}

TEST_F(PublicationsAnswerTest, EndWhileTheChallengeIsMetSendsNoMore) {
  const auto heard = Publish(1);
  Publisher().Unpublish(1);
  EXPECT_FALSE(heard->ended);
  Answer(Challenged("n1"));
  EXPECT_TRUE(heard->ended);
  EXPECT_THAT(sender_.sent, SizeIs(1));
}

TEST_F(PublicationsAnswerTest, EndWhileTheRequestWithCredentialsWaitsSendsNoMore) {
  const auto heard = Publish(1);
  sender_.hold = true;
  Answer(Challenged("n1"));
  ASSERT_THAT(sender_.waiting, SizeIs(1));
  Publisher().Unpublish(1);
  EXPECT_TRUE(heard->ended);
  EXPECT_THAT(sender_.waiting, IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
