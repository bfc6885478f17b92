#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/compositor/compositor_fixture.h"

// What a phone may do by PUBLISH, and what it is answered (RFC 3903 section 6).

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class CompositorPublishTest : public CompositorTest {};

TEST_F(CompositorPublishTest, InitialIsStoredAndTold) {
  // When
  const RequestAnswer answer = Send(Initial(PresenceBody("t1", "open")));
  // Then
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(HeaderOf(answer, "Expires"), "1800");
  EXPECT_NE(TagOf(answer), "(none)");
  EXPECT_EQ(answer.headers.size(), 2u);  // no Contact, no Record-Route (ESC-17)
  EXPECT_EQ(answer.to_tag, "");
  EXPECT_THAT(Shown(), HasSubstr("t1"));
  ASSERT_THAT(heard_.changes, SizeIs(1));
  EXPECT_EQ(heard_.changes[0].resource, kAlice);
  EXPECT_EQ(heard_.changes[0].package, "presence");
  EXPECT_EQ(heard_.changes[0].state, compositor_.Current(kAlice, "presence"));
  EXPECT_EQ(metrics_.publications["presence"], 1);
}

TEST_F(CompositorPublishTest, OtherAddressesOfTheResourceAreTheSame) {
  IncomingRequest request = Initial(PresenceBody("t1", "open"));
  request.request_uri = "sips:alice@EXAMPLE.com:5061;transport=tls";
  ASSERT_EQ(Send(request).status, 200);
  EXPECT_THAT(Shown(), HasSubstr("t1"));
}

TEST_F(CompositorPublishTest, TwoInitialsAreTwoPublicationsEsc05) {
  const std::string first = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  const std::string second = TagOf(Send(Initial(PresenceBody("t2", "closed"))));
  EXPECT_NE(first, second);
  EXPECT_THAT(Shown(), AllOf(HasSubstr("t1"), HasSubstr("t2")));
  EXPECT_EQ(compositor_.publications().size(), 2u);
}

TEST_F(CompositorPublishTest, TagsOfTenThousandRefreshesAreDistinctEsc15) {
  // Given
  std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  std::set<std::string> seen = {tag};
  // When
  for (int i = 0; i < 10'000; ++i) {
    const RequestAnswer answer = Send(Refresh(tag));
    ASSERT_EQ(answer.status, 200);
    tag = TagOf(answer);
    ASSERT_TRUE(seen.insert(tag).second) << tag;
  }
  // Then nothing else has changed
  EXPECT_THAT(heard_.changes, SizeIs(1));
  EXPECT_EQ(compositor_.publications().size(), 1u);
}

TEST_F(CompositorPublishTest, TagsOfAnotherRunAreNotTakenEsc15) {
  Compositor earlier({clock_, timers_, random_}, TestRules(), {});
  const RequestAnswer before = earlier.OnPublish(Initial(PresenceBody("t1", "open")), "");
  const RequestAnswer now = Send(Initial(PresenceBody("t1", "open")));
  EXPECT_NE(TagOf(before), TagOf(now));
  EXPECT_EQ(Send(Refresh(TagOf(before))).status, 412);
}

TEST_F(CompositorPublishTest, SupersededTagIs412Esc07Esc19) {
  // Given
  const std::string first = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  const std::string second = TagOf(Send(Refresh(first)));
  // When the first tag comes again: its answer was lost, and this is another transaction
  const RequestAnswer again = Send(Modify(first, PresenceBody("t1", "closed")));
  // Then
  EXPECT_EQ(again.status, 412);
  EXPECT_EQ(again.phrase, "Conditional Request Failed");  // RFC 3903 section 11.2.1
  EXPECT_THAT(again.headers, IsEmpty());
  EXPECT_THAT(Shown(), HasSubstr("open"));
  EXPECT_EQ(Send(Refresh(second)).status, 200);
}

TEST_F(CompositorPublishTest, TagOfAnotherPackageOrResourceIs412Esc07) {
  const std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  IncomingRequest other_package = Refresh(tag);
  other_package.event_type = "dialog";
  EXPECT_EQ(Send(other_package).status, 412);
  IncomingRequest other_resource = Refresh(tag);
  other_resource.request_uri = kBob;
  EXPECT_EQ(Send(other_resource).status, 412);
  EXPECT_EQ(Send(Refresh(tag)).status, 200);
}

TEST_F(CompositorPublishTest, TagOfAnExpiredPublicationIs412Esc07) {
  // Given one that ends just now, with a timer that has not run yet
  const std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  clock_.Attach(nullptr);
  clock_.Advance(absl::Seconds(1800));
  // Then
  EXPECT_EQ(Send(Refresh(tag)).status, 412);
  // When the timer has run
  timers_.RunDue(clock_.Now());
  EXPECT_EQ(Send(Refresh(tag)).status, 412);
}

TEST_F(CompositorPublishTest, TagOfARemovedPublicationIs412AlsoWhenItsPlaceIsTaken) {
  // Given
  const std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  const std::string last = TagOf(Send(Removal(tag)));
  // When another one comes
  const std::string next = TagOf(Send(Initial(PresenceBody("t2", "open"))));
  ASSERT_THAT(next, HasSubstr(".1."));  // the same place
  // Then
  EXPECT_EQ(Send(Refresh(tag)).status, 412);
  EXPECT_EQ(Send(Refresh(last)).status, 412);
}

TEST_F(CompositorPublishTest, ModifyLeavesOthersAloneEsc11) {
  // Given
  const std::string a = TagOf(Send(Initial(PresenceBody("a", "open"))));
  const std::string b = TagOf(Send(Initial(PresenceBody("b", "open"))));
  // When
  const RequestAnswer answer = Send(Modify(a, PresenceBody("c", "closed")));
  // Then
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(TagOf(answer), a);
  EXPECT_THAT(Shown(),
              AllOf(HasSubstr("id=\"b\""), HasSubstr("id=\"c\""), Not(HasSubstr("id=\"a\""))));
  EXPECT_EQ(Send(Refresh(b)).status, 200);
}

// EPA-18, seen from the other side.
TEST_F(CompositorPublishTest, TupleKeepsItsIdWhileItsPublicationLives) {
  // Given
  const std::string a = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  std::string b = TagOf(Send(Initial(PresenceBody("t1", "closed"))));
  ASSERT_THAT(Shown(), AllOf(HasSubstr("<tuple id=\"t1\"><status><basic>open"),
                             HasSubstr("<tuple id=\"p2.t1\"><status><basic>closed")));
  // When the first one leaves, and the second one changes
  Send(Removal(a));
  EXPECT_THAT(Shown(), HasSubstr("<tuple id=\"p2.t1\"><status><basic>closed"));
  b = TagOf(Send(Modify(b, PresenceBody("t1", "open"))));
  // Then
  EXPECT_THAT(Shown(), HasSubstr("<tuple id=\"p2.t1\"><status><basic>open"));
  // Once that has left, too, nothing is remembered.
  Send(Removal(b));
  Send(Initial(PresenceBody("t1", "closed")));
  EXPECT_THAT(Shown(), HasSubstr("<tuple id=\"t1\"><status><basic>closed"));
}

TEST_F(CompositorPublishTest, ModifyThatSaysTheSameIsNotTold) {
  const std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  const ComposedStatePtr before = compositor_.Current(kAlice, "presence");
  const RequestAnswer answer = Send(Modify(tag, PresenceBody("t1", "open")));
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(TagOf(answer), tag);
  EXPECT_THAT(heard_.changes, SizeIs(1));
  EXPECT_EQ(compositor_.Current(kAlice, "presence"), before);
}

TEST_F(CompositorPublishTest, RemovalIsToldAndAnsweredWithANewTagEsc13) {
  // Given
  const std::string a = TagOf(Send(Initial(PresenceBody("a", "open"))));
  const std::string b = TagOf(Send(Initial(PresenceBody("b", "open"))));
  // When
  const RequestAnswer answer = Send(Removal(a));
  // Then
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(HeaderOf(answer, "Expires"), "0");
  EXPECT_NE(TagOf(answer), "(none)");
  EXPECT_NE(TagOf(answer), a);
  EXPECT_THAT(Shown(), AllOf(HasSubstr("id=\"b\""), Not(HasSubstr("id=\"a\""))));
  EXPECT_THAT(heard_.changes, SizeIs(3));
  // When the last one goes, too, then the state is the neutral one and nothing is kept
  EXPECT_EQ(Send(Removal(b)).status, 200);
  EXPECT_EQ(Shown(), Neutral());
  EXPECT_THAT(heard_.changes, SizeIs(4));
  EXPECT_EQ(compositor_.publications().size(), 0u);
  EXPECT_EQ(compositor_.publications().octets(), 0u);
  EXPECT_EQ(metrics_.publications["presence"], 0);
}

TEST_F(CompositorPublishTest, StateForNoTimeIsNotStoredEsc13) {
  IncomingRequest request = Initial(PresenceBody("t1", "open"));
  request.expires = 0;
  const RequestAnswer answer = Send(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(HeaderOf(answer, "Expires"), "0");
  EXPECT_THAT(heard_.changes, IsEmpty());
  EXPECT_EQ(compositor_.publications().size(), 0u);
  EXPECT_EQ(Send(Refresh(TagOf(answer))).status, 412);
}

TEST_F(CompositorPublishTest, RefusedRequestChangesNothingEsc14) {
  // Given
  const std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  const ComposedStatePtr before = compositor_.Current(kAlice, "presence");
  // When
  IncomingRequest other_type = Modify(tag, "Messages-Waiting: yes");
  other_type.content_type = "text/plain";
  EXPECT_EQ(Send(other_type).status, 415);
  EXPECT_EQ(Send(Modify(tag, "<presence")).status, 400);
  IncomingRequest too_short = Modify(tag, PresenceBody("t1", "closed"));
  too_short.expires = 1;
  EXPECT_EQ(Send(too_short).status, 423);
  // Then
  EXPECT_EQ(compositor_.Current(kAlice, "presence"), before);
  EXPECT_EQ(Send(Refresh(tag)).status, 200);
}

TEST_F(CompositorPublishTest, ExpiryIsToldSilentlyEsc20) {
  // Given
  IncomingRequest request = Initial(PresenceBody("a", "open"));
  request.expires = 600;
  Send(request);
  Send(Initial(PresenceBody("b", "open")));
  // When the first one ends
  clock_.Advance(absl::Seconds(600) - absl::Nanoseconds(1));
  EXPECT_THAT(Shown(), HasSubstr("id=\"a\""));
  clock_.Advance(absl::Nanoseconds(1));
  // Then
  EXPECT_THAT(Shown(), AllOf(HasSubstr("id=\"b\""), Not(HasSubstr("id=\"a\""))));
  EXPECT_THAT(heard_.changes, SizeIs(3));
  // When the last one ends
  clock_.Advance(absl::Seconds(1200));
  EXPECT_EQ(Shown(), Neutral());
  EXPECT_THAT(heard_.changes, SizeIs(4));
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(CompositorPublishTest, RefreshMovesTheEnd) {
  // Given
  std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  // When it is refreshed for a shorter time, and later for a longer one
  IncomingRequest request = Refresh(tag);
  request.expires = 60;
  tag = TagOf(Send(request));
  clock_.Advance(absl::Seconds(59));
  request = Refresh(tag);
  request.expires = 3600;
  EXPECT_EQ(HeaderOf(Send(request), "Expires"), "3600");
  // Then
  clock_.Advance(absl::Seconds(3599));
  EXPECT_THAT(Shown(), HasSubstr("t1"));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Shown(), Neutral());
}

TEST_F(CompositorPublishTest, ShorterRefreshEndsSooner) {
  const std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  IncomingRequest request = Refresh(tag);
  request.expires = 60;
  ASSERT_EQ(Send(request).status, 200);
  clock_.Advance(absl::Seconds(60));
  EXPECT_EQ(Shown(), Neutral());
}

TEST_F(CompositorPublishTest, PublicationsOfOneResourceThatEndTogetherAreToldOnce) {
  for (const char* tuple : {"a", "b", "c"}) Send(Initial(PresenceBody(tuple, "open")));
  clock_.Advance(absl::Seconds(1800));
  EXPECT_THAT(heard_.changes, SizeIs(4));
  EXPECT_EQ(Shown(), Neutral());
}

// More than one turn of the loop takes.
TEST_F(CompositorPublishTest, ThousandsThatEndTogetherAllEnd) {
  // Given
  for (int i = 0; i < 2'000; ++i) {
    IncomingRequest request = Initial(PresenceBody("t1", "open"));
    request.request_uri = absl::StrCat("sip:u", i, "@example.com");
    ASSERT_EQ(Send(request).status, 200);
  }
  // When
  clock_.Advance(absl::Seconds(1799));
  ASSERT_EQ(compositor_.publications().size(), 2'000u);
  clock_.Advance(absl::Seconds(1));
  // Then some are left for the turns that follow, and none in the end
  EXPECT_GT(compositor_.publications().size(), 0u);
  EXPECT_LT(compositor_.publications().size(), 2'000u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(compositor_.publications().size(), 0u);
  EXPECT_THAT(heard_.changes, SizeIs(4'000));
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(CompositorPublishTest, PackagesOfOneResourceAreIndependent) {
  // Given
  Send(Initial(PresenceBody("t1", "open")));
  IncomingRequest summary = Initial("Messages-Waiting: yes\r\n");
  summary.event_type = "message-summary";
  summary.content_type = "application/simple-message-summary";
  // When
  ASSERT_EQ(Send(summary).status, 200);
  // Then
  EXPECT_THAT(Shown(kAlice, "message-summary"), HasSubstr("yes"));
  EXPECT_THAT(Shown(), HasSubstr("t1"));
  EXPECT_EQ(metrics_.publications["message-summary"], 1);
}

// Also where both come in the same instant, and whichever was created first.
TEST_F(CompositorPublishTest, LastOneThatChangedWinsWhereOneHasTo) {
  // Given
  const auto summary = [this](IncomingRequest request) {
    request.event_type = "message-summary";
    request.content_type = "application/simple-message-summary";
    return TagOf(Send(request));
  };
  const std::string first = summary(Initial("Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n"));
  summary(Initial("Messages-Waiting: yes\r\nVoice-Message: 2/0\r\n"));
  EXPECT_THAT(Shown(kAlice, "message-summary"), HasSubstr("2/0"));
  // When
  summary(Modify(first, "Messages-Waiting: yes\r\nVoice-Message: 3/0\r\n"));
  // Then
  EXPECT_THAT(Shown(kAlice, "message-summary"), HasSubstr("3/0"));
}

// RFC 6035: a report is told once, and kept no longer than that may take.
TEST_F(CompositorPublishTest, ReportIsToldEachTimeAndNotKept) {
  // Given
  IncomingRequest report = Initial("VQSessionReport: CallTerm\r\nCallID: a@b\r\n");
  report.event_type = "vq-rtcpxr";
  report.content_type = kReportType;
  // When the same comes twice
  const RequestAnswer first = Send(report);
  report.expires = 3600;
  const RequestAnswer second = Send(report);
  // Then
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(HeaderOf(second, "Expires"), "0");
  EXPECT_NE(TagOf(first), TagOf(second));
  ASSERT_THAT(heard_.changes, SizeIs(2));
  EXPECT_EQ(heard_.changes[0].state->full.body, report.body);
  EXPECT_EQ(heard_.changes[0].state->full.content_type, kReportType);
  EXPECT_NE(heard_.changes[0].state->entity_tag, heard_.changes[1].state->entity_tag);
  EXPECT_EQ(compositor_.publications().size(), 0u);
  // A refresh tells nothing: there is nothing that could be kept
  IncomingRequest refresh = report;
  refresh.body = {};
  refresh.if_match = {TagOf(second)};
  EXPECT_EQ(Send(refresh).status, 412);
  EXPECT_THAT(heard_.changes, SizeIs(2));
  // It is what NOTIFYs show until all watchers have had their turn
  EXPECT_EQ(compositor_.Current(kAlice, "vq-rtcpxr"), heard_.changes[1].state);
  EXPECT_EQ(Shown(kBob, "vq-rtcpxr"), "");
  EXPECT_EQ(compositor_.Neutral(kAlice, "vq-rtcpxr")->full.body, "");
  clock_.Advance(RecentReports::kKeptFor);
  EXPECT_EQ(compositor_.Current(kAlice, "vq-rtcpxr"), compositor_.Neutral(kAlice, "vq-rtcpxr"));
  EXPECT_THAT(heard_.changes, SizeIs(2));
}

TEST_F(CompositorPublishTest, SameStateHasTheSameEntityTag) {
  // Given
  std::string tag = TagOf(Send(Initial(PresenceBody("t1", "open"))));
  const std::string open = compositor_.Current(kAlice, "presence")->entity_tag;
  // When it changes to and fro
  tag = TagOf(Send(Modify(tag, PresenceBody("t1", "closed"))));
  EXPECT_NE(compositor_.Current(kAlice, "presence")->entity_tag, open);
  Send(Modify(tag, PresenceBody("t1", "open")));
  // Then
  EXPECT_EQ(compositor_.Current(kAlice, "presence")->entity_tag, open);
  EXPECT_THAT(heard_.changes, SizeIs(3));
}

TEST_F(CompositorPublishTest, OneBodyIsKeptOnce) {
  Send(Initial(PresenceBody("t1", "open")));
  const ComposedStatePtr state = compositor_.Current(kAlice, "presence");
  // Ours, what was told, the table's, and that of the publication, which is a part of it.
  EXPECT_EQ(state.use_count(), 4);
}

TEST_F(CompositorPublishTest, NeutralStateIsThatOfTheResource) {
  EXPECT_EQ(Shown(), Neutral());
  EXPECT_THAT(Neutral(), AllOf(HasSubstr(kAlice), Not(HasSubstr("tuple"))));
  for (int i = 0; i < 200; ++i) {
    const std::string uri = absl::StrCat("sip:", i, "@example.com");
    EXPECT_THAT(Shown(uri), HasSubstr(absl::StrCat("\"", uri, "\"")));
  }
  EXPECT_NE(compositor_.Current(kAlice, "weather"), nullptr);
  EXPECT_EQ(compositor_.Current(kAlice, "presence"), compositor_.Current(kAlice, "presence"));
  EXPECT_EQ(compositor_.publications().size(), 0u);
}

TEST_F(CompositorPublishTest, WithoutAListenerAllIsAsBefore) {
  compositor_.SetListener(nullptr);
  EXPECT_EQ(Send(Initial(PresenceBody("t1", "open"))).status, 200);
  EXPECT_THAT(Shown(), HasSubstr("t1"));
}

}  // namespace
}  // namespace sipevents::sip
