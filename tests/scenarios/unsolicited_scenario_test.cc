#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// State that nobody subscribed to, from peers that may send such (DEV-09,
// --sip_unsolicited_notify).

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kMailbox[] = "sip:alice@example.com";

class UnsolicitedScenarioTest : public Scenario {
 protected:
  absl::Status Start(const std::vector<std::string>& more = {},
                     const std::string& peers = "192.0.2.0/24,127.0.0.0/8") {
    std::vector<std::string> flags = {"--sip_unsolicited_notify=" + peers};
    flags.insert(flags.end(), more.begin(), more.end());
    return StartGateway(flags);
  }

  // What a PBX tells the Contact of `user`.
  NewRequest Tell(const std::string& to, int new_messages, const std::string& user = "gateway") {
    NewRequest notify;
    notify.method = "NOTIFY";
    notify.request_uri = absl::StrCat("sip:", user, "@127.0.0.1:", gateway_->sip_udp_port());
    notify.to = to;
    notify.port = gateway_->sip_udp_port();
    notify.headers = {"Event: message-summary", "Subscription-State: active"};
    notify.content_type = "application/simple-message-summary";
    // Without the account: whose it is must be told by the rest.
    notify.body = absl::StrCat("Messages-Waiting: yes\r\nVoice-Message: ", new_messages, "/0\r\n");
    return notify;
  }

  // Watches the mailbox at a server that knows no subscriptions to it.
  absl::Status WatchRefused(int status = 404) {
    absl::StatusOr<std::unique_ptr<CliProcess>> cli =
        Watch(kMailbox, "message-summary", {"--deliver=every"});
    if (!cli.ok()) return cli.status();
    cli_ = *std::move(cli);
    absl::StatusOr<Received> subscribe = peer_->WaitFor("SUBSCRIBE");
    if (!subscribe.ok()) return subscribe.status();
    peer_->Respond(*subscribe, status);
    return cli_
        ->WaitForItem("RETRYING",
                      [](const v1::WatchItem& item) {
                        return item.status().state() == v1::Subscription::RETRYING;
                      })
        .status();
  }

  std::unique_ptr<CliProcess> cli_;
};

TEST_F(UnsolicitedScenarioTest, StateOfAMailboxThatRefusesSubscriptionsIsDelivered) {
  ASSERT_OK(Start());
  ASSERT_OK(WatchRefused());

  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell("sip:alice@EXAMPLE.com:5060", 3))),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(event.dialog(), "unsolicited");
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 3U);
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome listed, RunCli({"subscriptions", "list"}));
  EXPECT_THAT(listed.lines, ElementsAre(Not(HasSubstr("stale"))));  // it is told, if not asked
}

// "No subscription, no NOTIFY" would be wrong: the state is there, and as fresh as it can be.
TEST_F(UnsolicitedScenarioTest, ExplanationSaysThatItIsToldUnasked) {
  ASSERT_OK(Start());
  ASSERT_OK(WatchRefused());
  ASSERT_THAT(peer_->StatusOf(peer_->Send(Tell(kMailbox, 3))), IsOkAndHolds(200));
  ASSERT_OK(cli_->WaitForEvent().status());

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome,
                       RunCli({"subscriptions", "explain", kMailbox, "--event=message-summary"}));

  const std::string explained = outcome.Text();
  EXPECT_THAT(explained, Not(HasSubstr("\"ERROR\"")));
  EXPECT_THAT(explained, HasSubstr("\"code\":\"TOLD_UNASKED\""));
  EXPECT_THAT(explained, HasSubstr("The server tells this mailbox without being asked, last at"));
  EXPECT_THAT(explained, HasSubstr("(the server answered 404; the next attempt is in 59 min"));
  EXPECT_THAT(explained, HasSubstr("\"dialog\":\"unsolicited\",\"head\":[\"NOTIFY\""));
  EXPECT_THAT(explained, HasSubstr("\"notifiesReceived\":\"1\""));
}

TEST_F(UnsolicitedScenarioTest, StateOfAnotherMailboxGoesNowhere) {
  ASSERT_OK(Start());
  ASSERT_OK(WatchRefused());

  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell("sip:bob@example.com", 3))), IsOkAndHolds(200));
  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell(kMailbox, 5))), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 5U);  // and not 3
}

TEST_F(UnsolicitedScenarioTest, MessageAccountNamesTheMailboxWhereToDoesNot) {
  ASSERT_OK(Start());
  ASSERT_OK(WatchRefused());
  NewRequest notify = Tell("sip:gateway@127.0.0.1", 4);
  notify.body =
      "Messages-Waiting: yes\r\nmessage-account: <sip:alice@example.com>\r\n"
      "Voice-Message: 4/0 (0/0)\r\n";

  EXPECT_THAT(peer_->StatusOf(peer_->Send(notify)), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 4U);
}

// The usual PBX writes to the Contact, and To says no more than that.
TEST_F(UnsolicitedScenarioTest, ContactOfARegisteredIdentityNamesTheMailbox) {
  ASSERT_OK(Start({"--sip_registrations_file=" + WriteFile("registrations", kMailbox)}));
  ASSERT_OK_AND_ASSIGN(const Received registers, peer_->WaitFor("REGISTER"));
  ResponseOptions bound;
  bound.headers = {absl::StrCat("Contact: ", registers.Header("Contact"), ";expires=600")};
  peer_->Respond(registers, 200, bound);
  ASSERT_OK(WatchRefused());

  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell("", 7, "alice"))), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 7U);
}

// 100 here and 100 there.
TEST_F(UnsolicitedScenarioTest, EqualUsersOfTwoDomainsAreToldApart) {
  ASSERT_OK(
      Start({"--sip_registrations_file=" +
             WriteFile("registrations", absl::StrCat("sip:alice@tenant.example\n", kMailbox))}));
  std::string other;
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received registers, peer_->WaitFor("REGISTER"));
    const std::string contact = registers.Header("Contact");
    ResponseOptions bound;
    bound.headers = {absl::StrCat("Contact: ", contact, ";expires=600")};
    peer_->Respond(registers, 200, bound);
    const std::string user = contact.substr(5, contact.find('@') - 5);  // after "<sip:"
    if (registers.Header("To") == "<sip:alice@tenant.example>") other = user;
  }
  ASSERT_OK(WatchRefused());

  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell("", 9, other))), IsOkAndHolds(200));
  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell(kMailbox, 5))), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 5U);  // and not 9
}

// What is asked for counts; what comes beside it does not.
TEST_F(UnsolicitedScenarioTest, DialogOfItsOwnIsBelievedInstead) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(cli_, Watch(kMailbox, "message-summary", {"--deliver=every"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell(kMailbox, 1))), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(event.dialog(), "unsolicited");
  peer_->Respond(subscribe, 200);
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", MessageSummary(2, 0))),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(event, cli_->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 2U);  // not 3: not added up

  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell(kMailbox, 9))), IsOkAndHolds(200));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", MessageSummary(4, 0))),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(event, cli_->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 4U);
}

TEST_F(UnsolicitedScenarioTest, RequestsForPhonesAreAnsweredAndMakeNothing) {
  ASSERT_OK(Start());
  NewRequest notify = Tell("", 1);
  notify.content_type = notify.body = "";
  for (const std::string event : {"keep-alive", "check-sync", "resync", "reboot"}) {
    notify.headers = {"Event: " + event, "Subscription-State: terminated"};
    EXPECT_THAT(peer_->StatusOf(peer_->Send(notify)), IsOkAndHolds(200)) << event;
  }
  notify.headers = {"Event: dialog", "Subscription-State: active"};
  EXPECT_THAT(peer_->StatusOf(peer_->Send(notify)), IsOkAndHolds(481));

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome listed, RunCli({"subscriptions", "list"}));
  EXPECT_THAT(listed.lines, IsEmpty());
}

// SUB-23, SEC-09.
TEST_F(UnsolicitedScenarioTest, PeersThatAreNotNamedAreRefused) {
  ASSERT_OK(Start({}, "192.0.2.0/24"));

  EXPECT_THAT(peer_->StatusOf(peer_->Send(Tell(kMailbox, 1))), IsOkAndHolds(481));
}

TEST_F(UnsolicitedScenarioTest, RefusalForAnotherReasonEndsTheSubscriptionAsEver) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(cli_, Watch(kMailbox, "message-summary"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 403);

  EXPECT_OK(cli_->WaitForItem("TERMINATED", [](const v1::WatchItem& item) {
    return item.status().state() == v1::Subscription::TERMINATED;
  }));
}

}  // namespace
}  // namespace sipevents::testing
