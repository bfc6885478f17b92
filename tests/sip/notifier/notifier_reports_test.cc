#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Watchers of reports (vq-rtcpxr, RFC 6035): each of them gets each report once.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kVq[] = "vq-rtcpxr";

class NotifierReportsTest : public NotifierTest {
 protected:
  void Report(const std::string& body) {
    notifier_.OnStateChanged(kAlice, kVq, states_.Report(kAlice, body));
    Settle();
  }
  // The bodies that went out since this was last called.
  std::vector<std::string> Told() {
    std::vector<std::string> bodies;
    for (; seen_ < sent(); ++seen_) bodies.push_back(sender_.sent[seen_].request.body);
    return bodies;
  }

 private:
  size_t seen_ = 0;
};

TEST_F(NotifierReportsTest, EachOfManyAtOnceIsToldInItsOrder) {
  Subscribe(kBob, kVq);
  EXPECT_THAT(Told(), ElementsAre(""));
  for (const char* report : {"r1", "r2", "r3"}) Report(report);
  EXPECT_THAT(Told(), ElementsAre("r1"));  // one outstanding (NOT-22)
  AnswerAll();
  EXPECT_THAT(Told(), ElementsAre("r2", "r3"));
}

TEST_F(NotifierReportsTest, NoneIsToldTwice) {
  Dialog dialog = Subscribe(kBob, kVq);
  Report("r1");
  AnswerAll();
  EXPECT_THAT(Told(), ElementsAre("", "r1"));

  dialog = Send(Next(dialog));
  AnswerAll();
  EXPECT_THAT(Told(), ElementsAre(""));
  IncomingRequest unsubscribe = Next(dialog);
  unsubscribe.expires = 0;
  Send(unsubscribe);
  EXPECT_THAT(Told(), ElementsAre(""));
}

TEST_F(NotifierReportsTest, WhoComesLaterIsToldWhatComesLater) {
  Report("before");
  IncomingRequest fetch = Initial(kCarol, kVq);
  fetch.expires = 0;
  Send(fetch);
  AnswerAll();
  EXPECT_THAT(Told(), ElementsAre(""));
  Subscribe(kBob, kVq);
  Report("after");
  EXPECT_THAT(Told(), ElementsAre("", "after"));
}

TEST_F(NotifierReportsTest, OneThatWasNotTakenIsToldAgain) {
  Subscribe(kBob, kVq);
  Report("r1");
  Told();
  Answer(sent() - 1, 500);
  Report("r2");
  EXPECT_THAT(Told(), ElementsAre("r1"));
  AnswerAll();
  EXPECT_THAT(Told(), ElementsAre("r2"));
}

TEST_F(NotifierReportsTest, WatchersHaveTheirOwnProgress) {
  Subscribe(kBob, kVq);
  Report("r1");
  AnswerAll();
  Subscribe(kCarol, kVq);
  Told();
  Report("r2");
  EXPECT_THAT(Told(), ElementsAre("r2", "r2"));
}

// NOT-07.
TEST_F(NotifierReportsTest, WhoIsBlockedOrWaitsIsToldNoneOfThatTime) {
  ASSERT_TRUE(policy_.Set({kAlice, kVq, kBob, WatcherDecision::kPoliteBlock}).ok());
  ASSERT_TRUE(policy_.Set({kAlice, kVq, kCarol, WatcherDecision::kPending}).ok());
  Subscribe(kBob, kVq);
  Subscribe(kCarol, kVq);
  Told();
  Report("secret");
  EXPECT_THAT(Told(), IsEmpty());
  for (const char* watcher : {kBob, kCarol}) {
    ASSERT_TRUE(policy_.Set({kAlice, kVq, watcher, WatcherDecision::kAllow}).ok());
    notifier_.OnRule(kAlice, kVq, watcher);
  }
  Settle();
  AnswerAll();
  for (const std::string& body : Told()) EXPECT_EQ(body, "");
  Report("open");
  EXPECT_THAT(Told(), ElementsAre("open", "open"));
}

// CEN-02, CEN-03: a condition is about state, of which there is none; each report is news.
TEST_F(NotifierReportsTest, ConditionHoldsUntilTheNextReport) {
  const Dialog dialog = Subscribe(kBob, kVq);
  IncomingRequest refresh = Next(dialog);
  refresh.suppress_if_match = {last().entity_tag};
  EXPECT_EQ(Send(refresh).answer.status, 204);
  Told();
  Report("r1");
  EXPECT_THAT(Told(), ElementsAre("r1"));
}

}  // namespace
}  // namespace sipevents::sip
