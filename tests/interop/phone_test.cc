#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/scenarios/child_process.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/gateway_process.h"

// What a backend publishes through gRPC, as phones of other makes see it: baresip, and a hundred
// watchers of SIPp. The programs and scenarios are those of the tour in README.md.

namespace sipevents::testing {
namespace {

constexpr char kAlice[] = "sip:alice@example.com";
constexpr char kDemo[] = "tools/demo.d/";
constexpr absl::Duration kPatience = absl::Seconds(30 * kSlowdown);

// Skips lines until one holds `text`.
absl::Status WaitForLine(ChildProcess& process, const std::string& text) {
  const absl::Time deadline = absl::Now() + kPatience;
  std::string skipped;
  while (true) {
    const absl::StatusOr<std::string> line = process.NextLine(deadline - absl::Now());
    if (!line.ok()) {
      return absl::DeadlineExceededError(
          absl::StrCat("no line with \"", text, "\" after:\n", skipped, line.status().message()));
    }
    if (absl::StrContains(*line, text)) return absl::OkStatus();
    absl::StrAppend(&skipped, *line, "\n");
  }
}

class PhoneTest : public ::testing::Test {
 protected:
  void StartGateway(std::vector<std::string> more) {
    std::vector<std::string> flags = {"--sip_domains=example.com", "--sip_notify_min_interval=0s"};
    flags.insert(flags.end(), more.begin(), more.end());
    ASSERT_OK_AND_ASSIGN(gateway_, GatewayProcess::Start(flags));
  }

  std::string Server() const { return absl::StrCat("127.0.0.1:", gateway_->sip_udp_port()); }

  // Runs the command-line client to its end; its exit status must be 0.
  void Run(const std::vector<std::string>& arguments) {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<CliProcess> cli, CliProcess::Run(*gateway_, arguments));
    ASSERT_OK_AND_ASSIGN(const int status, cli->process().WaitForExit(kPatience));
    EXPECT_EQ(status, 0) << cli->process().Stderr();
  }

  // Until so many watch.
  absl::Status AwaitWatchers(double count) {
    const absl::Time deadline = absl::Now() + kPatience;
    double watching = 0;
    while (absl::Now() < deadline) {
      const absl::StatusOr<double> now = gateway_->Metric("sipevents_watchers");
      if (!now.ok()) return now.status();
      watching = *now;
      if (watching >= count) return absl::OkStatus();
      absl::SleepFor(absl::Milliseconds(20));
    }
    return absl::DeadlineExceededError(absl::StrCat(watching, " watchers of ", count));
  }

  std::unique_ptr<GatewayProcess> gateway_;
};

// The users file has a phone that knows MD5 alone, as its password.
TEST_F(PhoneTest, LampOfBaresipFollowsWhatABackendPublishes) {
  const std::string users = absl::StrCat(::testing::TempDir(), "/users");
  FILE* const file = fopen(users.c_str(), "w");
  ASSERT_NE(file, nullptr);
  fputs("lobby example.com secret\n", file);
  fclose(file);
  ASSERT_NO_FATAL_FAILURE(
      StartGateway({"--sip_watcher_digest=md5", absl::StrCat("--sip_users_file=", users)}));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ChildProcess> phone,
                       ChildProcess::Start({absl::StrCat(kDemo, "phone"),
                                            absl::StrCat("--server=", Server()), kAlice}));
  ASSERT_OK(AwaitWatchers(1));

  Run({"publish", kAlice, "--basic=open"});
  EXPECT_OK(WaitForLine(*phone, "Online"));

  phone->SignalGroup(SIGTERM);
  EXPECT_OK(phone->WaitForExit(kPatience).status());
}

TEST_F(PhoneTest, HundredWatchersOfSippAreToldAndLeave) {
  ASSERT_NO_FATAL_FAILURE(StartGateway({"--sip_watcher_auth=none"}));
  ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<ChildProcess> sipp,
      ChildProcess::Start({"/usr/bin/sipp", Server(), "-sf", absl::StrCat(kDemo, "watchers.xml"),
                           "-s", "alice", "-m", "100", "-r", "100", "-i", "127.0.0.1", "-nostdin",
                           "-timeout", "60s", "-timeout_error"}));
  ASSERT_OK(AwaitWatchers(100));

  Run({"publish", kAlice, "--basic=open"});
  ASSERT_OK_AND_ASSIGN(const int status, sipp->WaitForExit(kPatience));
  EXPECT_EQ(status, 0) << sipp->Stderr();  // every call went as the scenario says
}

}  // namespace
}  // namespace sipevents::testing
