#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Conditional notification (RFC 5839), and presence told by its changes (RFC 5263).

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

class NotifierConditionTest : public NotifierTest {
 protected:
  NotifierConditionTest() { SetPresence("first"); }

  IncomingRequest Conditional(IncomingRequest request, const std::string& tag) {
    request.suppress_if_match = {tag};
    return request;
  }
};

// CEN-01: also without a body.
TEST_F(NotifierConditionTest, EveryNotifyHasATag) {
  Subscribe();
  EXPECT_EQ(last().entity_tag, "tag1");
  SetPresence("second");
  EXPECT_EQ(last().entity_tag, "tag2");
  AnswerAll();
  Rule(kBob, WatcherDecision::kDeny);
  EXPECT_NE(last().entity_tag, "");
}

// CEN-03.
TEST_F(NotifierConditionTest, RefreshWithTheCurrentTagIsAnswered204AndExtends) {
  const Dialog dialog = Subscribe();
  clock_.Advance(absl::Seconds(300));
  const Dialog refreshed = Send(Conditional(Next(dialog), "tag1"));
  EXPECT_EQ(refreshed.answer.status, 204);
  EXPECT_EQ(HeaderOf(refreshed.answer, "Expires"), "600");
  EXPECT_EQ(sent(), 1u);
  clock_.Advance(absl::Seconds(599));
  EXPECT_EQ(sent(), 1u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
}

TEST_F(NotifierConditionTest, ChangeAfterA204IsTold) {
  const Dialog dialog = Subscribe();
  Send(Conditional(Next(dialog), "tag1"));
  SetPresence("second");
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, HasSubstr("second"));
}

// CEN-04.
TEST_F(NotifierConditionTest, NewSubscriptionWithTheCurrentTagIsToldWithoutABody) {
  const Dialog dialog = Send(Conditional(Initial(), "tag1"));
  EXPECT_EQ(dialog.answer.status, 200);
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().content_type, "");
  EXPECT_EQ(last().entity_tag, "tag1");
}

// CEN-06.
TEST_F(NotifierConditionTest, StaleTagMakesNoDifference) {
  const Dialog dialog = Send(Conditional(Initial(), "tag0"));
  EXPECT_THAT(last().body, HasSubstr("first"));
  AnswerAll();
  EXPECT_EQ(Send(Conditional(Next(dialog), "tag0")).answer.status, 200);
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, HasSubstr("first"));
}

// CEN-02: always true, until the next SUBSCRIBE.
TEST_F(NotifierConditionTest, StarSuppressesEveryChange) {
  const Dialog dialog = Subscribe();
  Send(Conditional(Next(dialog), "*"));
  SetPresence("second");
  EXPECT_EQ(sent(), 1u);
  IncomingRequest refresh = Next(dialog);
  refresh.cseq = 3;
  EXPECT_EQ(Send(refresh).answer.status, 200);
  EXPECT_THAT(last().body, HasSubstr("second"));
}

// CEN-05.
TEST_F(NotifierConditionTest, NewPhaseIsToldWithoutABodyUnderAStar) {
  ASSERT_TRUE(policy_.Set({kAlice, "presence", kBob, WatcherDecision::kPending}).ok());
  Send(Conditional(Initial(), "*"));
  EXPECT_EQ(last().subscription_state, "pending;expires=600");
  AnswerAll();
  Rule(kBob, WatcherDecision::kAllow);
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  EXPECT_EQ(last().body, "");
  EXPECT_NE(last().entity_tag, "");
}

// CEN-07.
TEST_F(NotifierConditionTest, UnsubscribeWithTheCurrentTagEndsInSilence) {
  const Dialog dialog = Subscribe();
  IncomingRequest request = Conditional(Next(dialog), "tag1");
  request.expires = 0;
  EXPECT_EQ(Send(request).answer.status, 204);
  EXPECT_EQ(sent(), 1u);
  EXPECT_EQ(notifier_.size(), 0u);
}

class NotifierChangesTest : public NotifierConditionTest {
 protected:
  NotifierChangesTest() { SetPresence(Long("first")); }

  // Long enough for changes to be smaller than the whole.
  static std::string Long(const std::string& word) { return word + std::string(900, '.'); }
  IncomingRequest ForChanges(IncomingRequest request) {
    request.has_accept = true;
    request.accept = {{"application/pidf-diff+xml"}, {"application/pidf+xml", 500}};
    return request;
  }
  void SetBasic(const std::string& basic) {
    SetState({"application/pidf+xml", PresenceBody(basic, Long("first"))});
  }
};

TEST_F(NotifierChangesTest, FirstIsFullAndThenChangesAreToldInOrder) {
  Send(ForChanges(Initial()));
  EXPECT_EQ(last().content_type, "application/pidf-diff+xml");
  EXPECT_THAT(last().body, HasSubstr("pidf-full"));
  EXPECT_THAT(last().body, HasSubstr("version=\"0\""));
  AnswerAll();
  SetBasic("closed");
  EXPECT_THAT(last().body, HasSubstr("pidf-diff"));
  EXPECT_THAT(last().body, HasSubstr("version=\"1\""));
  EXPECT_THAT(last().body, HasSubstr("closed"));
  EXPECT_LT(last().body.size(), 700u);
}

// NOT-46: what changed twice meanwhile is told from what the watcher has.
TEST_F(NotifierChangesTest, ChangesBeginFromWhatTheWatcherHas) {
  Send(ForChanges(Initial()));
  SetBasic("closed");
  SetBasic("open");
  SetBasic("closed");
  AnswerAll();
  EXPECT_THAT(last().body, HasSubstr("version=\"1\""));
  EXPECT_THAT(last().body, HasSubstr("closed"));
}

TEST_F(NotifierChangesTest, WhatWasNotTakenIsFollowedByAFullDocument) {
  Send(ForChanges(Initial()));
  AnswerAll();
  SetBasic("closed");
  Answer(1, 500);
  SetBasic("open");
  EXPECT_THAT(last().body, HasSubstr("pidf-full"));
  EXPECT_THAT(last().body, HasSubstr("version=\"2\""));
}

TEST_F(NotifierChangesTest, AnswerToASubscribeIsFull) {
  const Dialog dialog = Send(ForChanges(Initial()));
  AnswerAll();
  Send(Next(dialog));
  EXPECT_THAT(last().body, HasSubstr("pidf-full"));
}

// Whole documents in between: changes must not begin from what was shown before them.
TEST_F(NotifierChangesTest, ReturnToChangesBeginsWithAFullDocument) {
  const Dialog dialog = Send(ForChanges(Initial()));
  AnswerAll();
  IncomingRequest whole = Next(dialog);
  whole.accept = {{"application/pidf+xml"}};
  const Dialog second = Send(whole);
  AnswerAll();
  SetBasic("closed");
  AnswerAll();
  EXPECT_EQ(last().content_type, "application/pidf+xml");
  const std::string tag = last().entity_tag;
  EXPECT_EQ(Send(Conditional(ForChanges(Next(second)), tag)).answer.status, 204);
  SetBasic("open");
  EXPECT_THAT(last().body, HasSubstr("pidf-full"));
}

}  // namespace
}  // namespace sipevents::sip
