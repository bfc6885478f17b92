#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/scenarios/raw_notify.h"
#include "tests/scenarios/scenario.h"

// Refreshing, ending and fetching: the rows of docs/conformance.md that the other scenarios do
// not show.

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Ne;
using ::testing::Not;
using ::testing::SizeIs;

class ConformanceRefreshScenarioTest : public Scenario {
 protected:
  // Sets up a subscription that is refreshed after a second, and takes the refresh.
  absl::StatusOr<Received> TakeRefresh(std::unique_ptr<CliProcess>& cli) {
    absl::StatusOr<Received> subscribe = Establish(cli, "presence", {"--expires=2s"});
    if (!subscribe.ok()) return subscribe;
    first_ = *subscribe;
    return peer_->WaitFor("SUBSCRIBE");
  }

  Received first_;
};

// SUB-01, SUB-02, SUB-45, SUB-58, GEN-01, GEN-05, GEN-17, DEV-15: what each SUBSCRIBE of a
// subscription says is the same, and complete.
TEST_F(ConformanceRefreshScenarioTest, RefreshAndUnsubscribeAreCompleteAndSayTheSame) {
  ASSERT_OK(StartGateway({"--linger=0s"}));
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received refresh, TakeRefresh(cli));
  peer_->Accept(refresh);
  cli.reset();
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Accept(unsubscribe);

  uint32_t cseq = first_.sip.cseq();
  for (const Received& request : {first_, refresh, unsubscribe}) {
    EXPECT_THAT(request.sip.Headers("Event"), ElementsAre("presence"));
    EXPECT_THAT(request.sip.Headers("Expires"), SizeIs(1));
    EXPECT_THAT(request.sip.Headers("Contact"), ElementsAre(first_.Header("Contact")));
    EXPECT_THAT(request.sip.Headers("Max-Forwards"), ElementsAre("70"));
    EXPECT_THAT(request.sip.Headers("Via"), SizeIs(1));
    EXPECT_THAT(request.Header("Via"), HasSubstr("branch=z9hG4bK"));
    EXPECT_THAT(request.Header("Allow"), HasSubstr("NOTIFY"));
    EXPECT_THAT(request.Header("Accept"), HasSubstr("application/pidf+xml"));
    EXPECT_THAT(request.sip.Headers("Subscription-State"), IsEmpty());
    EXPECT_EQ(request.call_id(), first_.call_id());
    EXPECT_EQ(request.from_tag(), first_.from_tag());
    EXPECT_EQ(request.sip.cseq(), cseq++);
  }
  EXPECT_EQ(refresh.expires(), 2);
  EXPECT_EQ(refresh.to_tag(), "a");
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.to_tag(), "a");
}

// SUB-58, GEN-08: an `id` that the caller asks for is part of what is subscribed to.
TEST_F(ConformanceRefreshScenarioTest, EventIdOfTheCallerStaysAndMustBeNotified) {
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       Watch(kAlice, "presence", {"--expires=2s", "--event_parameter=id=k7"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(subscribe.Header("Event"), "presence;id=k7");
  peer_->Respond(subscribe, 200);
  NotifyOptions without;
  without.event = "presence";
  NotifyOptions other;
  other.event = "presence;id=K7";

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", "", without)), IsOkAndHolds(481));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", "", other)), IsOkAndHolds(481));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open"))), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(refresh.Header("Event"), "presence;id=k7");
}

// SUB-20: the newest Contact is where the next request goes: of a NOTIFY, and of a 2xx.
TEST_F(ConformanceRefreshScenarioTest, TargetFollowsEachNotifyAndEachAnswer) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--expires=2s"}));
  const auto contact = [this](const std::string& user) {
    return absl::StrCat("sip:", user, "@127.0.0.1:", peer_->port());
  };
  NotifyOptions moved;
  moved.contact = contact("second");
  peer_->Notify(subscribe, "active", Pidf("open"), moved);

  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_EQ(refresh.sip.request_uri(), contact("second"));
  moved.contact = contact("third");
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(refresh, "active", Pidf("open"), moved)),
              IsOkAndHolds(200));
  ResponseOptions again;
  again.contact = absl::StrCat("<", contact("fourth"), ">");
  peer_->Respond(refresh, 200, again);
  ASSERT_OK_AND_ASSIGN(const Received next, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(next.sip.request_uri(), contact("fourth"));
}

// SUB-47: any other failure leaves it until its time is over, and stops the wait for a NOTIFY.
TEST_F(ConformanceRefreshScenarioTest, RefreshThatFailsLeavesTheSubscriptionUntilItExpires) {
  ASSERT_OK(StartGateway({"--sip_t1=10ms", "--sip_retry_base=600ms"}));
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--expires=4s"}));
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions later;
  later.headers = {"Retry-After: 100"};
  peer_->Respond(refresh, 500, later);

  // Timer N of the refresh would have fired after 640 ms.
  ASSERT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Seconds(1)));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "still"))),
              IsOkAndHolds(200));
  EXPECT_OK(cli->WaitForItem(
      "state", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "still"; }));

  // SUB-51: then it is gone.
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem ended,
                       cli->WaitForItem("dialog_ended", [](const v1::WatchItem& item) {
                         return item.has_dialog_ended();
                       }));
  EXPECT_GT(absl::Now() - subscribe.time, absl::Milliseconds(3500));
  EXPECT_EQ(ended.dialog_ended().reason(), "expired");
}

// CEN-02, CEN-03: a refresh asks for a NOTIFY only if something has changed, where the notifier
// gives its states tags; one that is too long is not used.
TEST_F(ConformanceRefreshScenarioTest, RefreshNamesTheTagOfTheStateThatIsKnown) {
  const std::string usual = "e-1.a";
  for (const auto& [tag, condition] :
       {std::pair(usual, usual), std::pair(std::string(257, 'e'), std::string())}) {
    ASSERT_OK(StartGateway());
    ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence", {"--expires=2s"}));
    ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    peer_->Respond(subscribe, 200);
    NotifyOptions options;
    options.headers = {absl::StrCat("SIP-ETag: ", tag)};
    peer_->Notify(subscribe, "active;expires=2", Pidf("open"), options);
    ASSERT_OK(cli->WaitForEvent());

    ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

    EXPECT_EQ(subscribe.Header("Suppress-If-Match"), "");
    EXPECT_EQ(refresh.Header("Suppress-If-Match"), condition);
    peer_->Respond(refresh, 204);
  }
}

// CEN-07: unsubscribing may be answered so, too; then it is over.
TEST_F(ConformanceRefreshScenarioTest, UnsubscribeAnswered204IsOver) {
  ASSERT_OK(StartGateway());
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  gateway_->process().Signal(SIGTERM);
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  const absl::Time answered = absl::Now();

  peer_->Respond(unsubscribe, 204);

  // The drain would wait for Timer N (3.2 s) otherwise.
  EXPECT_THAT(gateway_->process().WaitForExit(kItemPatience), IsOkAndHolds(0));
  EXPECT_LT(absl::Now() - answered, absl::Seconds(2 * kSlowdown));
}

// SUB-52, SUB-53, SUB-37: what crosses the unsubscribe is answered; its end is not retried.
TEST_F(ConformanceRefreshScenarioTest, NotifyThatCrossesTheUnsubscribeIsAnswered) {
  for (const std::string& last_body : {std::string(), Pidf("closed")}) {
    ASSERT_OK(StartGateway({"--linger=0s"}));
    std::unique_ptr<CliProcess> cli;
    ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
    cli.reset();
    ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
    ASSERT_EQ(unsubscribe.expires(), 0);

    const Sent crossing = peer_->Notify(subscribe, "active;expires=500", Pidf("open"));
    EXPECT_THAT(peer_->StatusOf(crossing), IsOkAndHolds(200));
    peer_->Respond(unsubscribe, 200);
    const Sent after = peer_->Notify(subscribe, "active;expires=500", Pidf("open"));
    EXPECT_THAT(peer_->StatusOf(after), IsOkAndHolds(200));
    const Sent last = peer_->Notify(subscribe, "terminated;reason=timeout", last_body);
    EXPECT_THAT(peer_->StatusOf(last), IsOkAndHolds(200));

    EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active")), IsOkAndHolds(481));
    EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(500)));
  }
}

// SUB-54: each fork that answers is a line.
TEST_F(ConformanceRefreshScenarioTest, FetchThatForksBringsEachState) {
  ASSERT_OK(StartGateway({"--sip_t1=500ms", "--sip_retry_base=30s"}));
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=dialog"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);
  for (const std::string tag : {"a", "b"}) {
    NotifyOptions fork;
    fork.from_tag = tag;
    const Sent notify = peer_->Notify(subscribe, "terminated;reason=timeout",
                                      DialogInfo(0, "call-" + tag, "confirmed"), fork);
    EXPECT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));
  }

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());

  EXPECT_EQ(outcome.exit_status, 0) << outcome.Text();
  std::set<std::string> calls;
  for (const std::string& line : outcome.lines) {
    ASSERT_OK_AND_ASSIGN(const v1::Event event, EventOf(line));
    ASSERT_EQ(event.dialog_info().dialogs_size(), 1);
    calls.insert(event.dialog_info().dialogs(0).id());
  }
  EXPECT_THAT(calls, ElementsAre("call-a", "call-b"));
}

// SUB-55, AUTH-07: what was learnt from one fetch is shown with the next, and counted up.
TEST_F(ConformanceRefreshScenarioTest, SecondFetchShowsCredentialsAtOnce) {
  const std::string file =
      WriteFile("fetch-credentials", "example.com gateway opensesame example.com\n");
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + file}));
  const DigestChallenge challenge;
  std::vector<std::string> counts;
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto cli,
                         CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=presence"}));
    ASSERT_OK_AND_ASSIGN(Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    if (i == 0) {
      peer_->Challenge(subscribe, challenge);
      ASSERT_OK_AND_ASSIGN(subscribe, peer_->WaitFor("SUBSCRIBE"));
    }
    EXPECT_OK(CheckDigest(subscribe.Header("Authorization"), challenge, "SUBSCRIBE", "gateway",
                          "opensesame"));
    counts.push_back(DigestParameter(subscribe.Header("Authorization"), "nc"));
    peer_->Accept(subscribe, Pidf("open"));
    ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());
    EXPECT_EQ(outcome.exit_status, 0) << outcome.Text();
  }

  EXPECT_THAT(counts, ElementsAre("00000001", "00000002"));
}

// SUB-56, SUB-57: the device behind a GRUU is asked in a dialog of its own, at that GRUU.
TEST_F(ConformanceRefreshScenarioTest, DeviceBehindAGruuIsAskedInADialogOfItsOwn) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  NotifyOptions device;
  device.contact =
      absl::StrCat("sip:alice@127.0.0.1:", peer_->port(), ";gr=urn:uuid:f81d4fae-7dec-11d0");
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open"), device)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const auto second, Watch(device.contact, "dialog"));

  ASSERT_OK_AND_ASSIGN(const Received to_device, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(to_device.sip.request_uri(), device.contact);
  EXPECT_THAT(to_device.call_id(), Ne(subscribe.call_id()));
  EXPECT_EQ(to_device.to_tag(), "");
  EXPECT_THAT(to_device.Header("Event"), Not(HasSubstr("id=")));
}

}  // namespace
}  // namespace sipevents::testing
