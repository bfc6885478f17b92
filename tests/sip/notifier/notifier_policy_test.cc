#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Who may watch, and what becomes of who may not (NOT-05 to NOT-08, NOT-32, NOT-40).

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class NotifierPolicyTest : public NotifierTest {
 protected:
  NotifierPolicyTest() : NotifierTest(TestOptions(), WatcherDecision::kPending) {
    SetPresence("secret");
  }
};

// NOT-08, NOT-17, NOT-18.
TEST_F(NotifierPolicyTest, UndecidedWatcherIsToldToWait) {
  EXPECT_EQ(Send(Initial()).answer.status, 200);
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(last().subscription_state, "pending;expires=600");
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(last().content_type, "");
  AnswerAll();
  SetPresence("more secrets");
  EXPECT_EQ(sent(), 1u);
}

TEST_F(NotifierPolicyTest, AllowedWatcherIsShownTheState) {
  Subscribe();
  Rule(kCarol, WatcherDecision::kAllow);  // somebody else
  EXPECT_EQ(sent(), 1u);
  Rule(kBob, WatcherDecision::kAllow);
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  EXPECT_THAT(last().body, HasSubstr("secret"));
}

// NOT-32.
TEST_F(NotifierPolicyTest, DeniedWatcherIsToldAndGone) {
  const Dialog dialog = Subscribe();
  Rule(kBob, WatcherDecision::kDeny);
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().subscription_state, "terminated;reason=rejected");
  EXPECT_EQ(last().body, "");
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(Send(Initial()).answer.status, 403);  // NOT-06
  EXPECT_EQ(sent(), 2u);
}

// NOT-07: as if nobody published.
TEST_F(NotifierPolicyTest, PolitelyBlockedWatcherSeesTheNeutralState) {
  Rule(kBob, WatcherDecision::kPoliteBlock);
  const Dialog dialog = Subscribe();
  EXPECT_EQ(dialog.answer.status, 200);
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  EXPECT_EQ(last().body, "<presence neutral=\"1\"/>");
  SetPresence("secret");
  EXPECT_EQ(sent(), 1u);
}

// Between the state and the neutral one: told as any other change is.
TEST_F(NotifierPolicyTest, BlockingAndUnblockingChangeWhatIsShown) {
  Rule(kBob, WatcherDecision::kAllow);
  Subscribe();
  Rule(kBob, WatcherDecision::kPoliteBlock);
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  EXPECT_THAT(last().body, Not(HasSubstr("secret")));
  AnswerAll();
  Rule(kBob, WatcherDecision::kPoliteBlock);
  EXPECT_EQ(sent(), 2u);
  Rule(kBob, WatcherDecision::kAllow);
  EXPECT_THAT(last().body, HasSubstr("secret"));
}

// NOT-40.
// NOT-32: who has left may hold back the answer that his last NOTIFY waits for.
TEST_F(NotifierPolicyTest, LastNotifyShowsNoMoreThanIsAllowedByThen) {
  for (const WatcherDecision decision :
       {WatcherDecision::kDeny, WatcherDecision::kPoliteBlock, WatcherDecision::kPending}) {
    Rule(kBob, WatcherDecision::kAllow);
    IncomingRequest unsubscribe = Next(Send(Initial()));
    unsubscribe.expires = 0;
    EXPECT_EQ(Send(unsubscribe).answer.status, 200);
    Rule(kBob, decision);
    SetPresence("secret for later");
    AnswerAll();
    EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
    EXPECT_THAT(last().body, Not(HasSubstr("secret")));
    AnswerAll();
  }
}

TEST_F(NotifierPolicyTest, RefreshIsJudgedAnew) {
  Rule(kBob, WatcherDecision::kAllow);
  const Dialog dialog = Subscribe();
  ASSERT_TRUE(policy_.Set({kAlice, "presence", kBob, WatcherDecision::kDeny}).ok());
  EXPECT_EQ(Send(Next(dialog)).answer.status, 403);
  EXPECT_EQ(last().subscription_state, "terminated;reason=rejected");
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierPolicyTest, RefreshAfterTheRuleIsGoneWaitsAgain) {
  Rule(kBob, WatcherDecision::kAllow);
  const Dialog dialog = Subscribe();
  ASSERT_TRUE(policy_.Remove(kAlice, "presence", kBob).ok());
  Send(Next(dialog));
  EXPECT_EQ(last().subscription_state, "pending;expires=600");
  EXPECT_EQ(last().body, "");
}

TEST_F(NotifierPolicyTest, PendingWatcherRunsOut) {
  Subscribe();
  clock_.Advance(absl::Seconds(600));
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
  EXPECT_EQ(last().body, "");
}

// An identity that was proven counts, not what From says.
TEST_F(NotifierPolicyTest, ProvenIdentityIsWhoWatches) {
  Rule(kBob, WatcherDecision::kAllow);
  EXPECT_EQ(notifier_.OnSubscribe(Initial(kBob), kCarol).status, 200);
  Settle();
  EXPECT_EQ(last().subscription_state, "pending;expires=600");
}

TEST_F(NotifierPolicyTest, WatcherIsKnownByItsCanonicalName) {
  Rule(kBob, WatcherDecision::kAllow);
  Send(Initial("sips:%62ob@EXAMPLE.com:5061;transport=tls"));
  EXPECT_EQ(last().subscription_state, "active;expires=600");
}

// What the API shows of watchers.
TEST_F(NotifierPolicyTest, ObserverHearsOfEachStep) {
  Subscribe(kCarol);
  const auto observer = std::make_shared<HeardWatchers>();
  notifier_.Observe({.resource_uri = kAlice, .event_package = "presence"}, observer);
  EXPECT_EQ(observer->initial, 1u);
  const absl::Time begin = clock_.Now();
  Subscribe(kBob);
  clock_.Advance(absl::Seconds(5));
  Rule(kBob, WatcherDecision::kAllow);
  AnswerAll();
  Rule(kBob, WatcherDecision::kDeny);
  AnswerAll();
  ASSERT_EQ(observer->heard.size(), 4u);
  const auto& heard = observer->heard;
  EXPECT_EQ(heard[1].id, heard[3].id);
  EXPECT_NE(heard[0].id, heard[1].id);
  EXPECT_EQ(heard[1].watcher_uri, kBob);
  EXPECT_EQ(heard[1].contact_uri, "sip:phone@192.0.2.7");
  EXPECT_EQ(heard[1].user_agent, "phone");
  EXPECT_EQ(heard[1].subscribe_time, begin);
  EXPECT_EQ(heard[1].expire_time, begin + absl::Minutes(10));
  EXPECT_EQ(heard[1].status, WatcherStatus::kPending);
  EXPECT_EQ(heard[1].event, "subscribe");
  EXPECT_EQ(heard[2].status, WatcherStatus::kActive);
  EXPECT_EQ(heard[2].event, "approved");
  EXPECT_EQ(heard[2].notify_count, 1u);
  EXPECT_EQ(heard[3].status, WatcherStatus::kTerminated);
  EXPECT_EQ(heard[3].event, "rejected");
  notifier_.StopObserving(observer);
  Subscribe("sip:dave@example.com");
  EXPECT_EQ(observer->heard.size(), 4u);
}

TEST_F(NotifierPolicyTest, ObserverIsToldOfAPoliteBlockAndOfItsEnd) {
  Rule(kBob, WatcherDecision::kAllow);
  const Dialog dialog = Subscribe(kBob);
  const auto observer = std::make_shared<HeardWatchers>();
  notifier_.Observe({.resource_uri = kAlice, .event_package = "presence"}, observer);
  Rule(kBob, WatcherDecision::kPoliteBlock);
  Rule(kBob, WatcherDecision::kPoliteBlock);
  ASSERT_EQ(observer->heard.size(), 2u);
  EXPECT_TRUE(observer->heard[1].polite_block);
  EXPECT_EQ(observer->heard[1].status, WatcherStatus::kActive);
  Rule(kBob, WatcherDecision::kAllow);
  ASSERT_EQ(observer->heard.size(), 3u);
  EXPECT_FALSE(observer->heard[2].polite_block);
  // A refresh that meets another rule, too.
  AnswerAll();
  ASSERT_TRUE(policy_.Set({kAlice, "presence", kBob, WatcherDecision::kPoliteBlock}).ok());
  Send(Next(dialog));
  ASSERT_EQ(observer->heard.size(), 4u);
  EXPECT_TRUE(observer->heard[3].polite_block);
  notifier_.StopObserving(observer);
}

// A step of the status tells it along.
TEST_F(NotifierPolicyTest, ObserverIsToldOnceOfADecisionThatBlocksPolitely) {
  Subscribe(kBob);
  const auto observer = std::make_shared<HeardWatchers>();
  notifier_.Observe({}, observer);
  Rule(kBob, WatcherDecision::kPoliteBlock);
  ASSERT_EQ(observer->heard.size(), 2u);
  EXPECT_TRUE(observer->heard[1].polite_block);
  EXPECT_EQ(observer->heard[1].status, WatcherStatus::kActive);
  notifier_.StopObserving(observer);
}

TEST_F(NotifierPolicyTest, WatchersAreListedInPages) {
  for (int i = 0; i < 5; ++i) Subscribe(absl::StrCat("sip:w", i, "@example.com"));
  Subscribe(kBob, "dialog");
  const auto names = [&](const WatcherFilter& filter, std::string_view after, size_t limit) {
    std::vector<std::string> uris;
    for (const auto& record : notifier_.List(filter, after, limit)) {
      uris.push_back(record.watcher_uri);
    }
    return uris;
  };
  const WatcherFilter presence{.resource_uri = kAlice, .event_package = "presence"};
  EXPECT_THAT(names(presence, "", 2), ElementsAre("sip:w0@example.com", "sip:w1@example.com"));
  const std::string second = notifier_.List(presence, "", 2).back().id;
  EXPECT_THAT(names(presence, second, 9),
              ElementsAre("sip:w2@example.com", "sip:w3@example.com", "sip:w4@example.com"));
  EXPECT_THAT(names({}, "", 9), testing::SizeIs(6));
  EXPECT_THAT(names({.watcher_uri = kBob}, "", 9), ElementsAre(kBob));
  EXPECT_THAT(names({.id = second}, "", 9), ElementsAre("sip:w1@example.com"));
  EXPECT_THAT(names({.resource_uri = kBob, .event_package = "presence"}, "", 9), ElementsAre());
  EXPECT_THAT(names({}, "wrong", 9), ElementsAre());
  EXPECT_THAT(names({}, "w", 9), ElementsAre());
}

// RFC 3857 section 4.7.1: who could not be decided about is remembered.
class NotifierWaitingTest : public NotifierPolicyTest {
 protected:
  void SetUp() override {
    observer_ = std::make_shared<HeardWatchers>();
    notifier_.Observe({}, observer_);
  }
  void TearDown() override { notifier_.StopObserving(observer_); }

  // Bob's subscription runs out before anybody decides.
  void BobWaits() {
    Subscribe();
    clock_.Advance(absl::Seconds(600));
    EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
    AnswerAll();
  }
  const WatcherRecord& heard() { return observer_->heard.back(); }
  std::vector<WatcherRecord> Listed() { return notifier_.List({}, "", 10); }

  std::shared_ptr<HeardWatchers> observer_;
};

TEST_F(NotifierWaitingTest, SubscriptionThatRunsOutUndecidedWaits) {
  BobWaits();
  EXPECT_EQ(heard().status, WatcherStatus::kWaiting);
  EXPECT_EQ(heard().event, "timeout");
  ASSERT_EQ(Listed().size(), 1u);
  EXPECT_EQ(Listed()[0].status, WatcherStatus::kWaiting);
  EXPECT_EQ(Listed()[0].expire_time, clock_.Now() + absl::Hours(24));
  SetPresence("new");
  EXPECT_EQ(sent(), 2u);  // it gets nothing
}

TEST_F(NotifierWaitingTest, FetchAndUnsubscriptionWaitToo) {
  IncomingRequest fetch = Initial();
  fetch.expires = 0;
  Send(fetch);
  AnswerAll();
  ASSERT_EQ(Listed().size(), 1u);
  EXPECT_EQ(Listed()[0].status, WatcherStatus::kWaiting);
  const Dialog dialog = Subscribe(kCarol);
  IncomingRequest unsubscribe = Next(dialog);
  unsubscribe.expires = 0;
  EXPECT_EQ(Send(unsubscribe).answer.status, 200);
  AnswerAll();
  ASSERT_EQ(Listed().size(), 2u);
  EXPECT_EQ(Listed()[1].status, WatcherStatus::kWaiting);
  EXPECT_EQ(Send(Next(dialog)).answer.status, 481);  // there is no dialog any more
}

TEST_F(NotifierWaitingTest, DecisionEndsIt) {
  BobWaits();
  Rule(kBob, WatcherDecision::kAllow);
  EXPECT_EQ(heard().status, WatcherStatus::kTerminated);
  EXPECT_EQ(heard().event, "approved");
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(sent(), 2u);
  Send(Initial());
  EXPECT_THAT(last().body, HasSubstr("secret"));
}

TEST_F(NotifierWaitingTest, DenialEndsIt) {
  BobWaits();
  Rule(kBob, WatcherDecision::kDeny);
  EXPECT_EQ(heard().event, "rejected");
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierWaitingTest, NextSubscriptionTakesItsPlace) {
  BobWaits();
  Send(Initial());
  ASSERT_EQ(Listed().size(), 1u);
  EXPECT_EQ(Listed()[0].status, WatcherStatus::kPending);
  ASSERT_GE(observer_->heard.size(), 2u);
  const WatcherRecord& left = observer_->heard[observer_->heard.size() - 2];
  EXPECT_EQ(left.status, WatcherStatus::kTerminated);
  EXPECT_EQ(left.event, "giveup");
}

TEST_F(NotifierWaitingTest, ItIsForgottenAfterADay) {
  BobWaits();
  clock_.Advance(absl::Hours(24) - absl::Seconds(1));
  EXPECT_EQ(notifier_.size(), 1u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(heard().event, "giveup");
}

TEST_F(NotifierWaitingTest, WhoWasAllowedOrHasGoneDoesNotWait) {
  const Dialog dialog = Subscribe();
  Rule(kBob, WatcherDecision::kAllow);
  AnswerAll();
  clock_.Advance(absl::Seconds(600));
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
  Send(Initial(kCarol));
  Answer(sent() - 1, 481);  // it does not know of it
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierWaitingTest, ThoseWhoLeaveHaveADrainEndAtOnce) {
  BobWaits();
  bool idle = false;
  notifier_.Drain([&] { idle = true; });
  EXPECT_TRUE(idle);
}

class NotifierWaitingBoundTest : public NotifierTest {
 protected:
  static NotifierOptions Bounds() {
    NotifierOptions options = TestOptions();
    options.max_waiting = 3;
    options.max_waiting_per_watcher = 2;
    return options;
  }
  NotifierWaitingBoundTest() : NotifierTest(Bounds(), WatcherDecision::kPending) {}

  void Fetch(const std::string& watcher, const std::string& resource) {
    IncomingRequest fetch = Initial(watcher);
    fetch.request_uri = fetch.to_uri = resource;
    fetch.expires = 0;
    Send(fetch);
    AnswerAll();
  }
};

TEST_F(NotifierWaitingBoundTest, OfOneWatcherAndOfAll) {
  for (int i = 0; i < 3; ++i) Fetch(kBob, absl::StrCat("sip:r", i, "@example.com"));
  EXPECT_EQ(notifier_.size(), 2u);
  EXPECT_EQ(metrics_.bounds["sip_waiting_watchers"], 1);
  Fetch(kBob, "sip:r1@example.com");  // in the place of its own
  EXPECT_EQ(notifier_.size(), 2u);
  Fetch(kCarol, kAlice);
  Fetch("sip:dave@example.com", kAlice);
  EXPECT_EQ(notifier_.size(), 3u);
  EXPECT_EQ(metrics_.bounds["sip_waiting_watchers"], 2);
}

}  // namespace
}  // namespace sipevents::sip
