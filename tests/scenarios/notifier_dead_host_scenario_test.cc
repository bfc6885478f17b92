#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/gateway_process.h"

// The host of many watchers is gone: what was kept for them goes too (NOT-25), those included
// whose NOTIFYs waited for their turn while others timed out.

namespace sipevents::testing {
namespace {

constexpr int kWatchers = 60;
constexpr char kAlice[] = "sip:alice@example.com";
// Of the gateway that scenarios start.
const absl::Duration kTimerF = 64 * absl::Milliseconds(50);

// A socket that many watchers share; closed with it.
class Host {
 public:
  explicit Host(int server_port) {
    socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const timeval patience = {10 * kSlowdown, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    address.sin_port = htons(static_cast<uint16_t>(server_port));
    connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  ~Host() { Kill(); }

  // Subscribes, and takes the answer and the first NOTIFY.
  bool Subscribe(int number) {
    Send(absl::StrCat("SUBSCRIBE ", kAlice, " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:", port_,
                      ";branch=z9hG4bK", number, ";rport\r\nMax-Forwards: 70\r\n", "From: <sip:w",
                      number, "@example.com>;tag=", number, "\r\nTo: <", kAlice, ">\r\nCall-ID: c",
                      number, "\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:w", number,
                      "@127.0.0.1:", port_, ">\r\nEvent: presence\r\nExpires: 3600\r\n",
                      "Content-Length: 0\r\n\r\n"));
    bool accepted = false;
    for (int i = 0; i < 2; ++i) {
      const std::string message = Receive();
      accepted |= absl::StartsWith(message, "SIP/2.0 200");
      if (absl::StartsWith(message, "NOTIFY")) Send(OkTo(message));
    }
    return accepted;
  }

  // Nobody is there.
  void Kill() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

 private:
  void Send(const std::string& message) { send(socket_, message.data(), message.size(), 0); }

  std::string Receive() {
    std::string message(65536, '\0');
    const ssize_t size = recv(socket_, message.data(), message.size(), 0);
    message.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return message;
  }

  static std::string OkTo(const std::string& request) {
    std::string answer = "SIP/2.0 200 OK\r\n";
    for (size_t at = request.find("\r\n") + 2; request.compare(at, 2, "\r\n") != 0;) {
      const size_t end = request.find("\r\n", at) + 2;
      const std::string line = request.substr(at, end - at);
      for (const char* name : {"Via:", "From:", "To:", "Call-ID:", "CSeq:"}) {
        if (absl::StartsWith(line, name)) answer += line;
      }
      at = end;
    }
    return answer + "Content-Length: 0\r\n\r\n";
  }

  int socket_ = -1;
  int port_ = 0;
};

class NotifierDeadHostScenarioTest : public ::testing::Test {
 protected:
  // Begins with watchers that all share one socket.
  void SetUp() override {
    // Few in flight at a time: the others' NOTIFYs wait when the first ones fail.
    ASSERT_OK_AND_ASSIGN(
        gateway_,
        GatewayProcess::Start({"--sip_domains=example.com", "--sip_watcher_auth=none",
                               "--sip_notify_min_interval=0s", "--sip_destination_in_flight=30"}));
    host_ = std::make_unique<Host>(gateway_->sip_udp_port());
    for (int i = 0; i < kWatchers; ++i) ASSERT_TRUE(host_->Subscribe(i));
    ASSERT_OK_AND_ASSIGN(const double watchers, gateway_->Metric("sipevents_watchers"));
    ASSERT_EQ(watchers, kWatchers);
  }

  void Publish() {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<CliProcess> cli,
                         CliProcess::Run(*gateway_, {"publish", kAlice, "--basic=open"}));
    ASSERT_OK_AND_ASSIGN(const int status, cli->process().WaitForExit(kItemPatience));
    ASSERT_EQ(status, 0) << cli->process().Stderr();
  }

  // Waits until no watcher is left; how many are after `patience`.
  double WatchersAfter(absl::Duration patience) {
    const absl::Time deadline = absl::Now() + patience;
    double left = kWatchers;
    while (left > 0 && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(20));
      const absl::StatusOr<double> now = gateway_->Metric("sipevents_watchers");
      if (now.ok()) left = *now;
    }
    return left;
  }

  std::unique_ptr<GatewayProcess> gateway_;
  std::unique_ptr<Host> host_;
};

// NOT-25, NOT-19: and no NOTIFY follows.
TEST_F(NotifierDeadHostScenarioTest, WatchersOfAKilledHostAreForgotten) {
  host_->Kill();
  Publish();
  EXPECT_EQ(WatchersAfter(2 * kTimerF * kSlowdown), 0);
}

TEST_F(NotifierDeadHostScenarioTest, WatchersOfASilentHostAreForgotten) {
  Publish();
  // Those in flight after Timer F, and those that waited for their places after another one.
  EXPECT_EQ(WatchersAfter(4 * kTimerF * kSlowdown), 0);
}

}  // namespace
}  // namespace sipevents::testing
