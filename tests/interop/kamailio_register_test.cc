#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/peer/sip_peer.h"
#include "tests/scenarios/cli_process.h"

// The gateway registers an identity with a real registrar, and is given a GRUU (GRUU-01).

namespace sipevents::testing {
namespace {

constexpr char kDesk[] = "sip:desk@example.com";

class KamailioRegisterTest : public KamailioScenario,
                             public ::testing::WithParamInterface<Transport> {
 protected:
  void SetUp() override {
    ASSERT_OK(StartKamailio());
    ASSERT_OK(
        StartGateway({ProxyFlag(GetParam()),
                      "--sip_registrations_file=" +
                          WriteFile("registrations", absl::StrCat(kDesk, " expires=600\n"))}));
  }

  // The line of /registrations, once it says that the identity is registered.
  absl::StatusOr<std::string> WaitUntilRegistered() {
    std::string page;
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;
         absl::SleepFor(absl::Milliseconds(20))) {
      absl::StatusOr<std::string> got = gateway_->Get("/registrations");
      if (!got.ok()) return got.status();
      page = *std::move(got);
      if (absl::StrContains(page, "state=registered")) return page;
    }
    return absl::DeadlineExceededError(page);
  }
};

INSTANTIATE_TEST_SUITE_P(Transports, KamailioRegisterTest,
                         ::testing::Values(Transport::kUdp, Transport::kTcp),
                         [](const auto& instance) {
                           return instance.param == Transport::kUdp ? "Udp" : "Tcp";
                         });

TEST_P(KamailioRegisterTest, RegistrarGivesAGruuAndLeadsToTheGateway) {
  // When
  ASSERT_OK_AND_ASSIGN(const std::string line, WaitUntilRegistered());
  // Then
  EXPECT_THAT(line, ::testing::HasSubstr("gruu=sip:desk@example.com;gr=urn:uuid:"));
  // And the registrar tells everybody so.
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kDesk, "reg"));
  const bool tcp = GetParam() == Transport::kTcp;
  const std::string contact =
      absl::StrCat("sip:desk@127.0.0.1:", tcp ? gateway_->sip_tcp_port() : gateway_->sip_udp_port(),
                   tcp ? ";transport=tcp" : "");
  EXPECT_OK(cli->WaitForItem("our contact", [&contact](const v1::WatchItem& item) {
    for (const v1::Registration& registration : item.event().registration().registrations()) {
      for (const v1::RegisteredContact& candidate : registration.contacts()) {
        if (candidate.uri() == contact && candidate.state() == v1::RegisteredContact::ACTIVE) {
          return true;
        }
      }
    }
    return false;
  }));
}

// This server looks for the domain of a GRUU in DNS, where nobody is.
TEST_P(KamailioRegisterTest, WithoutGruuTheIdentityIsNotifiedAtItsAddress) {
  gateway_.reset();
  ASSERT_OK(StartGateway(
      {ProxyFlag(GetParam()),
       "--sip_registrations_file=" + WriteFile("plain", absl::StrCat(kDesk, " gruu=no\n"))}));
  ASSERT_OK_AND_ASSIGN(const std::string line, WaitUntilRegistered());
  EXPECT_THAT(line, ::testing::Not(::testing::HasSubstr("gruu=")));

  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Watch(*gateway_, "sip:alice@example.com", "presence",
                                         {absl::StrCat("--as=", kDesk)}));

  EXPECT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
}

TEST_P(KamailioRegisterTest, ShutdownUnregisters) {
  ASSERT_OK(WaitUntilRegistered());

  EXPECT_THAT(gateway_->Terminate(), IsOkAndHolds(0));

  // A second gateway looks for what the first one left.
  ASSERT_OK(StartGateway({ProxyFlag(GetParam())}));
  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, kDesk, "reg"));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       cli->WaitForItem("a state", [](const v1::WatchItem& candidate) {
                         return candidate.has_event() || candidate.has_bookmark();
                       }));
  for (const v1::Registration& registration : item.event().registration().registrations()) {
    EXPECT_NE(registration.state(), v1::Registration::ACTIVE) << item.ShortDebugString();
  }
}

}  // namespace
}  // namespace sipevents::testing
