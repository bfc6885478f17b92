#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/health_probe.h"
#include "tests/scenarios/child_process.h"
#include "tests/scenarios/gateway_process.h"

// The real process: its start, its signals, its log.

namespace sipevents::gateway {
namespace {

using sipevents::testing::ChildProcess;
using sipevents::testing::GatewayBinary;
using sipevents::testing::GatewayProcess;
using sipevents::testing::IsOkAndHolds;
using sipevents::testing::ProbeHealth;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(30);

// A SIP peer that never says anything.
class SilentPeer {
 public:
  SilentPeer() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPeer() { close(fd_); }

  int port() const { return port_; }

  // Waits for a datagram.
  void Receive() const {
    char octet = 0;
    recv(fd_, &octet, 1, 0);
  }

 private:
  int fd_;
  int port_ = 0;
};

// Makes the gateway follow a resource of the peer.
void Follow(const GatewayProcess& gateway, const SilentPeer& peer) {
  grpc::ClientContext context;
  v1::CreateSubscriptionRequest request;
  request.mutable_spec()->set_target_uri(absl::StrCat("sip:alice@127.0.0.1:", peer.port()));
  request.mutable_spec()->set_event_package("presence");
  v1::Subscription response;
  const grpc::Status status =
      v1::Subscriptions::NewStub(
          grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials()))
          ->CreateSubscription(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  peer.Receive();
}

TEST(MainTest, HelpIsPrintedAndNothingStarts) {
  ASSERT_OK_AND_ASSIGN(const auto process, ChildProcess::Start({GatewayBinary(), "--help"}));
  EXPECT_THAT(process->NextLine(kPatience), IsOkAndHolds(StartsWith("sip-event-gateway:")));
  EXPECT_THAT(process->WaitForExit(kPatience), IsOkAndHolds(0));
  EXPECT_EQ(process->Stderr(), "");
}

TEST(MainTest, JsonLogHasTheReadyLineAsAMessage) {
  // Given
  ASSERT_OK_AND_ASSIGN(const auto gateway, GatewayProcess::Start({"--log_format=json"}));
  // When
  ASSERT_THAT(gateway->Terminate(), IsOkAndHolds(0));
  // Then every line is an object, and one has the message.
  const std::string log = gateway->process().StderrWith("\"message\":\"ready", kPatience);
  for (const absl::string_view line : absl::StrSplit(log, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(absl::StartsWith(line, "{\"time\":\"") && absl::EndsWith(line, "}")) << line;
  }
  EXPECT_THAT(log, HasSubstr(absl::StrCat("\"message\":\"ready grpc=", gateway->grpc_address(),
                                          " sip=udp:127.0.0.1:", gateway->sip_udp_port())));
}

TEST(MainTest, ReadyGatewayIsServingByHealthService) {
  ASSERT_OK_AND_ASSIGN(const auto gateway, GatewayProcess::Start({}));
  const auto channel =
      grpc::CreateChannel(gateway->grpc_address(), grpc::InsecureChannelCredentials());
  EXPECT_EQ(ProbeHealth(channel, "sipevents.v1.Subscriptions"), "SERVING");
  EXPECT_EQ(ProbeHealth(channel, ""), "SERVING");
}

TEST(MainTest, SignalThatArrivesTwiceStillDrains) {
  // Given a drain that takes a moment
  const SilentPeer peer;
  ASSERT_OK_AND_ASSIGN(const auto gateway, GatewayProcess::Start({"--drain_timeout=300ms"}));
  Follow(*gateway, peer);
  // When a wrapper passes the signal on that the group got too
  gateway->process().Signal(SIGINT);
  gateway->process().Signal(SIGTERM);
  // Then
  EXPECT_THAT(gateway->process().WaitForExit(kPatience), IsOkAndHolds(0));
}

TEST(MainTest, SecondSignalEndsAtOnce) {
  // Given a drain that takes a minute, since the peer does not answer
  const SilentPeer peer;
  ASSERT_OK_AND_ASSIGN(const auto gateway,
                       GatewayProcess::Start({"--drain_timeout=60s", "--sip_t1=5s"}));
  Follow(*gateway, peer);
  gateway->process().Signal(SIGTERM);
  // When it is told again and again
  const absl::Time begin = absl::Now();
  absl::StatusOr<int> exit_status = absl::UnknownError("not waited for");
  while (!exit_status.ok() && absl::Now() - begin < kPatience) {
    exit_status = gateway->process().WaitForExit(absl::Milliseconds(200));
    if (!exit_status.ok()) gateway->process().Signal(SIGTERM);
  }
  // Then it goes, and says so.
  EXPECT_THAT(exit_status, IsOkAndHolds(1));
  EXPECT_THAT(gateway->process().StderrWith("second signal", kPatience),
              HasSubstr("second signal"));
}

}  // namespace
}  // namespace sipevents::gateway
