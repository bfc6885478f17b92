#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/scenarios/scenario.h"

// How subscriptions end, and which of them begin again.

namespace sipevents::testing {
namespace {

using ::testing::Ne;

class TerminationScenarioTest : public Scenario {
 protected:
  // Sends a last NOTIFY with this state; expects that it is answered.
  void EndWith(const Received& subscribe, const std::string& state) {
    ended_ = absl::Now();
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, state)), IsOkAndHolds(200));
  }

  // Expects a new attempt (SUB-48), no sooner than `after` and within `patience` of the end.
  void ExpectNewAttempt(const Received& before, absl::Duration after, absl::Duration patience) {
    ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));
    EXPECT_GE(again.time - ended_, after);
    EXPECT_LE(again.time - ended_, patience);
    EXPECT_THAT(again.call_id(), Ne(before.call_id()));
    EXPECT_THAT(again.from_tag(), Ne(before.from_tag()));
    EXPECT_EQ(again.to_tag(), "");
    peer_->Accept(again, Pidf("open", "again"));
  }

  // Expects the stream to end after TERMINATED with this reason, and no new attempt.
  void ExpectFinal(CliProcess& cli, const std::string& reason) {
    ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                         cli.WaitForState(v1::Subscription::TERMINATED));
    EXPECT_EQ(status.reason(), reason);
    EXPECT_THAT(cli.process().WaitForExit(kItemPatience), IsOkAndHolds(0));
    EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(1500)));
  }

  absl::Time ended_;
};

// SUB-13, SUB-14, SUB-15: answered, but no NOTIFY.
TEST_F(TerminationScenarioTest, NoNotifyUntilTimerNRetriesAndRefusesTheLateOne) {
  ASSERT_OK(StartGateway({"--sip_t1=20ms", "--sip_retry_base=1200ms"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));

  EXPECT_EQ(status.reason(), "no-notify");
  EXPECT_TRUE(status.has_retry_time());
  // Timer N began when it was sent, a little before it came.
  EXPECT_GE(absl::Now() - subscribe.time, absl::Milliseconds(64 * 20 - 100));
  EXPECT_LE(absl::Now() - subscribe.time, absl::Seconds(5));
  ASSERT_OK_AND_ASSIGN(const v1::Bookmark complete,
                       cli->WaitForBookmark(v1::Bookmark::INITIAL_STATE_COMPLETE));
  EXPECT_FALSE(complete.has_state());
  const Sent late = peer_->Notify(subscribe, "active;expires=600", Pidf("open"));
  EXPECT_THAT(peer_->StatusOf(late), IsOkAndHolds(481));
}

// Nobody answers at all: eleven datagrams, then Timer F (RFC 3261, 17.1.2.2).
TEST_F(TerminationScenarioTest, SilentPeerMeansRetransmissionsThenRetrying) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));

  EXPECT_EQ(status.reason(), "timeout");
  EXPECT_GE(peer_->Retransmissions(subscribe), 8);
  EXPECT_LE(peer_->Retransmissions(subscribe), 12);
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 1);
}

// SUB-34.
TEST_F(TerminationScenarioTest, DeactivatedBeginsAgainAtOnce) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=deactivated;retry-after=3600");

  ExpectNewAttempt(subscribe, absl::ZeroDuration(), absl::Seconds(2));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem ended,
                       cli->WaitForItem("dialog_ended", [](const v1::WatchItem& item) {
                         return item.has_dialog_ended();
                       }));
  EXPECT_EQ(ended.dialog_ended().reason(), "deactivated");
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "again");
}

// SUB-35: and the state shown meanwhile is RETRYING with the time.
TEST_F(TerminationScenarioTest, ProbationWaitsForRetryAfter) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=probation;retry-after=2");

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "probation");
  EXPECT_TRUE(status.has_retry_time());
  ExpectNewAttempt(subscribe, absl::Seconds(2), absl::Seconds(5));
}

// SUB-37.
TEST_F(TerminationScenarioTest, UnexpectedTimeoutBeginsAgain) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=timeout;retry-after=3600");

  ExpectNewAttempt(subscribe, absl::ZeroDuration(), absl::Seconds(2));
}

// SUB-38.
TEST_F(TerminationScenarioTest, GiveupWaitsForRetryAfter) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=giveup;retry-after=1");

  ExpectNewAttempt(subscribe, absl::Seconds(1), absl::Seconds(4));
}

// SUB-41: an unknown reason, no sooner than retry-after.
TEST_F(TerminationScenarioTest, UnknownReasonWaitsForRetryAfter) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=full-moon;retry-after=1");

  ExpectNewAttempt(subscribe, absl::Seconds(1), absl::Seconds(4));
}

// SUB-36, SUB-33.
TEST_F(TerminationScenarioTest, RejectedIsFinalWhateverRetryAfterSays) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=rejected;retry-after=1;expires=300");

  ExpectFinal(*cli, "rejected");
}

// SUB-39.
TEST_F(TerminationScenarioTest, NoResourceIsFinal) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=noresource;retry-after=1");

  ExpectFinal(*cli, "noresource");
}

// SUB-40: final, but what was told stays true: no dialog_ended.
TEST_F(TerminationScenarioTest, InvariantIsFinalAndKeepsTheState) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EndWith(subscribe, "terminated;reason=invariant;retry-after=1");

  bool dialog_ended = false;
  ASSERT_OK_AND_ASSIGN(
      const v1::WatchItem item,
      cli->WaitForItem("TERMINATED", [&dialog_ended](const v1::WatchItem& candidate) {
        dialog_ended |= candidate.has_dialog_ended();
        return candidate.status().state() == v1::Subscription::TERMINATED;
      }));
  EXPECT_EQ(item.status().reason(), "invariant");
  EXPECT_FALSE(dialog_ended);
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(1500)));
}

// SUB-10: a refusal is final, and makes nothing that a NOTIFY could belong to.
TEST_F(TerminationScenarioTest, ForbiddenIsFinalAndNothingIsLeft) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  peer_->Respond(subscribe, 403);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.reason(), "response");
  EXPECT_EQ(status.sip_status(), 403);
  const Sent notify = peer_->Notify(subscribe, "active;expires=600", Pidf("open"));
  EXPECT_THAT(peer_->StatusOf(notify), IsOkAndHolds(481));
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Seconds(1)));
}

// The peer is overloaded: Retry-After is a lower bound.
TEST_F(TerminationScenarioTest, ServiceUnavailableWaitsForRetryAfter) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions later;
  later.headers = {"Retry-After: 2"};
  ended_ = absl::Now();
  peer_->Respond(subscribe, 503, later);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));

  EXPECT_EQ(status.sip_status(), 503);
  ExpectNewAttempt(subscribe, absl::Seconds(2), absl::Seconds(5));
  EXPECT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
}

// 423: once more, with what the notifier asks for at least.
TEST_F(TerminationScenarioTest, IntervalTooBriefAsksForMinExpires) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence", {"--expires=60s"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(subscribe.expires(), 60);
  ResponseOptions brief;
  brief.headers = {"Min-Expires: 1800"};
  peer_->Respond(subscribe, 423, brief);

  ASSERT_OK_AND_ASSIGN(const Received longer, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_EQ(longer.expires(), 1800);
  peer_->Accept(longer, Pidf("open", "granted"));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "granted");
}

// ALG-B: a conference that says of itself that it is no more is not followed any longer.
TEST_F(TerminationScenarioTest, ConferenceThatIsDeletedIsUnsubscribedFrom) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch("sip:room@example.com", "conference"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  NotifyOptions options;
  options.content_type = "application/conference-info+xml";

  peer_->Accept(subscribe,
                "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\""
                " entity=\"sip:room@example.com\" state=\"deleted\" version=\"4\"/>",
                options);

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_TRUE(event.conference().ended());
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.to_tag(), "a");
  peer_->Accept(unsubscribe);
  ExpectFinal(*cli, "noresource");
}

// The responses to a refresh that end the subscription (SUB-46), and some that do not (SUB-47).
class RefreshScenarioTest : public TerminationScenarioTest {
 protected:
  // Sets up a subscription whose refresh is due within two seconds; returns the refresh.
  absl::StatusOr<Received> TakeRefresh(std::unique_ptr<CliProcess>& cli) {
    absl::StatusOr<Received> subscribe = Establish(cli, "presence", {"--expires=4s"});
    if (!subscribe.ok()) return subscribe;
    return peer_->WaitFor("SUBSCRIBE");
  }
};

TEST_F(RefreshScenarioTest, UnknownSubscriptionOnRefreshBeginsAnew) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received refresh, TakeRefresh(cli));
  ASSERT_EQ(refresh.to_tag(), "a");

  ended_ = absl::Now();
  peer_->Respond(refresh, 481);

  ExpectNewAttempt(refresh, absl::ZeroDuration(), absl::Seconds(3));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "again");
  const Sent stray = peer_->Notify(refresh, "active", Pidf("open"));
  EXPECT_THAT(peer_->StatusOf(stray), IsOkAndHolds(481));
}

TEST_F(RefreshScenarioTest, ServerErrorOnRefreshKeepsTheSubscription) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received refresh, TakeRefresh(cli));

  peer_->Respond(refresh, 500);

  const Sent notify = peer_->Notify(refresh, "active", Pidf("closed", "still here"));
  EXPECT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "still here");
}

// SUB-51: nobody hears the refresh; the state shown is stale, then the dialog is given up.
TEST_F(RefreshScenarioTest, SilenceOnRefreshEndsTheDialogAndRetries) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received refresh, TakeRefresh(cli));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));

  EXPECT_TRUE(status.has_stale_since());
  EXPECT_EQ(status.dialog_count(), 0);
}

}  // namespace
}  // namespace sipevents::testing
