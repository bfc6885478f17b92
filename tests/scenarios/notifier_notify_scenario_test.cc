#include <csignal>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/scenarios/notifier_scenario.h"

// When a notifier sends NOTIFYs, and when it stops.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

class NotifierNotifyScenarioTest : public NotifierScenario {};

// NOT-19.
TEST_F(NotifierNotifyScenarioTest, ChangeIsToldAtOnce) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Begin());
  const absl::Time published = absl::Now();

  ASSERT_OK(Publish("changed"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(notify.sip.body(), HasSubstr("changed"));
  EXPECT_LE(notify.time - published, absl::Milliseconds(300) * kSlowdown);
  EXPECT_EQ(notify.sip.cseq(), first.sip.cseq() + 1);
}

// What is published again as it was is no change.
TEST_F(NotifierNotifyScenarioTest, SameStateIsNotToldAgain) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("same"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(publisher_->Refresh().status());

  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-17: whether or not there is news.
TEST_F(NotifierNotifyScenarioTest, RefreshIsFollowedByANotifyWithTheWholeState) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("whole"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("120"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_OK(CheckAccepted(response));
  EXPECT_EQ(response.expires(), 120);
  EXPECT_THAT(notify.sip.body(), HasSubstr("whole"));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-21, NOT-22.
TEST_F(NotifierNotifyScenarioTest, TimeThatRemainsCountsDown) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Begin({.expires = "60"}));
  EXPECT_OK(watcher_->ExpectNoNotify(absl::Milliseconds(2200)));

  ASSERT_OK(Publish("later"));

  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());
  EXPECT_LE(StateExpires(first), 60);
  EXPECT_LE(StateExpires(second), 58);
  EXPECT_GE(StateExpires(second), 58 - 5 * kSlowdown);
}

// NOT-30: with the state, since it may be the last word.
TEST_F(NotifierNotifyScenarioTest, UnsubscribeIsAnsweredAndFollowedByTheLastNotify) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("last"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("0"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_OK(CheckAccepted(response));
  EXPECT_EQ(response.expires(), 0);
  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=timeout");
  EXPECT_THAT(notify.sip.body(), HasSubstr("last"));
  EXPECT_OK(watcher_->ExpectGone());
  ASSERT_OK(Publish("after"));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-29, GEN-02.
TEST_F(NotifierNotifyScenarioTest, ExpiryIsToldAndEndsTheSubscription) {
  ASSERT_OK(StartServer({"--sip_min_expires=1s"}));
  ASSERT_OK(watcher_->Begin({.expires = "2"}).status());
  const absl::Time begun = absl::Now();

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=timeout");
  EXPECT_GE(notify.time - begun, absl::Milliseconds(1500));
  EXPECT_OK(watcher_->ExpectGone());
}

// NOT-25, NOT-19: 64 T1 are 3.2 s here.
TEST_F(NotifierNotifyScenarioTest, WatcherThatDoesNotAnswerIsDroppedWithoutAnotherWord) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("unheard"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->TakeNotify());

  EXPECT_OK(watcher_->ExpectNoNotify(absl::Seconds(4) * kSlowdown));

  EXPECT_GE(watcher_->peer().Retransmissions(notify), 3);
  EXPECT_OK(watcher_->ExpectGone());
  ASSERT_OK(Publish("again"));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-46: what changes meanwhile is told once, as it is then.
TEST_F(NotifierNotifyScenarioTest, OneNotifyIsOutstandingAndTheNextHasTheNewestState) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("change 1"));
  ASSERT_OK_AND_ASSIGN(const Received outstanding, watcher_->TakeNotify());
  for (int i = 2; i <= 5; ++i) ASSERT_OK(Publish(absl::StrCat("change ", i)));
  EXPECT_OK(watcher_->ExpectNoNotify(absl::Seconds(1)));

  watcher_->peer().Respond(outstanding, 200);

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(outstanding.sip.body(), HasSubstr("change 1"));
  EXPECT_THAT(notify.sip.body(), HasSubstr("change 5"));
  EXPECT_EQ(notify.sip.cseq(), outstanding.sip.cseq() + 1);
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-46: nor does a refresh make a second one.
TEST_F(NotifierNotifyScenarioTest, RefreshWaitsForTheAnswerToTheNotifyBefore) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("first"));
  ASSERT_OK_AND_ASSIGN(const Received outstanding, watcher_->TakeNotify());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh());
  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_OK(watcher_->ExpectNoNotify());
  watcher_->peer().Respond(outstanding, 200);

  EXPECT_OK(watcher_->NextNotify().status());
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-46: a watcher that is slow delays no other.
TEST_F(NotifierNotifyScenarioTest, NotifiesOfEachWatcherAreInOrderAndEndWithTheLastState) {
  ASSERT_OK(StartServer());
  std::vector<ScriptedWatcher*> watchers;
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const watcher, NewWatcher());
    ASSERT_OK(watcher->Begin().status());
    watchers.push_back(watcher);
  }
  ASSERT_OK(watcher_->Begin().status());  // and answers nothing from now on

  for (int i = 1; i <= 20; ++i) ASSERT_OK(Publish(absl::StrCat("[", i, "]")));

  for (ScriptedWatcher* const watcher : watchers) {
    EXPECT_OK(watcher->NotifyWith("[20]").status());  // each CSeq larger than the last
    EXPECT_OK(watcher->ExpectNoNotify(absl::Milliseconds(100)));
  }
}

// NOT-47.
TEST_F(NotifierNotifyScenarioTest, ChangesAreToldNoFasterThanConfigured) {
  ASSERT_OK(StartServer({"--sip_notify_min_interval=1s"}));
  ASSERT_OK(watcher_->Begin().status());
  std::vector<Received> notifies;
  for (int i = 1; i <= 10; ++i) ASSERT_OK(Publish(absl::StrCat("[", i, "]")));

  do {
    ASSERT_OK_AND_ASSIGN(Received notify, watcher_->NextNotify());
    notifies.push_back(std::move(notify));
  } while (!absl::StrContains(notifies.back().sip.body(), "[10]"));

  EXPECT_LE(notifies.size(), 3u);
  for (size_t i = 1; i < notifies.size(); ++i) {
    EXPECT_GE(notifies[i].time - notifies[i - 1].time, absl::Milliseconds(900));
  }
}

// NOT-47, PKG-11: presence changes at most once in 5 s; answers to SUBSCRIBE do not wait.
TEST_F(NotifierNotifyScenarioTest, PackageLimitsTheRate) {
  ASSERT_OK(StartServer({"--sip_notify_min_interval=package"}));
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Begin());
  ASSERT_OK(Publish("one"));
  ASSERT_OK(Publish("two"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NotifyWith("two", absl::Seconds(15)));

  EXPECT_GE(notify.time - first.time, absl::Milliseconds(4800));
  EXPECT_OK(watcher_->ExpectAlive());
}

// ---- ends

// NOT-42: at the end of the process.
TEST_F(NotifierNotifyScenarioTest, DrainTellsWatchersToSubscribeAnew) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());

  gateway_->process().Signal(SIGTERM);

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_EQ(SubstateOf(notify), "terminated");
  EXPECT_EQ(StateParameter(notify, "reason"), "deactivated");
  EXPECT_THAT(gateway_->process().WaitForExit(absl::Seconds(30)), IsOkAndHolds(0));
}

// NOT-39, DEV-06: what ran before is not known any more.
TEST_F(NotifierNotifyScenarioTest, RefreshAfterARestartGets481) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  const int old_port = port();
  gateway_->process().Signal(SIGKILL);
  ASSERT_OK(gateway_->process().WaitForExit(absl::Seconds(30)).status());
  ASSERT_OK(StartGateway({"--sip_domains=example.com", "--sip_watcher_auth=none",
                          absl::StrCat("--sip_listen=udp:127.0.0.1:", old_port)}));

  EXPECT_OK(watcher_->ExpectGone());
}

// NOT-01: without a SUBSCRIBE nothing is told to anybody.
TEST_F(NotifierNotifyScenarioTest, NobodyIsToldWhoDidNotAsk) {
  ASSERT_OK(StartServer());

  ASSERT_OK(Publish("alone"));

  EXPECT_OK(publisher_->peer().ExpectNone("NOTIFY", kQuiet));
  EXPECT_OK(peer_->ExpectNone("NOTIFY", absl::Milliseconds(50)));
}

// DEV-11, SEC-08: phones that begin anew in place of a refresh do not pile up.
TEST_F(NotifierNotifyScenarioTest, SubscriptionsOfOneWatcherAreBounded) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const phone, NewWatcher());
  std::set<std::string> ended;
  for (int i = 0; i < 130; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received response, phone->Ask(phone->NewSubscribe()));
    EXPECT_EQ(response.sip.status(), 200);
  }

  // Answers all that came; the oldest ones were ended in favour of the newest.
  while (true) {
    const absl::StatusOr<Received> notify = phone->peer().WaitFor("NOTIFY", absl::Seconds(1));
    if (!notify.ok()) break;
    phone->peer().Respond(*notify, 200);
    if (SubstateOf(*notify) == "terminated") ended.insert(notify->call_id());
  }
  EXPECT_EQ(ended.size(), 30u);
}

}  // namespace
}  // namespace sipevents::testing
