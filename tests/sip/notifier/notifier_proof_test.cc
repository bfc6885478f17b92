#include <gtest/gtest.h>

#include "tests/sip/notifier/notifier_fixture.h"

// SEC-03: a SUBSCRIBE must not make us send much to somebody who never asked.

namespace sipevents::sip {
namespace {

class NotifierProofTest : public NotifierTest {
 protected:
  static constexpr size_t kMuch = 4 * kMostUnproven;

  void SetLarge(char of) { SetPresence(std::string(kMuch, of)); }
  IncomingRequest NamingSomebodyElse() {
    IncomingRequest request = Initial();
    request.contact_uri = "sip:victim@192.0.2.66";
    return request;
  }
  static Response MovedTo(const std::string& uri) {
    Response moved;
    moved.status = 302;
    moved.redirect_to = {uri};
    return moved;
  }
};

TEST_F(NotifierProofTest, LargeStateIsToldAtOnceWhereTheSenderIs) {
  SetLarge('a');
  Send(Initial());
  EXPECT_GT(last().body.size(), kMuch);
}

TEST_F(NotifierProofTest, SmallStateIsToldAtOnceEverywhere) {
  SetPresence("small");
  Send(NamingSomebodyElse());
  EXPECT_NE(last().body, "");
  AnswerAll();
  EXPECT_EQ(sent(), 1u);
}

TEST_F(NotifierProofTest, LargeStateFollowsTheFirstAnswer) {
  SetLarge('a');
  Send(NamingSomebodyElse());
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().content_type, "");
  EXPECT_EQ(last().entity_tag, "none");  // nobody has that state yet
  EXPECT_EQ(notifier_.List({}, "", 1).at(0).body_omission, BodyOmission::kUnproven);
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  Answer(0, 200);
  ASSERT_EQ(sent(), 2u);
  EXPECT_GT(last().body.size(), kMuch);
  EXPECT_NE(last().entity_tag, "");
  EXPECT_EQ(notifier_.List({}, "", 1).at(0).body_omission, BodyOmission::kNone);
  Answer(1, 200);
  EXPECT_EQ(sent(), 2u);
  SetLarge('b');
  EXPECT_GT(last().body.size(), kMuch);
}

TEST_F(NotifierProofTest, WhoNeverAnswersGetsNoLargeState) {
  SetLarge('a');
  Send(NamingSomebodyElse());
  Response silence;
  silence.status = 408;
  silence.made_here = true;
  silence.failure = SendFailure::kTimeout;
  AnswerLast(silence);
  EXPECT_EQ(sent(), 1u);
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierProofTest, RefusalIsNoProof) {
  SetLarge('a');
  Send(NamingSomebodyElse());
  Answer(0, 500);
  SetLarge('b');
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().body, "");
}

// What the policy lets somebody see is told by the same rule.
TEST_F(NotifierProofTest, FetchFromElsewhereEndsWithoutLargeState) {
  SetLarge('a');
  IncomingRequest fetch = NamingSomebodyElse();
  fetch.expires = 0;
  Send(fetch);
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
  Answer(0, 200);
  EXPECT_EQ(sent(), 1u);
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierProofTest, RefreshThatMovesElsewhereHasToProveItAgain) {
  SetLarge('a');
  Dialog dialog = Subscribe();
  IncomingRequest refresh = Next(dialog);
  dialog = Send(refresh);
  EXPECT_GT(last().body.size(), kMuch);  // where it was
  AnswerAll();
  refresh = Next(dialog);
  refresh.contact_uri = "sip:victim@192.0.2.66";
  dialog = Send(refresh);
  EXPECT_EQ(last().body, "");
  Answer(sent() - 1, 200);
  EXPECT_GT(last().body.size(), kMuch);
  Answer(sent() - 1, 200);
  // The same place once more is proven already.
  Send(Next(dialog));
  EXPECT_GT(last().body.size(), kMuch);
}

TEST_F(NotifierProofTest, RedirectionElsewhereIsProvenLikewise) {
  SetLarge('a');
  Send(Initial());
  AnswerLast(MovedTo("sip:victim@192.0.2.66"));
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().request_uri, "sip:victim@192.0.2.66");
  EXPECT_EQ(last().body, "");
  Answer(1, 200);
  // It is told, and led there once more.
  ASSERT_EQ(sent(), 3u);
  AnswerLast(MovedTo("sip:victim@192.0.2.66"));
  ASSERT_EQ(sent(), 4u);
  EXPECT_EQ(last().request_uri, "sip:victim@192.0.2.66");
  EXPECT_GT(last().body.size(), kMuch);
  Answer(3, 200);
  EXPECT_EQ(sent(), 4u);
}

TEST_F(NotifierProofTest, RedirectionWithinTheHostNeedsNoProof) {
  SetLarge('a');
  Send(Initial());
  AnswerLast(MovedTo("sip:other@192.0.2.7:5090"));
  ASSERT_EQ(sent(), 2u);
  EXPECT_GT(last().body.size(), kMuch);
}

TEST_F(NotifierProofTest, ListFollowsTheFirstAnswerAsAFullOne) {
  ServedList list{.uri = "sip:team@example.com", .members = {{kAlice, "Alice"}}};
  ASSERT_TRUE(notifier_.SetList(list).ok());
  SetLarge('a');
  IncomingRequest request = NamingSomebodyElse();
  request.request_uri = list.uri;
  request.supported = {"eventlist"};
  Send(request);
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().require, "eventlist");
  Answer(0, 200);
  ASSERT_EQ(sent(), 2u);
  EXPECT_NE(last().body.find("fullState=\"true\""), std::string::npos);
  EXPECT_GT(last().body.size(), kMuch);
}

}  // namespace
}  // namespace sipevents::sip
