#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/scenarios/scenario.h"

// How the gateway starts and how it leaves.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

using LifecycleScenarioTest = Scenario;

TEST_F(LifecycleScenarioTest, ReadyGatewayServesHealthAndMetrics) {
  ASSERT_OK(StartGateway());

  EXPECT_OK(gateway_->Get("/healthz"));
  EXPECT_OK(gateway_->Get("/readyz"));
  ASSERT_OK_AND_ASSIGN(const std::string metrics, gateway_->Get("/metrics"));
  EXPECT_THAT(metrics, HasSubstr("# TYPE sipevents_"));
}

TEST_F(LifecycleScenarioTest, TerminatedIdleGatewayExitsWithZero) {
  ASSERT_OK(StartGateway());

  EXPECT_THAT(gateway_->Terminate(), IsOkAndHolds(0));
}

// SIGTERM: not ready, DRAIN to the watchers, unsubscribe, the last NOTIFY is answered, exit 0.
TEST_F(LifecycleScenarioTest, DrainTellsWatchersAndEndsSubscriptions) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  gateway_->process().Signal(SIGTERM);

  ASSERT_OK(cli->WaitForBookmark(v1::Bookmark::DRAIN));
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.call_id(), subscribe.call_id());
  EXPECT_THAT(gateway_->Get("/readyz"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(peer_->StatusOf(peer_->Accept(unsubscribe)), IsOkAndHolds(200));
  EXPECT_THAT(gateway_->process().WaitForExit(kItemPatience), IsOkAndHolds(0));
}

// The peer is dead: the drain is bounded all the same.
TEST_F(LifecycleScenarioTest, DrainWithSilentPeerIsBounded) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  const absl::Time begin = absl::Now();

  EXPECT_THAT(gateway_->Terminate(), IsOkAndHolds(0));

  EXPECT_LT(absl::Now() - begin, absl::Seconds(20));
}

struct BadStart {
  const char* name;
  std::vector<std::string> flags;
  const char* said;
};

class BadStartScenarioTest : public ::testing::TestWithParam<BadStart> {};

INSTANTIATE_TEST_SUITE_P(
    Flags, BadStartScenarioTest,
    ::testing::Values(
        BadStart{"UnknownFlag", {"--no_such_flag=1"}, "no_such_flag"},
        BadStart{"DurationIsNone", {"--sip_t1=banana"}, "sip_t1"},
        BadStart{"T1OutOfRange", {"--sip_t1=1h"}, "sip_t1"},
        BadStart{"ListenerIsNone", {"--sip_listen=carrier-pigeon:7"}, "sip_listen"},
        BadStart{"GrpcAddressIsNone", {"--grpc_listen=nowhere"}, "grpc_listen"},
        BadStart{"GrpcBeyondLoopbackUnprotected", {"--grpc_listen=0.0.0.0:0"}, "insecure_no_auth"},
        BadStart{"WildcardWithoutAdvertise", {"--sip_listen=udp:0.0.0.0:0"}, "sip_advertise"},
        BadStart{"CredentialsFileMissing",
                 {"--sip_credentials_file=/nonexistent/credentials"},
                 "/nonexistent/credentials"},
        BadStart{
            "TokensFileMissing", {"--grpc_tokens_file=/nonexistent/tokens"}, "/nonexistent/tokens"},
        BadStart{"IdentityIsNoUri", {"--sip_identity=me myself"}, "sip_identity"},
        BadStart{"ProxyIsNoUri", {"--sip_outbound_proxy=somewhere over"}, "sip_outbound_proxy"},
        BadStart{"LingerIsNegative", {"--linger=-1s"}, "linger"}),
    [](const auto& instance) { return std::string(instance.param.name); });

// A flag that cannot be used ends the start with one line.
TEST_P(BadStartScenarioTest, EndsWithOneLineAndStatusOne) {
  std::vector<std::string> arguments = {GatewayBinary(), "--grpc_listen=127.0.0.1:0",
                                        "--sip_listen=udp:127.0.0.1:0",
                                        "--http_listen=127.0.0.1:0"};
  arguments.insert(arguments.end(), GetParam().flags.begin(), GetParam().flags.end());
  ASSERT_OK_AND_ASSIGN(const auto process, ChildProcess::Start(arguments));

  ASSERT_OK_AND_ASSIGN(const int exit_status, process->WaitForExit(kItemPatience));

  EXPECT_EQ(exit_status, 1);
  EXPECT_THAT(process->NextLine(absl::Seconds(5)), StatusIs(absl::StatusCode::kOutOfRange));
  const std::string errors = process->Stderr();
  EXPECT_THAT(errors, HasSubstr(GetParam().said));
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

// A port that is taken is named.
TEST_F(LifecycleScenarioTest, TakenPortEndsTheStartNamingIt) {
  const std::string port = absl::StrCat(peer_->port());
  ASSERT_OK_AND_ASSIGN(
      const auto process,
      ChildProcess::Start({GatewayBinary(), "--grpc_listen=127.0.0.1:0",
                           "--http_listen=127.0.0.1:0", "--sip_listen=udp:127.0.0.1:" + port}));

  EXPECT_THAT(process->WaitForExit(kItemPatience), IsOkAndHolds(1));
  EXPECT_THAT(process->NextLine(absl::Seconds(5)), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(process->Stderr(), HasSubstr(port));
}

}  // namespace
}  // namespace sipevents::testing
