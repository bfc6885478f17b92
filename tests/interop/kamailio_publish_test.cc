#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/scenario.h"

// A real event state compositor takes what the gateway publishes (RFC 3903), and shows it to those
// who watch, of whom the gateway is one.

namespace sipevents::testing {
namespace {

class KamailioPublishTest : public KamailioScenario,
                            public ::testing::WithParamInterface<Transport> {
 protected:
  void SetUp() override {
    ASSERT_OK(StartKamailio(MutualTls()));
    ASSERT_OK(Start());
  }

  // Starts a gateway for which everything goes to Kamailio over the transport of the case.
  absl::Status Start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = MutualTlsFlags();
    flags.push_back(ProxyFlag(GetParam()));
    flags.insert(flags.end(), more.begin(), more.end());
    return StartGateway(flags);
  }

  // Runs a command to its end; its line.
  absl::StatusOr<google::protobuf::Struct> Run(std::vector<std::string> arguments) {
    absl::StatusOr<std::unique_ptr<CliProcess>> cli =
        CliProcess::Run(*gateway_, std::move(arguments));
    if (!cli.ok()) return cli.status();
    return (*cli)->NextJson();
  }
  // Publishes alice's presence; returns the name of the Publication.
  absl::StatusOr<std::string> Publish(const std::string& basic, const std::string& note) {
    absl::StatusOr<google::protobuf::Struct> made =
        Run({"publish", kAlice, absl::StrCat("--basic=", basic), absl::StrCat("--note=", note),
             "--ttl=10m", "--route=remote"});
    if (!made.ok()) return made.status();
    return made->fields().at("name").string_value();
  }
  // Waits for a state of alice's presence with this note.
  static absl::StatusOr<v1::WatchItem> WaitForNote(CliProcess& watch, const std::string& note) {
    return watch.WaitForItem(
        note, [&note](const v1::WatchItem& item) { return NoteOf(item.event()) == note; });
  }
};

INSTANTIATE_TEST_SUITE_P(Over, KamailioPublishTest,
                         ::testing::Values(Transport::kUdp, Transport::kTcp, Transport::kTls),
                         [](const ::testing::TestParamInfo<Transport>& parameter) {
                           return std::string(TransportName(parameter.param));
                         });

TEST_P(KamailioPublishTest, WhatIsPublishedChangedAndDeletedIsSeenByWhoWatches) {
  // Given
  ASSERT_OK_AND_ASSIGN(const auto watch, CliProcess::Watch(*gateway_, kAlice, "presence"));
  ASSERT_OK(watch->WaitForState(v1::Subscription::ACTIVE));
  // Initial
  ASSERT_OK_AND_ASSIGN(const std::string name, Publish("open", "here"));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem here, WaitForNote(*watch, "here"));
  EXPECT_EQ(here.event().presence().tuples(0).basic(), v1::OPEN);
  // Modify
  ASSERT_OK(Run({"publications", "update", name, "--basic=closed", "--note=gone"}));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem gone, WaitForNote(*watch, "gone"));
  EXPECT_EQ(gone.event().presence().tuples_size(), 1) << gone.ShortDebugString();
  EXPECT_EQ(gone.event().presence().tuples(0).basic(), v1::CLOSED);
  // Remove
  ASSERT_OK_AND_ASSIGN(const auto deletion,
                       CliProcess::Run(*gateway_, {"publications", "delete", name}));
  ASSERT_OK(deletion->Finish());
  EXPECT_OK(watch->WaitForItem("a state without it", [](const v1::WatchItem& item) {
    return item.has_event() && NoteOf(item.event()).empty();
  }));
  EXPECT_OK(WaitForAnswers("PUBLISH", 200, 3));
}

// Each refresh has the tag of the answer before: no 412 comes.
TEST_P(KamailioPublishTest, RefreshesAreTaken) {
  ASSERT_OK(Start({"--sip_expires=4s"}));
  ASSERT_OK(Publish("open", "here"));
  EXPECT_OK(WaitForAnswers("PUBLISH", 200, 3));
  EXPECT_THAT(
      gateway_->Metric("sipevents_sip_responses_total", "method=\"PUBLISH\",status=\"412\""),
      IsOkAndHolds(0));
}

// Two backends speak for one resource, one after the other.
TEST_P(KamailioPublishTest, PublicationsOfOneResourceAreComposed) {
  ASSERT_OK_AND_ASSIGN(const auto watch, CliProcess::Watch(*gateway_, kAlice, "dialog"));
  ASSERT_OK(watch->WaitForState(v1::Subscription::ACTIVE));
  ASSERT_OK(Run({"publish", kAlice, "--call=confirmed", "--ttl=10m", "--route=remote"}));
  ASSERT_OK(Publish("open", "here"));
  EXPECT_OK(watch->WaitForItem("the call", [](const v1::WatchItem& item) {
    return item.event().dialog_info().dialogs_size() > 0 &&
           item.event().dialog_info().dialogs(0).state() == v1::CONFIRMED;
  }));
  EXPECT_OK(WaitForAnswers("PUBLISH", 200, 2));
}

// EPA-13: the compositor has forgotten the tag.
TEST_P(KamailioPublishTest, CompositorThatHasForgottenIsToldTheWholeStateAnew) {
  // Given
  ASSERT_OK_AND_ASSIGN(const std::string name, Publish("open", "here"));
  ASSERT_OK(WaitForAnswers("PUBLISH", 200, 1));
  ASSERT_OK(kamailio_->ForgetPublications());
  // When
  ASSERT_OK(Run({"publications", "update", name, "--basic=closed", "--note=gone"}));
  // Then
  ASSERT_OK(WaitForAnswers("PUBLISH", 412, 1));
  ASSERT_OK(WaitForAnswers("PUBLISH", 200, 2));
  ASSERT_OK_AND_ASSIGN(const auto watch, CliProcess::Watch(*gateway_, kAlice, "presence"));
  EXPECT_OK(WaitForNote(*watch, "gone"));
}

// EPA-10
TEST_P(KamailioPublishTest, ShutdownRemovesWhatIsPublished) {
  ASSERT_OK(Publish("open", "here"));
  ASSERT_OK(WaitForAnswers("PUBLISH", 200, 1));

  EXPECT_THAT(gateway_->Terminate(), IsOkAndHolds(0));

  // Another gateway looks for what is left.
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const auto watch, CliProcess::Watch(*gateway_, kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       watch->WaitForItem("a state", [](const v1::WatchItem& candidate) {
                         return candidate.has_event() || candidate.has_bookmark();
                       }));
  EXPECT_EQ(NoteOf(item.event()), "");
}

}  // namespace
}  // namespace sipevents::testing
