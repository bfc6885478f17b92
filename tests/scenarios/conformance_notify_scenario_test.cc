#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/scenarios/raw_notify.h"
#include "tests/scenarios/scenario.h"

// What a NOTIFY says, and what is answered: the rows of docs/conformance.md that the other
// scenarios do not show.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Ne;
using ::testing::Not;

class ConformanceNotifyScenarioTest : public Scenario {
 protected:
  // The status of the answer to a hand-written NOTIFY.
  absl::StatusOr<int> StatusOfRaw(const RawNotify& notify) {
    peer_->SendRaw(gateway_->sip_udp_port(), notify.Text());
    return peer_->StatusOf(notify.sent());
  }

  // Watches alice and grants `asked`; the NOTIFY says `state`. Returns the SUBSCRIBE.
  absl::StatusOr<Received> Begin(std::unique_ptr<CliProcess>& cli, const std::string& asked,
                                 const std::string& state) {
    absl::StatusOr<std::unique_ptr<CliProcess>> started =
        Watch(kAlice, "presence", {"--expires=" + asked});
    if (!started.ok()) return started.status();
    cli = *std::move(started);
    absl::StatusOr<Received> subscribe = peer_->WaitFor("SUBSCRIBE");
    if (!subscribe.ok()) return subscribe;
    peer_->Respond(*subscribe, 200);
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(*subscribe, state, Pidf("open"))), IsOkAndHolds(200));
    return subscribe;
  }
};

// SUB-29, GEN-17: tolerated as active without a time, and counted.
TEST_F(ConformanceNotifyScenarioTest, MissingSubscriptionStateIsActiveForTheLenient) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Begin(cli, "2s", "active"));

  const RawNotify bare = RawNotify(*peer_, subscribe, "z9hG4bK-bare", 5)
                             .Remove("Subscription-State")
                             .SetBody("application/pidf+xml", Pidf("open", "bare"));

  EXPECT_THAT(StatusOfRaw(bare), IsOkAndHolds(200));
  EXPECT_OK(cli->WaitForItem(
      "bare state", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "bare"; }));
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_LT(refresh.time - subscribe.time, absl::Seconds(2));
  ASSERT_OK_AND_ASSIGN(const std::string metrics, gateway_->Get("/metrics"));
  EXPECT_THAT(metrics, HasSubstr("SUB-29"));
}

// SUB-29.
TEST_F(ConformanceNotifyScenarioTest, MissingSubscriptionStateIsRefusedByTheStrict) {
  ASSERT_OK(StartGateway({"--sip_profile=strict"}));
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  const RawNotify bare =
      RawNotify(*peer_, subscribe, "z9hG4bK-bare", 5).Remove("Subscription-State");

  EXPECT_THAT(StatusOfRaw(bare), IsOkAndHolds(400));
  EXPECT_THAT(StatusOfRaw(RawNotify(*peer_, subscribe, "z9hG4bK-good", 6)), IsOkAndHolds(200));
}

// SUB-30, GEN-12: the notifier's time counts, however it is written; reason and retry-after of
// an active state do not.
TEST_F(ConformanceNotifyScenarioTest, ShorterExpiresOfTheNotifyCounts) {
  for (const std::string state :
       {"active;expires=2", "ACTIVE ;Expires = 2",
        "pending;reason=rejected;retry-after=9;expires=2", "active;foo=\"a;b\";expires=2;bar"}) {
    ASSERT_OK(StartGateway());
    std::unique_ptr<CliProcess> cli;
    ASSERT_OK_AND_ASSIGN(const Received subscribe, Begin(cli, "1h", state));

    ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

    EXPECT_LT(refresh.time - subscribe.time, absl::Seconds(2)) << state;
    EXPECT_EQ(refresh.call_id(), subscribe.call_id()) << state;
  }
}

// SUB-31, DEV-02: a NOTIFY that names no time leaves the running one alone.
TEST_F(ConformanceNotifyScenarioTest, MissingExpiresDoesNotPutTheRefreshOff) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Begin(cli, "3s", "active"));

  absl::StatusOr<Received> refresh = peer_->WaitFor("SUBSCRIBE", absl::Milliseconds(200));
  for (int i = 0; i < 25 && !refresh.ok(); ++i) {
    ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "again"))),
                IsOkAndHolds(200));
    refresh = peer_->WaitFor("SUBSCRIBE", absl::Milliseconds(200));
  }

  ASSERT_OK(refresh);
  EXPECT_LT(refresh->time - subscribe.time, absl::Seconds(3));
}

// SUB-32: neither more than was granted, nor an end, comes of a state that nobody defined.
TEST_F(ConformanceNotifyScenarioTest, UnknownStateIsActiveAndLargerExpiresIsIgnored) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Begin(cli, "2s", "flourishing;expires=99999"));

  EXPECT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_LT(refresh.time - subscribe.time, absl::Seconds(2));
  EXPECT_EQ(refresh.to_tag(), "a");
}

// SUB-33, GEN-02, GEN-12: the end is now, whatever else is said, and the dialog goes with it.
TEST_F(ConformanceNotifyScenarioTest, TerminatedEndsTheDialogWhateverItsExpires) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Begin(cli, "2s", "active"));

  const Sent last = peer_->Notify(subscribe, "Terminated ;Expires=300;Reason=NoResource");

  EXPECT_THAT(peer_->StatusOf(last), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.reason(), "noresource");
  EXPECT_EQ(status.dialog_count(), 0);
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active")), IsOkAndHolds(481));
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Seconds(2)));
}

// SUB-34: a new beginning takes nothing over from the old dialog, its route set least of all.
TEST_F(ConformanceNotifyScenarioTest, NewAttemptDoesNotReuseTheOldRouteOrTarget) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);
  NotifyOptions routed;
  routed.contact = absl::StrCat("sip:old@127.0.0.1:", peer_->port());
  routed.headers = {absl::StrCat("Record-Route: <", peer_->uri(), ";lr;hop=old>")};
  peer_->Notify(subscribe, "active", Pidf("open"), routed);

  peer_->Notify(subscribe, "terminated;reason=deactivated");

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(again.sip.request_uri(), kAlice);
  EXPECT_EQ(again.Header("Event"), "presence");  // DEV-13
  EXPECT_THAT(again.call_id(), Ne(subscribe.call_id()));
  EXPECT_THAT(again.from_tag(), Ne(subscribe.from_tag()));
  EXPECT_EQ(again.to_tag(), "");
  const std::string route = absl::StrJoin(again.sip.Headers("Route"), ",");
  EXPECT_THAT(route, HasSubstr(peer_->uri() + ";lr"));
  EXPECT_THAT(route, Not(HasSubstr("old")));
}

// SUB-35: nobody wants it any longer when the time has come.
TEST_F(ConformanceNotifyScenarioTest, RetryIsLeftOutWhereNobodyWatchesAnyMore) {
  ASSERT_OK(StartGateway({"--linger=0s"}));
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  peer_->Notify(subscribe, "terminated;reason=probation;retry-after=1");
  ASSERT_OK(cli->WaitForState(v1::Subscription::RETRYING));

  cli.reset();

  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(2500)));
}

// SUB-41.
TEST_F(ConformanceNotifyScenarioTest, BadFilterIsFinalSinceTheFilterWouldBeTheSame) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  peer_->Notify(subscribe, "terminated;reason=badfilter;retry-after=1");

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.reason(), "badfilter");
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(1500)));
}

// SUB-41: no reason at all: later, by our own patience.
TEST_F(ConformanceNotifyScenarioTest, TerminationWithoutAReasonIsRetriedLater) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  peer_->Notify(subscribe, "terminated");

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));
  EXPECT_TRUE(status.has_retry_time());
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_THAT(again.call_id(), Ne(subscribe.call_id()));
}

// SUB-42, GEN-04, GEN-05, GEN-14: a plain 200 without a body, and without headers that belong
// into requests only.
TEST_F(ConformanceNotifyScenarioTest, GoodNotifyIsAnsweredWithAPlain200) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  NotifyOptions accepting;
  accepting.headers = {"Accept: text/plain"};

  for (const NotifyOptions& options : {NotifyOptions(), accepting}) {
    ASSERT_OK_AND_ASSIGN(const Received answer, peer_->WaitForResponse(peer_->Notify(
                                                    subscribe, "active", Pidf("open"), options)));

    EXPECT_EQ(answer.sip.status(), 200);
    EXPECT_EQ(answer.Header("Content-Length"), "0");
    EXPECT_THAT(answer.sip.body(), IsEmpty());
    EXPECT_THAT(answer.sip.Headers("Event"), IsEmpty());
    EXPECT_THAT(answer.sip.Headers("Subscription-State"), IsEmpty());
  }
}

// SUB-43: a consumer that does not read holds nothing up.
TEST_F(ConformanceNotifyScenarioTest, StoppedConsumerDoesNotDelayTheAnswer) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));
  cli->process().Signal(SIGSTOP);

  absl::Duration slowest;
  for (int i = 0; i < 500; ++i) {
    const absl::Time sent = absl::Now();
    const std::string body = Pidf("open", std::string(8000, 'n'));
    ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", body)), IsOkAndHolds(200));
    slowest = std::max(slowest, absl::Now() - sent);
  }

  EXPECT_LT(slowest, absl::Milliseconds(500));
  cli->process().Signal(SIGCONT);
}

// TIMER-J: a repeated NOTIFY gets the same answer and is told once; so does the last one.
TEST_F(ConformanceNotifyScenarioTest, RepeatedNotifyIsAnsweredAgainAndToldOnce) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));
  const RawNotify notify = RawNotify(*peer_, subscribe, "z9hG4bK-twice", 10)
                               .SetBody("application/pidf+xml", Pidf("open", "twice"));
  const RawNotify last = RawNotify(*peer_, subscribe, "z9hG4bK-last", 11)
                             .Set("Subscription-State", "terminated;reason=noresource")
                             .SetBody("application/pidf+xml", Pidf("closed", "last"));

  for (const RawNotify& each : {notify, notify, notify, last, last}) {
    EXPECT_THAT(StatusOfRaw(each), IsOkAndHolds(200));
  }

  std::vector<std::string> told;
  EXPECT_OK(cli->WaitForItem("TERMINATED", [&told](const v1::WatchItem& item) {
    if (item.has_event()) told.push_back(NoteOf(item.event()));
    return item.status().state() == v1::Subscription::TERMINATED;
  }));
  EXPECT_THAT(told, ::testing::ElementsAre("twice", "last"));
}

// SUB-53: the last NOTIFY may say how things were at the end.
TEST_F(ConformanceNotifyScenarioTest, StateInTheLastNotifyIsToldBeforeTheEnd) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  peer_->Notify(subscribe, "terminated;reason=rejected", Pidf("closed", "the end"));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "the end");
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem ended,
                       cli->WaitForItem("dialog_ended", [](const v1::WatchItem& item) {
                         return item.has_dialog_ended();
                       }));
  EXPECT_EQ(ended.dialog_ended().dialog(), event.dialog());
  EXPECT_OK(cli->WaitForState(v1::Subscription::TERMINATED));
}

// GEN-03: notifications end nothing, however many there are, and ask for nothing.
TEST_F(ConformanceNotifyScenarioTest, ManyNotifiesBelongToOneSubscribe) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));

  for (int i = 0; i < 100; ++i) {
    const Sent notify = peer_->Notify(subscribe, "active;expires=3000", Pidf("open", "n"));
    ASSERT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));
    ASSERT_OK(cli->WaitForEvent());
  }

  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(200)));
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 1);
}

}  // namespace
}  // namespace sipevents::testing
