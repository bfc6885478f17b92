#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Lists of resources, watched by one subscription (RFC 4662, RFC 5367).

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kTeam[] = "sip:team@example.com";

class NotifierListsTest : public NotifierTest {
 protected:
  NotifierListsTest() {
    EXPECT_TRUE(notifier_.SetList({kTeam, {{kAlice, "Alice"}, {kCarol, ""}}}).ok());
    SetPresence("of alice");
  }

  IncomingRequest ToTeam() {
    IncomingRequest request = Initial();
    request.request_uri = kTeam;
    request.to_uri = kTeam;
    request.supported = {"eventlist"};
    return request;
  }
  IncomingRequest WithList(std::string_view body) {
    IncomingRequest request = ToTeam();
    request.request_uri = "sip:adhoc@example.com";
    request.require = {"recipient-list-subscribe"};
    request.content_disposition = "recipient-list";
    request.content_type = "application/resource-lists+xml";
    request.body = body;
    return request;
  }
  static std::string Row(const std::string& uri) {
    return absl::StrCat("<resource uri=\"", uri, "\"");
  }
  size_t CountOf(const std::string& text, const std::string& what) {
    size_t count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
      ++count;
    }
    return count;
  }
};

constexpr char kBodyOfTwo[] =
    "<?xml version=\"1.0\"?><resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">"
    "<list><entry uri=\"sip:alice@example.com\"/><entry uri=\"sip:x@elsewhere.example.org\"/>"
    "</list></resource-lists>";

// RLS-02, RLS-04, RLS-05, RLS-07.
TEST_F(NotifierListsTest, FirstDocumentNamesAllMembersWithTheirStates) {
  const Dialog dialog = Send(ToTeam());
  EXPECT_EQ(dialog.answer.status, 200);
  EXPECT_EQ(HeaderOf(dialog.answer, "Require"), "eventlist");
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(last().require, "eventlist");
  EXPECT_THAT(last().content_type, HasSubstr("multipart/related;type=\"application/rlmi+xml\""));
  EXPECT_THAT(last().body,
              AllOf(HasSubstr("version=\"0\" fullState=\"true\""), HasSubstr(Row(kAlice)),
                    HasSubstr(Row(kCarol)), HasSubstr("<name>Alice</name>"), HasSubstr("of alice"),
                    HasSubstr("state=\"active\"")));
}

// NOT-07: not even that something has changed.
TEST_F(NotifierListsTest, WhoIsPolitelyBlockedIsToldOfNoChange) {
  Send(ToTeam());
  AnswerAll();
  Rule(kBob, WatcherDecision::kPoliteBlock);  // told once: from now on nobody seems to be there
  EXPECT_THAT(last().body, Not(HasSubstr("of alice")));
  AnswerAll();
  const size_t before = sent();
  SetPresence("secret");
  EXPECT_EQ(sent(), before);
}

// RLS-05.
TEST_F(NotifierListsTest, ChangeIsToldByAPartialDocument) {
  Send(ToTeam());
  AnswerAll();
  SetPresence("new");
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, AllOf(HasSubstr("version=\"1\" fullState=\"false\""),
                                 HasSubstr(Row(kAlice)), Not(HasSubstr(Row(kCarol)))));
  AnswerAll();
  SetPresence("newer");
  EXPECT_THAT(last().body, HasSubstr("version=\"2\" fullState=\"false\""));
}

TEST_F(NotifierListsTest, AnswerToASubscribeIsFullAndSoIsWhatFollowsAFailure) {
  const Dialog dialog = Send(ToTeam());
  AnswerAll();
  EXPECT_EQ(HeaderOf(Send(Next(dialog)).answer, "Require"), "eventlist");
  EXPECT_THAT(last().body, HasSubstr("version=\"1\" fullState=\"true\""));
  Answer(1, 500);
  SetPresence("new");
  EXPECT_THAT(last().body,
              AllOf(HasSubstr("version=\"2\" fullState=\"true\""), HasSubstr(Row(kCarol))));
}

// RLS-02, NOT-13, NOT-14.
TEST_F(NotifierListsTest, WhoCannotTakeListsIsTold) {
  IncomingRequest plain = ToTeam();
  plain.supported.clear();
  const RequestAnswer answer = Send(plain).answer;
  EXPECT_EQ(answer.status, 421);
  EXPECT_EQ(HeaderOf(answer, "Require"), "eventlist");
  IncomingRequest picky = ToTeam();
  picky.has_accept = true;
  picky.accept = {{"application/pidf+xml"}};
  EXPECT_EQ(Send(picky).answer.status, 406);
  picky.accept = {{"application/pidf+xml"}, {"multipart/related"}};
  EXPECT_EQ(Send(picky).answer.status, 406);
  picky.accept = {{"application/pidf+xml"}, {"multipart/related"}, {"application/rlmi+xml"}};
  EXPECT_EQ(Send(picky).answer.status, 200);
}

// RLS-02: support of lists alone makes no list.
TEST_F(NotifierListsTest, PlainResourceStaysPlain) {
  IncomingRequest request = Initial();
  request.supported = {"eventlist"};
  EXPECT_EQ(HeaderOf(Send(request).answer, "Require"), "(none)");
  EXPECT_EQ(last().content_type, "application/pidf+xml");
  EXPECT_EQ(last().require, "");
}

// RFC 5367.
TEST_F(NotifierListsTest, ListThatComesWithTheSubscribeIsServed) {
  const Dialog dialog = Send(WithList(kBodyOfTwo));
  ASSERT_EQ(dialog.answer.status, 200);
  EXPECT_THAT(last().body,
              AllOf(HasSubstr("of alice"), HasSubstr(Row("sip:x@elsewhere.example.org")),
                    HasSubstr("state=\"terminated\" reason=\"noresource\"")));
  AnswerAll();
  IncomingRequest again = Next(dialog);  // its body once more
  EXPECT_EQ(Send(again).answer.status, 415);
  again.cseq = 3;
  again.body = {};
  again.require.clear();
  again.content_disposition = {};
  EXPECT_EQ(Send(again).answer.status, 200);
}

// RFC 3261 section 8.2.3: what is understood counts, and what is required must be there.
TEST_F(NotifierListsTest, ListThatNeedNotBeUnderstoodIsServedOrIgnored) {
  IncomingRequest request = WithList(kBodyOfTwo);
  request.body_is_optional = true;
  EXPECT_EQ(HeaderOf(Send(request).answer, "Require"), "eventlist");

  request = WithList(kBodyOfTwo);
  request.body_is_optional = true;
  request.content_type = "application/simple-filter+xml";
  EXPECT_EQ(Send(request).answer.status, 400);  // where is the list?
  request.require.clear();
  const RequestAnswer plain = Send(request).answer;
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(HeaderOf(plain, "Require"), "(none)");
}

TEST_F(NotifierListsTest, ListThatIsNoneIsRefused) {
  const std::vector<std::pair<int, std::function<void(IncomingRequest&)>>> rows = {
      {400, [](auto& r) { r.body = "<list"; }},
      {400, [](auto& r) { r.body = {}; }},
      {415, [](auto& r) { r.content_type = "application/simple-filter+xml"; }},
      {415, [](auto& r) { r.require.clear(), r.content_disposition = {}; }},
      {421, [](auto& r) { r.supported.clear(); }}};
  for (const auto& [status, spoil] : rows) {
    IncomingRequest request = WithList(kBodyOfTwo);
    spoil(request);
    EXPECT_EQ(Send(request).answer.status, status);
  }
  std::string many = "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>";
  for (int i = 0; i <= 1000; ++i) {
    absl::StrAppend(&many, "<entry uri=\"sip:", i, "@example.com\"/>");
  }
  many += "</list></resource-lists>";
  EXPECT_EQ(Send(WithList(many)).answer.status, 413);
  EXPECT_EQ(notifier_.size(), 0u);
}

// A list of a hundred large members: the rest follows.
TEST_F(NotifierListsTest, WhatDoesNotFitFollowsInTheNextDocument) {
  ServedList list{kTeam, {}};
  for (int i = 0; i < 100; ++i) {
    const std::string uri = absl::StrCat("sip:m", i, "@example.com");
    list.members.push_back({uri, ""});
    states_.Set(uri, "presence",
                {"application/pidf+xml", PresenceBody("open", std::string(1000, 'x'))});
  }
  ASSERT_TRUE(notifier_.SetList(list).ok());
  const Dialog dialog = Send(ToTeam());
  // Given all are named by the first, and not all shown
  EXPECT_EQ(CountOf(last().body, "<resource "), 100u);
  size_t shown = CountOf(last().body, "<presence ");
  EXPECT_LT(shown, 100u);
  // Then the next ones show the rest, each once
  for (int i = 0; i < 10 && shown < 100; ++i) {
    EXPECT_LT(last().body.size(), ListView::kMaxOctets + 4000);
    Answer(sent() - 1, 200);
    EXPECT_THAT(last().body, HasSubstr("fullState=\"false\""));
    shown += CountOf(last().body, "<presence ");
  }
  EXPECT_EQ(shown, 100u);
  AnswerAll();
  const size_t before = sent();
  EXPECT_LT(before, 6u);
  // and so again after a refresh, though nothing has changed
  Send(Next(dialog));
  shown = 0;
  for (size_t i = before; i < sent(); ++i) {
    shown += CountOf(sender_.sent[i].request.body, "<presence ");
    Answer(i, 200);
  }
  EXPECT_EQ(shown, 100u);
}

// The names of all members count too.
TEST_F(NotifierListsTest, FullDocumentOfManyMembersStaysSmall) {
  ServedList list{kTeam, {}};
  for (int i = 0; i < 400; ++i) {
    const std::string uri = absl::StrCat("sip:member-", i, "@example.com");
    list.members.push_back({uri, ""});
    states_.Set(uri, "presence", {"application/pidf+xml", PresenceBody("open", "x")});
  }
  ASSERT_TRUE(notifier_.SetList(list).ok());
  Send(ToTeam());
  EXPECT_EQ(CountOf(last().body, "<resource "), 400u);
  EXPECT_LT(last().body.size(), ListView::kMaxOctets + 4000);
}

TEST_F(NotifierListsTest, ReplacedListIsToldInFull) {
  Send(ToTeam());
  AnswerAll();
  ASSERT_TRUE(notifier_.SetList({kTeam, {{kBob, "Bob"}}}).ok());
  Settle();
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, AllOf(HasSubstr("version=\"1\" fullState=\"true\""),
                                 HasSubstr(Row(kBob)), Not(HasSubstr(Row(kAlice)))));
  AnswerAll();
  SetPresence("no member any more");
  EXPECT_EQ(sent(), 2u);
}

TEST_F(NotifierListsTest, RemovedListEndsItsSubscriptions) {
  Send(ToTeam());
  AnswerAll();
  notifier_.RemoveList("sip:unknown@example.com");
  Settle();
  EXPECT_EQ(sent(), 1u);
  notifier_.RemoveList(kTeam);
  Settle();
  EXPECT_EQ(last().subscription_state, "terminated;reason=noresource");
  EXPECT_EQ(last().body, "");
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
}

// RLS-07: it says what is wrong with it.
TEST_F(NotifierListsTest, BroughtListThatCannotBeReadIsRefusedWithTheReason) {
  const std::string head = "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>";
  const std::string tail = "</list></resource-lists>";
  std::string many = head;
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&many, "<entry uri=\"sip:", i, "@b\"/>");
  const std::vector<std::tuple<std::string, int, std::string>> rows = {
      {"junk", 400, "Bad List: "},
      {"<other/>", 400, "Bad List: "},
      {head + "<entry uri=\"ftp:x\"/>" + tail, 400, "Bad List: an 'entry' with the uri 'ftp:x': "},
      {head + "<entry/>" + tail, 400, "Bad List: an 'entry' with the uri '': "},
      {many + tail, 413, "Bad List: more than 1000 entries"}};
  for (const auto& [body, status, phrase] : rows) {
    const RequestAnswer answer = Send(WithList(body)).answer;
    EXPECT_EQ(answer.status, status) << body.substr(0, 200);
    EXPECT_THAT(answer.phrase, StartsWith(phrase));
    EXPECT_GT(answer.phrase.size(), std::string("Bad List: ").size());
    EXPECT_LE(answer.phrase.size(), 120u);
  }
  EXPECT_EQ(notifier_.size(), 0u);
}

// Who brought a list of their own under the same name keeps it.
TEST_F(NotifierListsTest, OwnListUnderTheSameNameIsNotReplaced) {
  IncomingRequest request = WithList(kBodyOfTwo);
  request.request_uri = kTeam;
  Send(request);
  AnswerAll();
  ASSERT_TRUE(notifier_.SetList({kTeam, {{kBob, "Bob"}}}).ok());
  notifier_.RemoveList(kTeam);
  Settle();
  EXPECT_EQ(sent(), 1u);
  SetPresence("new");
  EXPECT_EQ(sent(), 2u);
}

// Each member is judged for itself.
TEST_F(NotifierListsTest, MemberThatMayNotBeWatchedIsToldAsSuch) {
  Rule(kBob, WatcherDecision::kDeny);
  Rule(kBob, WatcherDecision::kPending, kCarol);
  Send(ToTeam());
  EXPECT_THAT(last().body, AllOf(HasSubstr("state=\"terminated\" reason=\"rejected\""),
                                 HasSubstr("state=\"pending\""), Not(HasSubstr("of alice"))));
}

TEST_F(NotifierListsTest, DecisionAboutAMemberIsTold) {
  Rule(kBob, WatcherDecision::kPending);
  Send(ToTeam());
  AnswerAll();
  Rule(kCarol, WatcherDecision::kAllow);  // of somebody else
  EXPECT_EQ(sent(), 1u);
  Rule(kBob, WatcherDecision::kAllow);
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, AllOf(HasSubstr("fullState=\"false\""), HasSubstr("of alice")));
  AnswerAll();
  Rule(kBob, WatcherDecision::kDeny);
  EXPECT_THAT(last().body, HasSubstr("reason=\"rejected\""));
}

TEST_F(NotifierListsTest, ListOfItselfIsNoTrouble) {
  ASSERT_TRUE(notifier_.SetList({kTeam, {{kTeam, ""}, {kAlice, ""}}}).ok());
  const Dialog dialog = Send(ToTeam());
  AnswerAll();
  IncomingRequest end = Next(dialog);
  end.expires = 0;
  Send(end);
  notifier_.RemoveList(kTeam);
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
}

// RLS-02: 420 ends what needs the extension.
TEST_F(NotifierListsTest, WatcherThatKnowsNoListsAfterAllIsLost) {
  Send(ToTeam());
  Answer(0, 420);
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST(ListTableTest, BoundsAreNamed) {
  ListTable table;
  ServedList list{kTeam, std::vector<ServedList::Member>(1001)};
  const absl::Status status = table.Set(list);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1000"));
  EXPECT_EQ(table.Find(kTeam), nullptr);
  list.members.resize(1000);
  EXPECT_TRUE(table.Set(list).ok());
  EXPECT_NE(table.Find(kTeam), nullptr);
  EXPECT_TRUE(table.Remove(kTeam));
  EXPECT_FALSE(table.Remove(kTeam));
}

}  // namespace
}  // namespace sipevents::sip
