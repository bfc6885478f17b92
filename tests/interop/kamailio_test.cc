#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/gateway_process.h"
#include "tests/scenarios/scenario.h"

// The gateway and a real presence server, over each transport. Over TLS both show certificates.

namespace sipevents::testing {
namespace {

class KamailioTest : public KamailioScenario, public ::testing::WithParamInterface<Transport> {
 protected:
  void SetUp() override { ASSERT_OK(StartKamailio(MutualTls())); }

  // Everything goes to Kamailio over the transport of the case.
  absl::Status StartGateway(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = MutualTlsFlags();
    flags.push_back(ProxyFlag(GetParam()));
    flags.insert(flags.end(), more.begin(), more.end());
    return KamailioScenario::StartGateway(flags);
  }
};

INSTANTIATE_TEST_SUITE_P(Over, KamailioTest,
                         ::testing::Values(Transport::kUdp, Transport::kTcp, Transport::kTls),
                         [](const ::testing::TestParamInfo<Transport>& parameter) {
                           return std::string(TransportName(parameter.param));
                         });

TEST_P(KamailioTest, PresenceArrivesTypedWithinASecondOfThePublish) {
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

// The SUBSCRIBE goes over a connection that the gateway opens, and so does every further one; the
// NOTIFYs come over another one, which Kamailio opens to the Contact.
TEST_P(KamailioTest, TransportIsUsedInBothDirections) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto alice, CliProcess::Watch(*gateway_, kAlice, "presence"));
  ASSERT_OK(alice->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_OK_AND_ASSIGN(const auto bob,
                       CliProcess::Watch(*gateway_, "sip:bob@example.com", "presence"));
  ASSERT_OK(bob->WaitForState(v1::Subscription::ACTIVE));

  for (const Transport transport : {Transport::kTcp, Transport::kTls}) {
    const double expected = transport == GetParam() ? 1 : 0;
    EXPECT_THAT(Connections(transport, "gateway"), IsOkAndHolds(expected));
    EXPECT_THAT(Connections(transport, "peer"), IsOkAndHolds(expected));
  }
}

// No outbound proxy: the target itself says how it is reached, and Kamailio's Contact where the
// refreshes go.
TEST_P(KamailioTest, TargetThatNamesTheTransportIsWatchedAndRefreshed) {
  std::vector<std::string> flags = MutualTlsFlags();
  flags.push_back("--sip_expires=4s");
  ASSERT_OK(KamailioScenario::StartGateway(flags));
  ASSERT_OK_AND_ASSIGN(
      const auto cli,
      CliProcess::Watch(*gateway_, kamailio_->uri(GetParam(), "alice"), "presence"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_OK(WaitForAnswers("SUBSCRIBE", 200, 2));

  ASSERT_THAT(kamailio_->Publish("sip:alice@127.0.0.1", "presence", "application/pidf+xml",
                                 Pidf("open", "still here")),
              IsOkAndHolds(200));
  EXPECT_OK(cli->WaitForItem(
      "presence", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "still here"; }));
  EXPECT_THAT(gateway_->Metric("sipevents_sip_responses_total", "status=\"481\""), IsOkAndHolds(0));
}

TEST_P(KamailioTest, DialogInfoArrivesTyped) {
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

TEST_P(KamailioTest, MessageSummaryArrivesTyped) {
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

TEST_P(KamailioTest, FetchBringsWhatWasPublishedBefore) {
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

TEST_P(KamailioTest, UserWhoAsksForDigestIsWatched) {
  constexpr char kSecured[] = "sip:secured@example.com";
  const std::string credentials = WriteFile("credentials", "example.com gateway s3cret\n");
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + credentials}));
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kSecured, "presence"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_THAT(
      kamailio_->Publish(kSecured, "presence", "application/pidf+xml", Pidf("open", "vault")),
      IsOkAndHolds(200));

  EXPECT_OK(cli->WaitForItem(
      "presence", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "vault"; }));
}

TEST_P(KamailioTest, WrongPasswordIsReportedAndNotRepeated) {
  const std::string credentials = WriteFile("credentials", "example.com gateway wrong\n");
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + credentials}));

  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Watch(*gateway_, "sip:secured@example.com", "presence"));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 401);
}

// The server dies and comes back: a subscriber learns of it at its refresh. The client does
// nothing at all and gets RETRYING, then the state again.
TEST_P(KamailioTest, ServerKilledAndRestartedComesBackWithoutANewCall) {
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

// TLS-06: a request that is too large for a datagram goes over TCP where the URI leaves that open.
TEST_F(KamailioScenario, RequestTooLargeForADatagramGoesOverTcp) {
  ASSERT_OK(StartKamailio());
  ASSERT_OK(StartGateway({ProxyFlag(Transport::kUdp)}));
  std::string accept = "--accept=application/pidf+xml";
  for (int i = 0; i < 15; ++i) {
    absl::StrAppend(&accept, ",application/vnd.example.", std::string(60, 'x'), i, "+xml");
  }

  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kAlice, "presence", {accept}));

  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
  EXPECT_THAT(Connections(Transport::kTcp, "gateway"), IsOkAndHolds(1));
}

}  // namespace
}  // namespace sipevents::testing
