#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Conditions (RFC 5839) on what is told in parts: lists, and who watches. A tag stands for the
// whole state, whatever part of it the document had that came with it (CEN-01).

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

constexpr char kTeam[] = "sip:team@example.com";

IncomingRequest Conditional(IncomingRequest request, const std::string& tag) {
  request.suppress_if_match = {tag};
  return request;
}

class NotifierListConditionTest : public NotifierTest {
 protected:
  NotifierListConditionTest() {
    EXPECT_TRUE(notifier_.SetList({kTeam, {{kAlice, "Alice"}, {kCarol, ""}}}).ok());
    SetPresence("first");
  }

  IncomingRequest ToTeam(const std::string& from = kBob) {
    IncomingRequest request = Initial(from);
    request.request_uri = kTeam;
    request.to_uri = kTeam;
    request.supported = {"eventlist"};
    return request;
  }
  Dialog Watch(const std::string& from = kBob) {
    const Dialog dialog = Send(ToTeam(from));
    AnswerAll();
    return dialog;
  }
  std::string LastTag() { return last().entity_tag; }
};

// CEN-03: after a document of changes only, too.
TEST_F(NotifierListConditionTest, RefreshWithTheCurrentTagIsAnswered204) {
  const Dialog dialog = Watch();
  SetPresence("second");
  AnswerAll();
  ASSERT_EQ(sent(), 2u);

  EXPECT_EQ(Send(Conditional(Next(dialog), LastTag())).answer.status, 204);
  EXPECT_EQ(sent(), 2u);
  // What changes from then on is told, as a change.
  SetPresence("third");
  ASSERT_EQ(sent(), 3u);
  EXPECT_THAT(last().body, HasSubstr("fullState=\"false\""));
  EXPECT_THAT(last().body, HasSubstr("third"));
}

// CEN-06.
TEST_F(NotifierListConditionTest, TagOfAnEarlierStateMakesNoDifference) {
  const Dialog dialog = Watch();
  const std::string tag = LastTag();
  SetPresence("second");
  AnswerAll();
  EXPECT_NE(last().entity_tag, tag);

  EXPECT_EQ(Send(Conditional(Next(dialog), tag)).answer.status, 200);
  ASSERT_EQ(sent(), 3u);
  EXPECT_THAT(last().body, HasSubstr("fullState=\"true\""));
}

// CEN-04: by another dialog.
TEST_F(NotifierListConditionTest, ResumedWithTheCurrentTagIsNotifiedWithoutABody) {
  const Dialog before = Watch();
  const std::string tag = LastTag();
  IncomingRequest unsubscribe = Conditional(Next(before), tag);
  unsubscribe.expires = 0;
  Send(unsubscribe);
  Send(Conditional(ToTeam(), tag));
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().content_type, "");
  EXPECT_EQ(last().entity_tag, tag);
  // It has no document of this dialog that changes could begin from.
  AnswerAll();
  SetPresence("second");
  AnswerAll();
  EXPECT_THAT(last().body, HasSubstr("fullState=\"true\""));
}

TEST_F(NotifierListConditionTest, WhatAWatcherMaySeeIsPartOfTheState) {
  Watch(kBob);
  const std::string tag = LastTag();
  Rule(kBob, WatcherDecision::kPoliteBlock);
  AnswerAll();
  EXPECT_NE(last().entity_tag, tag);
}

TEST_F(NotifierListConditionTest, MembersArePartOfTheState) {
  const Dialog dialog = Watch();
  const std::string tag = LastTag();
  ASSERT_TRUE(notifier_.SetList({kTeam, {{kAlice, "Alice"}}}).ok());
  Settle();
  AnswerAll();
  EXPECT_NE(last().entity_tag, tag);
  EXPECT_EQ(Send(Conditional(Next(dialog), tag)).answer.status, 200);
}

// CEN-01, CEN-02: `*` names no state.
TEST_F(NotifierListConditionTest, StarSuppressesChangesAndIsNotGivenBack) {
  const Dialog dialog = Watch();
  const std::string tag = LastTag();
  EXPECT_EQ(Send(Conditional(Next(dialog), "*")).answer.status, 204);
  SetPresence("second");
  EXPECT_EQ(sent(), 1u);

  Send(Conditional(ToTeam(), "*"));
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().body, "");
  EXPECT_NE(last().entity_tag, "*");
  EXPECT_NE(last().entity_tag, tag);
}

class NotifierWinfoConditionTest : public NotifierTest {
 protected:
  Dialog WatchWatchers() {
    const Dialog dialog = Send(Initial(kAlice, "presence.winfo"));
    AnswerAll();
    return dialog;
  }
  // The tag of the newest NOTIFY of watcher information.
  std::string Tag() {
    size_t index = sent() - 1;
    while (index > 0 && sender_.sent[index].request.event != "presence.winfo") --index;
    return sender_.sent[index].request.entity_tag;
  }
};

TEST_F(NotifierWinfoConditionTest, RefreshWithTheCurrentTagIsAnswered204) {
  Subscribe(kBob);
  const Dialog dialog = WatchWatchers();
  const std::string tag = Tag();
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(Send(Conditional(Next(dialog), tag)).answer.status, 204);

  Subscribe(kCarol);
  AnswerAll();
  EXPECT_NE(Tag(), tag);
  IncomingRequest later = Next(dialog);
  later.cseq = 3;
  EXPECT_EQ(Send(Conditional(later, tag)).answer.status, 200);
  AnswerAll();
  later.cseq = 4;
  EXPECT_EQ(Send(Conditional(later, Tag())).answer.status, 204);
}

TEST_F(NotifierWinfoConditionTest, ResumedWithTheCurrentTagIsNotifiedWithoutABody) {
  Subscribe(kBob);
  WatchWatchers();
  const std::string tag = Tag();
  Send(Conditional(Initial(kAlice, "presence.winfo"), tag));
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().entity_tag, tag);
}

TEST_F(NotifierWinfoConditionTest, NobodyIsAStateToo) {
  WatchWatchers();
  const std::string tag = Tag();
  Send(Conditional(Initial(kAlice, "presence.winfo"), tag));
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().entity_tag, tag);
}

TEST_F(NotifierWinfoConditionTest, StarIsNotGivenBack) {
  IncomingRequest fetch = Conditional(Initial(kAlice, "presence.winfo"), "*");
  fetch.expires = 0;
  Send(fetch);
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(last().body, "");
  EXPECT_NE(last().entity_tag, "");
  EXPECT_NE(last().entity_tag, "*");
}

// NOT-07: nobody seems to watch.
TEST_F(NotifierWinfoConditionTest, WhoIsPolitelyBlockedSeesNobody) {
  ASSERT_TRUE(policy_.Set({kAlice, "presence.winfo", kCarol, WatcherDecision::kPoliteBlock}).ok());
  Subscribe(kBob);
  const Dialog dialog = Send(Initial(kCarol, "presence.winfo"));
  EXPECT_EQ(dialog.answer.status, 200);
  EXPECT_THAT(last().body, HasSubstr("state=\"full\""));
  EXPECT_THAT(last().body, ::testing::Not(HasSubstr("<watcher ")));
  AnswerAll();
  const size_t before = sent();
  Subscribe("sip:dave@example.com");
  EXPECT_EQ(sent(), before + 1);  // dave's own
}

}  // namespace
}  // namespace sipevents::sip
