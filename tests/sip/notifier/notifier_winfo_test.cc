#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Who watches, told to who owns the resource (RFC 3857, RFC 3858).

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

size_t RowsOf(const std::string& body) {
  size_t count = 0;
  for (size_t at = body.find("<watcher "); at != std::string::npos;
       at = body.find("<watcher ", at + 1)) {
    ++count;
  }
  return count;
}

class NotifierWinfoTest : public NotifierTest {
 protected:
  Dialog WatchWatchers() { return Send(Initial(kAlice, "presence.winfo")); }
  // The newest NOTIFY of watcher information; one of them must be there.
  size_t Newest() {
    size_t index = sent() - 1;
    while (index > 0 && sender_.sent[index].request.event != "presence.winfo") --index;
    return index;
  }
  const std::string& Info() { return sender_.sent[Newest()].request.body; }
  bool Waits() { return sender_.sent[Newest()].client != nullptr; }
  void Answered() { Answer(Newest(), 200); }
};

TEST_F(NotifierWinfoTest, FirstDocumentHasAllWatchers) {
  Subscribe(kBob);
  clock_.Advance(absl::Seconds(10));
  Subscribe(kCarol);
  WatchWatchers();
  EXPECT_EQ(last().event, "presence.winfo");
  EXPECT_EQ(last().content_type, "application/watcherinfo+xml");
  EXPECT_THAT(last().body,
              AllOf(HasSubstr("version=\"0\" state=\"full\""),
                    HasSubstr("resource=\"sip:alice@example.com\" package=\"presence\""),
                    HasSubstr("status=\"active\" event=\"subscribe\""),
                    HasSubstr("expiration=\"590\" duration-subscribed=\"10\""),
                    HasSubstr(">sip:bob@example.com</watcher>"),
                    HasSubstr(">sip:carol@example.com</watcher>")));
  EXPECT_EQ(RowsOf(last().body), 2u);
}

TEST_F(NotifierWinfoTest, WhatChangesIsToldByPartialDocuments) {
  WatchWatchers();
  EXPECT_EQ(RowsOf(Info()), 0u);
  Answered();
  ASSERT_TRUE(policy_.Set({kAlice, "presence", kBob, WatcherDecision::kPending}).ok());
  Send(Initial(kBob));
  EXPECT_THAT(Info(), AllOf(HasSubstr("version=\"1\" state=\"partial\""),
                            HasSubstr("status=\"pending\" event=\"subscribe\"")));
  AnswerAll();
  Rule(kBob, WatcherDecision::kAllow);
  EXPECT_THAT(Info(), AllOf(HasSubstr("version=\"2\" state=\"partial\""),
                            HasSubstr("status=\"active\" event=\"approved\"")));
  AnswerAll();
  Rule(kBob, WatcherDecision::kDeny);
  EXPECT_THAT(Info(), AllOf(HasSubstr("version=\"3\" state=\"partial\""),
                            HasSubstr("status=\"terminated\" event=\"rejected\"")));
  EXPECT_EQ(RowsOf(Info()), 1u);
}

// NOT-07: nor does the number of the next document tell.
TEST_F(NotifierWinfoTest, PoliteBlockIsNotTold) {
  Subscribe(kBob);
  WatchWatchers();
  Answered();
  const std::string first = Info();
  Rule(kBob, WatcherDecision::kPoliteBlock);
  AnswerAll();
  Rule(kBob, WatcherDecision::kAllow);
  AnswerAll();
  EXPECT_EQ(Info(), first);
  Send(Initial(kCarol));
  EXPECT_THAT(Info(), HasSubstr("version=\"1\" state=\"partial\""));
  EXPECT_EQ(RowsOf(Info()), 1u);
}

// NOT-46: changes meanwhile are told together, in order.
TEST_F(NotifierWinfoTest, ChangesGatherBehindTheNotifyUnderWay) {
  WatchWatchers();
  Send(Initial(kBob));
  Send(Initial(kCarol));
  EXPECT_EQ(RowsOf(Info()), 0u);
  Answered();
  EXPECT_EQ(RowsOf(Info()), 2u);
  EXPECT_LT(Info().find("bob"), Info().find("carol"));
}

// Only to the owner, unless a rule says otherwise (RFC 3857 section 4.6).
TEST_F(NotifierWinfoTest, StrangersAreRefused) {
  EXPECT_EQ(Send(Initial(kBob, "presence.winfo")).answer.status, 403);
  ASSERT_TRUE(policy_.Set({kAlice, "presence.winfo", kBob, WatcherDecision::kAllow}).ok());
  EXPECT_EQ(Send(Initial(kBob, "presence.winfo")).answer.status, 200);
}

// A fetch comes and goes: nobody is told.
TEST_F(NotifierWinfoTest, FetchIsNotTold) {
  WatchWatchers();
  Answered();
  IncomingRequest fetch = Initial(kBob);
  fetch.expires = 0;
  Send(fetch);
  AnswerAll();
  EXPECT_EQ(sent(), 2u);
}

// RFC 3857 section 4.7.1.
TEST_F(NotifierWinfoTest, WaitingWatcherIsTold) {
  WatchWatchers();
  Answered();
  ASSERT_TRUE(policy_.Set({kAlice, "presence", kBob, WatcherDecision::kPending}).ok());
  IncomingRequest fetch = Initial(kBob);
  fetch.expires = 0;
  Send(fetch);
  EXPECT_THAT(Info(), HasSubstr("status=\"waiting\" event=\"timeout\" duration-subscribed"));
  AnswerAll();
  Rule(kBob, WatcherDecision::kAllow);
  EXPECT_THAT(Info(), HasSubstr("status=\"terminated\" event=\"approved\""));
}

TEST_F(NotifierWinfoTest, RefreshAndFailureAreFollowedByAFullDocument) {
  const Dialog dialog = WatchWatchers();
  Answered();
  Send(Next(dialog));
  EXPECT_THAT(Info(), HasSubstr("version=\"1\" state=\"full\""));
  Answer(Newest(), 500);
  Send(Initial(kBob));
  EXPECT_THAT(Info(), HasSubstr("version=\"2\" state=\"full\""));
  Answered();
  Send(Initial(kCarol));
  EXPECT_THAT(Info(), HasSubstr("version=\"3\" state=\"partial\""));
}

// More than one document holds: the rest follows, then what changed meanwhile.
TEST_F(NotifierWinfoTest, ManyWatchersAreToldInParts) {
  for (int i = 0; i < 400; ++i) Subscribe(absl::StrCat("sip:w", i, "@example.com"));
  WatchWatchers();
  EXPECT_THAT(Info(), HasSubstr("version=\"0\" state=\"full\""));
  EXPECT_EQ(RowsOf(Info()), 150u);
  Rule("sip:w3@example.com", WatcherDecision::kDeny);  // was told of already
  Answered();
  EXPECT_THAT(Info(), HasSubstr("version=\"1\" state=\"partial\""));
  EXPECT_EQ(RowsOf(Info()), 150u);
  Answered();
  EXPECT_EQ(RowsOf(Info()), 100u);
  Answered();
  EXPECT_EQ(RowsOf(Info()), 1u);
  EXPECT_THAT(Info(), AllOf(HasSubstr("version=\"3\" state=\"partial\""), HasSubstr("sip:w3@"),
                            HasSubstr("event=\"rejected\"")));
  Answered();
  EXPECT_FALSE(Waits());
}

// What fills one document to the last row is all there is.
TEST_F(NotifierWinfoTest, AsManyWatchersAsADocumentHoldsAreToldInOne) {
  for (int i = 0; i < 150; ++i) Subscribe(absl::StrCat("sip:w", i, "@example.com"));
  WatchWatchers();
  EXPECT_EQ(RowsOf(Info()), 150u);
  const size_t before = sent();
  Answered();
  EXPECT_EQ(sent(), before);
  Send(Initial(kBob));
  EXPECT_THAT(Info(), HasSubstr("version=\"1\" state=\"partial\""));
  EXPECT_EQ(RowsOf(Info()), 1u);
}

// Who was not told for long is told all again.
TEST_F(NotifierWinfoTest, MoreChangesThanAreRememberedBringAFullDocument) {
  WatchWatchers();
  for (int i = 0; i < 257; ++i) Send(Initial(absl::StrCat("sip:w", i, "@example.com")));
  EXPECT_EQ(RowsOf(Info()), 0u);
  Answered();
  EXPECT_THAT(Info(), HasSubstr("version=\"1\" state=\"full\""));
  EXPECT_EQ(RowsOf(Info()), 150u);
}

// Changes are remembered only while somebody is told of them.
TEST(WatcherInfoSourceTest, ForgetsWhatNobodyIsToldOf) {
  std::vector<WatcherRecord> all(3);
  for (int i = 0; i < 3; ++i) {
    all[i].id = absl::StrCat("w", i);
    all[i].resource_uri = kAlice;
    all[i].event_package = "presence";
    all[i].watcher_uri = absl::StrCat("sip:", i, "@example.com");
  }
  WatcherInfoSource source(
      [&](const std::string&, const std::string&, const std::string& after, size_t) {
        return after.empty() ? all : std::vector<WatcherRecord>();
      },
      [](const std::string&, std::string_view) { return uint64_t{1}; });
  const absl::Time now = absl::FromUnixSeconds(1700000000);
  WatcherInfoSource::Progress progress;
  source.OnChange(all[0]);  // nobody is told yet
  source.Keep(kAlice, "presence", true);
  auto written = source.Write(kAlice, "presence", true, progress, now);
  EXPECT_EQ(RowsOf(written.body.body), 3u);
  EXPECT_FALSE(written.more);
  source.OnChange(all[1]);
  written = source.Write(kAlice, "presence", false, progress, now);
  EXPECT_EQ(RowsOf(written.body.body), 1u);
  EXPECT_THAT(written.body.body, HasSubstr("state=\"partial\""));
  source.Keep(kAlice, "presence", false);
  written = source.Write(kAlice, "presence", false, progress, now);
  EXPECT_EQ(RowsOf(written.body.body), 0u);
}

TEST(WatcherInfoSourceTest, TemplatesNameTheirPackage) {
  EXPECT_EQ(BaseOfTemplate("presence.winfo"), "presence");
  EXPECT_EQ(BaseOfTemplate("presence.winfo.winfo"), "presence.winfo");
  EXPECT_EQ(BaseOfTemplate("presence"), "");
}

}  // namespace
}  // namespace sipevents::sip
