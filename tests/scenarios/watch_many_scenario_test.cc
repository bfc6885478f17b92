#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// `sipevents watch A B C`: one stream for all, each line tells its target.

namespace sipevents::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kBob[] = "sip:bob@example.com";
constexpr char kCarol[] = "sip:carol@example.com";

class WatchManyScenarioTest : public Scenario {
 protected:
  absl::StatusOr<std::unique_ptr<CliProcess>> WatchThree(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {kBob, kCarol};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Watch(kAlice, "presence", arguments);
  }

  absl::StatusOr<Received> SubscribeTo(const std::string& target) {
    return peer_->WaitUntil(absl::StrCat("SUBSCRIBE of ", target), [&](const Received& request) {
      return request.sip.method() == "SUBSCRIBE" && request.sip.request_uri() == target;
    });
  }

  // Skips lines until one of this target has this item and contains `what`.
  static absl::StatusOr<std::string> LineFor(CliProcess& cli, const std::string& target,
                                             const std::string& item,
                                             const std::string& what = "") {
    const std::string begin = absl::StrCat(R"({"target":")", target, R"(",")", item, R"(":)");
    std::string skipped;
    while (true) {
      absl::StatusOr<std::string> line = cli.process().NextLine(kItemPatience);
      if (!line.ok()) {
        return absl::Status(line.status().code(),
                            absl::StrCat("no line ", begin, "; skipped:\n", skipped));
      }
      if (absl::StartsWith(*line, begin) && absl::StrContains(*line, what)) return line;
      absl::StrAppend(&skipped, *line, "\n");
    }
  }
};

TEST_F(WatchManyScenarioTest, RefusedTargetEndsItsWatchAndTheOthersGoOn) {
  ASSERT_OK_AND_ASSIGN(const auto cli, WatchThree({}));
  ASSERT_OK_AND_ASSIGN(const Received alice, SubscribeTo(kAlice));
  ASSERT_OK_AND_ASSIGN(const Received bob, SubscribeTo(kBob));
  ASSERT_OK_AND_ASSIGN(const Received carol, SubscribeTo(kCarol));
  peer_->Respond(bob, 403);
  ASSERT_OK_AND_ASSIGN(const std::string refused, LineFor(*cli, kBob, "status", "TERMINATED"));
  EXPECT_THAT(refused, HasSubstr("403"));

  peer_->Accept(alice, Pidf("open", "here"));
  ASSERT_OK_AND_ASSIGN(const std::string here, LineFor(*cli, kAlice, "event"));
  EXPECT_THAT(here, HasSubstr("here"));
  peer_->Accept(carol, Pidf("closed", "gone"));
  ASSERT_OK_AND_ASSIGN(const std::string gone, LineFor(*cli, kCarol, "event"));
  EXPECT_THAT(gone, HasSubstr("gone"));
  peer_->Notify(alice, "active", Pidf("closed", "left"));
  ASSERT_OK_AND_ASSIGN(const std::string left, LineFor(*cli, kAlice, "event"));
  EXPECT_THAT(left, HasSubstr("left"));
}

TEST_F(WatchManyScenarioTest, TargetThatTheGatewayRefusesIsAnErrorOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence", {"not a uri"}));
  ASSERT_OK_AND_ASSIGN(const Received alice, SubscribeTo(kAlice));

  ASSERT_OK_AND_ASSIGN(const std::string refused, LineFor(*cli, "not a uri", "error"));
  EXPECT_THAT(refused, AllOf(HasSubstr("INVALID_ARGUMENT"), HasSubstr("spec.target_uri")));

  peer_->Accept(alice, Pidf("open", "here"));
  ASSERT_OK(LineFor(*cli, kAlice, "event"));
}

TEST_F(WatchManyScenarioTest, StateFileBringsEachTargetBackToWhereItWas) {
  const std::string file = WriteFile("tokens.json", "{}");
  std::map<std::string, Received> subscribes;
  {
    ASSERT_OK_AND_ASSIGN(const auto cli, WatchThree({"--state_file=" + file}));
    for (const char* target : {kAlice, kBob, kCarol}) {
      ASSERT_OK_AND_ASSIGN(const Received subscribe, SubscribeTo(target));
      peer_->Accept(subscribe, Pidf("open", "first"));
      subscribes.emplace(target, subscribe);
      ASSERT_OK(LineFor(*cli, target, "event"));
      ASSERT_OK(LineFor(*cli, target, "bookmark"));
    }
    cli->process().Signal(SIGTERM);
    ASSERT_OK(cli->process().WaitForExit(kItemPatience));
  }
  const Sent meanwhile = peer_->Notify(subscribes.at(kBob), "active", Pidf("closed", "second"));
  EXPECT_THAT(peer_->StatusOf(meanwhile), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const auto cli, WatchThree({"--state_file=" + file, "--count=1"}));

  ASSERT_OK_AND_ASSIGN(const std::string event, LineFor(*cli, kBob, "event"));
  EXPECT_THAT(event, HasSubstr("second"));
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());
  EXPECT_EQ(outcome.exit_status, 0) << outcome.Text();
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 3);
}

}  // namespace
}  // namespace sipevents::testing
