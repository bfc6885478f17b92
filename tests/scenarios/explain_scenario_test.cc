#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "tests/scenarios/scenario.h"

// `sipevents subscriptions explain`: why is this lamp wrong?

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ExplainScenarioTest : public Scenario {
 protected:
  // All that is printed of alice's presence, and what it says.
  absl::StatusOr<v1::Explanation> Explain() {
    absl::StatusOr<CliProcess::Outcome> outcome =
        RunCli({"subscriptions", "explain", kAlice, "--event=presence"});
    if (!outcome.ok()) return outcome.status();
    printed_ = outcome->Text();
    v1::Explanation explanation;
    if (outcome->exit_status != 0 || outcome->lines.size() != 1 ||
        !google::protobuf::util::JsonStringToMessage(outcome->lines[0], &explanation).ok()) {
      return absl::InternalError(outcome->Text());
    }
    return explanation;
  }

  // Asks until the first finding is this one.
  absl::StatusOr<v1::Finding> WaitForFinding(const std::string& code) {
    const absl::Time deadline = absl::Now() + kItemPatience;
    for (;;) {
      absl::StatusOr<v1::Explanation> explanation = Explain();
      if (!explanation.ok()) return explanation.status();
      if (explanation->findings(0).code() == code) return explanation->findings(0);
      if (absl::Now() > deadline) return absl::DeadlineExceededError(printed_);
      absl::SleepFor(absl::Milliseconds(100));
    }
  }

  std::string printed_;
};

TEST_F(ExplainScenarioTest, AllIsWellWhereItIs) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK(Establish(cli));

  ASSERT_OK_AND_ASSIGN(const v1::Explanation explanation, Explain());

  EXPECT_EQ(explanation.findings(0).severity(), v1::Finding::OK) << printed_;
  EXPECT_THAT(explanation.findings(0).text(), HasSubstr("next refresh in"));
  ASSERT_EQ(explanation.dialogs_size(), 1);
  EXPECT_EQ(explanation.dialogs(0).shows(), "open");
  EXPECT_EQ(explanation.watchers().watch_count(), 1);
  EXPECT_EQ(explanation.counts().notifies_received(), 1u);
  EXPECT_EQ(explanation.counts().events_delivered(), 1u);
  ASSERT_EQ(explanation.exchanges_size(), 2);
  EXPECT_EQ(explanation.exchanges(0).peer(), absl::StrCat("udp:127.0.0.1:", peer_->port()));
  EXPECT_EQ(explanation.exchanges(0).status(), 200);
  ASSERT_EQ(explanation.servers_size(), 1);
  EXPECT_FALSE(explanation.servers(0).down());
}

// SUB-49: until Timer N the subscription counts as alive; people want to know before.
TEST_F(ExplainScenarioTest, SilenceAtTheRefreshIsNamed) {
  ASSERT_OK(StartGateway({"--sip_t1=250ms"}));
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK(Establish(cli, "presence", {"--expires=12s"}));
  ASSERT_OK(peer_->WaitFor("SUBSCRIBE").status());

  ASSERT_OK_AND_ASSIGN(const v1::Finding finding, WaitForFinding("REFRESH_UNANSWERED"));

  EXPECT_EQ(finding.severity(), v1::Finding::ERROR);
  EXPECT_THAT(finding.text(), HasSubstr("The notifier has not answered the refresh since "));
  EXPECT_THAT(finding.text(), HasSubstr("the state shown is "));
}

TEST_F(ExplainScenarioTest, BodyThatCannotBeUsedIsNamed) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", "<presence><tup")),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());

  ASSERT_OK_AND_ASSIGN(const v1::Explanation explanation, Explain());

  EXPECT_EQ(explanation.findings(0).code(), "BODY_UNUSABLE") << printed_;
  EXPECT_THAT(explanation.findings(0).text(), HasSubstr(event.decode_error()));
  EXPECT_THAT(explanation.findings(0).text(), HasSubstr("the lamp shows the state of "));
  EXPECT_EQ(explanation.counts().decode_errors(), 1u);
}

TEST_F(ExplainScenarioTest, RefusalIsNamedAfterTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence", {"--linger=1m"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 404);
  ASSERT_OK(cli->WaitForState(v1::Subscription::TERMINATED).status());

  ASSERT_OK_AND_ASSIGN(const v1::Explanation explanation, Explain());

  EXPECT_EQ(explanation.findings(0).code(), "TERMINATED") << printed_;
  EXPECT_THAT(explanation.findings(0).text(), HasSubstr("the server answered 404"));
}

// AUTH-01: what is secret stays so, whoever asks.
TEST_F(ExplainScenarioTest, CredentialsNeverAppear) {
  const std::string file = WriteFile("credentials", "example.com gateway opensesame\n");
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + file}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  DigestChallenge challenge;
  challenge.nonce = "n0nce-of-the-day";
  peer_->Challenge(subscribe, challenge);
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));
  const std::string response = DigestParameter(again.Header("Authorization"), "response");
  NotifyOptions secretive;
  secretive.contact = absl::StrCat("sip:alice:hunter2@127.0.0.1:", peer_->port());
  peer_->Accept(again, Pidf("open"), secretive);
  ASSERT_OK(cli->WaitForEvent().status());

  ASSERT_OK(Explain().status());

  ASSERT_THAT(response, Not(::testing::IsEmpty()));
  for (const std::string& secret :
       {std::string("opensesame"), challenge.nonce, response, std::string("hunter2")}) {
    EXPECT_THAT(printed_, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(printed_, HasSubstr("Authorization: (redacted)"));
  EXPECT_THAT(printed_, HasSubstr("sip:alice:(redacted)@127.0.0.1"));
}

}  // namespace
}  // namespace sipevents::testing
