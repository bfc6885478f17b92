#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_process.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/gateway_process.h"
#include "tests/scenarios/scenario.h"

// The gateway and a real presence server.

namespace sipevents::testing {
namespace {

class KamailioTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // A directory for each test, since each has a server of its own.
    directory_ = absl::StrCat(::testing::TempDir(), "/",
                              ::testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_OK_AND_ASSIGN(kamailio_, KamailioProcess::Start(directory_));
  }

  void TearDown() override {
    if (HasFailure() && gateway_ != nullptr) {
      std::cerr << "gateway:\n" << gateway_->process().Stderr() << "\n";
    }
  }

  absl::Status StartGateway(std::vector<std::string> flags = {}) {
    flags.push_back(absl::StrCat("--sip_outbound_proxy=", kamailio_->uri(), ";lr"));
    absl::StatusOr<std::unique_ptr<GatewayProcess>> gateway = GatewayProcess::Start(flags);
    if (!gateway.ok()) return gateway.status();
    gateway_ = *std::move(gateway);
    return absl::OkStatus();
  }

  std::string directory_;
  std::unique_ptr<KamailioProcess> kamailio_;
  std::unique_ptr<GatewayProcess> gateway_;
};

TEST_F(KamailioTest, PresenceArrivesTypedWithinASecondOfThePublish) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kAlice, "presence"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_THAT(
      kamailio_->Publish(kAlice, "presence", "application/pidf+xml", Pidf("open", "in the office")),
      IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item, cli->WaitForItem(
                                                     "presence",
                                                     [](const v1::WatchItem& candidate) {
                                                       return NoteOf(candidate.event()) ==
                                                              "in the office";
                                                     },
                                                     absl::Seconds(1)));
  EXPECT_EQ(item.event().presence().entity(), kAlice);
  EXPECT_EQ(item.event().presence().tuples(0).basic(), v1::OPEN);
}

TEST_F(KamailioTest, DialogInfoArrivesTyped) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kAlice, "dialog"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_THAT(kamailio_->Publish(kAlice, "dialog", "application/dialog-info+xml",
                                 DialogInfo(0, "call-1", "confirmed")),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       cli->WaitForItem("a call", [](const v1::WatchItem& candidate) {
                         return candidate.event().dialog_info().dialogs_size() > 0;
                       }));
  EXPECT_EQ(item.event().dialog_info().dialogs(0).state(), v1::CONFIRMED);
  EXPECT_EQ(item.event().dialog_info().dialogs(0).direction(), v1::RECIPIENT);
}

TEST_F(KamailioTest, MessageSummaryArrivesTyped) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kAlice, "message-summary"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_THAT(kamailio_->Publish(kAlice, "message-summary", "application/simple-message-summary",
                                 MessageSummary(2, 8)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       cli->WaitForItem("messages", [](const v1::WatchItem& candidate) {
                         return candidate.event().message_summary().messages_waiting();
                       }));
  ASSERT_EQ(item.event().message_summary().counts_size(), 1);
  EXPECT_EQ(item.event().message_summary().counts(0).class_(), v1::VOICE_MESSAGE);
  EXPECT_EQ(item.event().message_summary().counts(0).new_count(), 2U);
  EXPECT_EQ(item.event().message_summary().counts(0).old_count(), 8U);
}

TEST_F(KamailioTest, FetchBringsWhatWasPublishedBefore) {
  ASSERT_OK(StartGateway());
  ASSERT_THAT(
      kamailio_->Publish(kAlice, "presence", "application/pidf+xml", Pidf("closed", "gone home")),
      IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=presence"}));
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());

  EXPECT_EQ(outcome.exit_status, 0) << outcome.Text();
  ASSERT_EQ(outcome.lines.size(), 1U) << outcome.Text();
  ASSERT_OK_AND_ASSIGN(const v1::Event event, EventOf(outcome.lines[0]));
  EXPECT_EQ(NoteOf(event), "gone home");
  EXPECT_EQ(event.presence().tuples(0).basic(), v1::CLOSED);
}

TEST_F(KamailioTest, UserWhoAsksForDigestIsWatched) {
  constexpr char kSecured[] = "sip:secured@example.com";
  const std::string credentials = absl::StrCat(directory_, "/credentials");
  std::ofstream(credentials) << "example.com gateway s3cret\n";
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + credentials}));
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kSecured, "presence"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_THAT(
      kamailio_->Publish(kSecured, "presence", "application/pidf+xml", Pidf("open", "vault")),
      IsOkAndHolds(200));

  EXPECT_OK(cli->WaitForItem(
      "presence", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "vault"; }));
}

TEST_F(KamailioTest, WrongPasswordIsReportedAndNotRepeated) {
  const std::string credentials = absl::StrCat(directory_, "/credentials");
  std::ofstream(credentials) << "example.com gateway wrong\n";
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + credentials}));

  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Watch(*gateway_, "sip:secured@example.com", "presence"));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 401);
}

// The server dies and comes back: a subscriber learns of it at its refresh. The client does
// nothing at all and gets RETRYING, then the state again.
TEST_F(KamailioTest, ServerKilledAndRestartedComesBackWithoutANewCall) {
  ASSERT_OK(StartGateway({"--sip_expires=10s"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kAlice, "presence"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
  ASSERT_THAT(
      kamailio_->Publish(kAlice, "presence", "application/pidf+xml", Pidf("open", "before")),
      IsOkAndHolds(200));
  ASSERT_OK(cli->WaitForItem(
      "presence", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "before"; }));

  ASSERT_OK(kamailio_->Kill());

  ASSERT_OK_AND_ASSIGN(const v1::Subscription broken,
                       cli->WaitForState(v1::Subscription::RETRYING, absl::Seconds(30)));
  EXPECT_TRUE(broken.has_retry_time());
  EXPECT_TRUE(broken.has_stale_since());

  ASSERT_OK(kamailio_->Restart());

  // The first retry comes 15 to 30 seconds after the failure.
  ASSERT_OK(cli->WaitForItem(
      "the state from before",
      [](const v1::WatchItem& item) { return NoteOf(item.event()) == "before"; },
      absl::Seconds(60)));
  ASSERT_THAT(kamailio_->Publish("sip:bob@example.com", "presence", "application/pidf+xml",
                                 Pidf("open", "other")),
              IsOkAndHolds(200));
  ASSERT_THAT(
      kamailio_->Publish(kAlice, "presence", "application/pidf+xml", Pidf("closed", "after")),
      IsOkAndHolds(200));
  EXPECT_OK(cli->WaitForItem("news", [](const v1::WatchItem& item) {
    for (const v1::PresenceTuple& tuple : item.event().presence().tuples()) {
      if (tuple.basic() == v1::CLOSED) return true;
    }
    return false;
  }));
}

}  // namespace
}  // namespace sipevents::testing
