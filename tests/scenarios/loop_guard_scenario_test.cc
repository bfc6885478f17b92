#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sip/base/mutex.h"
#include "tests/scenarios/scenario.h"

// Peers that would have a simple subscriber send without end. Each gets a handful of SUBSCRIBEs,
// then silence for a while, and the stream says so.

namespace sipevents::testing {
namespace {

// So many within kHurry, whatever the peer does. The backoff begins with 1.5 to 3 s (T1 = 50 ms).
constexpr int kHandful = 8;
constexpr absl::Duration kHurry = absl::Milliseconds(1500);

class LoopGuardScenarioTest : public Scenario {
 protected:
  using Answer = std::function<void(const Received& subscribe, int index)>;

  // Has `answer` meet each SUBSCRIBE; index counts from 0.
  void Play(const Answer& answer) {
    peer_->Serve([this, answer](const Received& request) {
      if (request.sip.method() == "SUBSCRIBE") answer(request, served_++);
    });
  }

  // Watches alice; expects this state and status, and no more than a handful of SUBSCRIBEs.
  absl::StatusOr<v1::Subscription> ExpectCut(v1::Subscription::State state) {
    absl::StatusOr<std::unique_ptr<CliProcess>> cli = Watch(kAlice, "presence");
    if (!cli.ok()) return cli.status();
    const absl::Time began = absl::Now();
    // A retry that goes at once never shows as one that waits for long.
    absl::StatusOr<v1::WatchItem> item =
        (*cli)->WaitForItem("state of one who was cut", [state](const v1::WatchItem& candidate) {
          const v1::Subscription& status = candidate.status();
          if (status.state() != state) return false;
          return state != v1::Subscription::RETRYING ||
                 absl::FromUnixSeconds(status.retry_time().seconds()) +
                         absl::Nanoseconds(status.retry_time().nanos()) >
                     absl::Now() + absl::Milliseconds(500);
        });
    if (!item.ok()) return item.status();
    absl::SleepFor(std::max(began + kHurry - absl::Now(), absl::ZeroDuration()));
    EXPECT_LE(peer_->Count("SUBSCRIBE"), kHandful);
    cli_ = *std::move(cli);
    return item->status();
  }

  std::unique_ptr<CliProcess> cli_;

 private:
  int served_ = 0;
};

TEST_F(LoopGuardScenarioTest, DeactivatedAgainAndAgain) {
  Play([this](const Received& subscribe, int) {
    peer_->Respond(subscribe, 200);
    peer_->Notify(subscribe, "terminated;reason=deactivated");
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "deactivated");
}

TEST_F(LoopGuardScenarioTest, ProbationWithRetryAfterZero) {
  Play([this](const Received& subscribe, int) {
    peer_->Respond(subscribe, 200);
    peer_->Notify(subscribe, "terminated;reason=probation;retry-after=0");
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "probation");
}

TEST_F(LoopGuardScenarioTest, IntervalThatIsNeverLongEnough) {
  Play([this](const Received& subscribe, int index) {
    peer_->Respond(subscribe, 423,
                   {.headers = {absl::StrCat("Min-Expires: ", 4000 + 100 * index)}});
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.sip_status(), 423);
}

TEST_F(LoopGuardScenarioTest, IntervalTooBriefWithoutMinExpires) {
  Play([this](const Received& subscribe, int) { peer_->Respond(subscribe, 423); });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.sip_status(), 423);
}

TEST_F(LoopGuardScenarioTest, RedirectionToItself) {
  Play([this](const Received& subscribe, int) {
    peer_->Respond(subscribe, 302, {.headers = {absl::StrCat("Contact: <", kAlice, ">")}});
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.sip_status(), 302);
}

TEST_F(LoopGuardScenarioTest, RedirectionToEverNewPlaces) {
  Play([this](const Received& subscribe, int index) {
    peer_->Respond(subscribe, 302,
                   {.headers = {absl::StrCat("Contact: <sip:alice@h", index, ".example.net>")}});
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.sip_status(), 302);
}

TEST_F(LoopGuardScenarioTest, ChallengeThatNeverEnds) {
  const std::string file = WriteFile("loop_credentials", "example.com gateway opensesame\n");
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + file}));
  Play([this](const Received& subscribe, int index) {
    peer_->Respond(subscribe, 401,
                   {.headers = {absl::StrCat("WWW-Authenticate: Digest realm=\"example.com\", "
                                             "qop=\"auth\", stale=true, nonce=\"n",
                                             index, "\"")}});
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 401);
}

TEST_F(LoopGuardScenarioTest, GrantOfASecondOverAndOver) {
  Play([this](const Received& subscribe, int) {
    peer_->Respond(subscribe, 200, {.expires = "1"});
    peer_->Notify(subscribe, "active;expires=1", Pidf("open"));
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "expired");
}

TEST_F(LoopGuardScenarioTest, NotifyThatLeavesASecondOverAndOver) {
  Play([this](const Received& subscribe, int) {
    peer_->Respond(subscribe, 200);
    peer_->Notify(subscribe, "active;expires=1", Pidf("open"));
  });
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status, ExpectCut(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "expired");
}

TEST_F(LoopGuardScenarioTest, RefreshThatIsUnknownAgainAndAgain) {
  Play([this](const Received& subscribe, int) {
    if (!subscribe.to_tag().empty()) {
      peer_->Respond(subscribe, 481);
      return;
    }
    peer_->Respond(subscribe, 200, {.expires = "1"});
    peer_->Notify(subscribe, "active;expires=1", Pidf("open"));
  });
  EXPECT_OK(ExpectCut(v1::Subscription::RETRYING));
}

// A gap in the versions of each document would have each answered by a refresh.
TEST_F(LoopGuardScenarioTest, VersionGapInEveryNotify) {
  int version = 0;
  Play([this, &version](const Received& subscribe, int) {
    peer_->Respond(subscribe, 200);
    peer_->Notify(subscribe, "active;expires=600", DialogInfo(++version, "c", "confirmed"));
    std::string gap = DialogInfo(version += 5, "c", "confirmed");
    gap.replace(gap.find("full"), 4, "partial");
    peer_->Notify(subscribe, "active;expires=600", gap);
  });
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "dialog"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));

  EXPECT_OK(peer_->ExpectNone("NOTIFY", absl::Seconds(4)));

  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 2);
  peer_->Serve(nullptr);
}

}  // namespace
}  // namespace sipevents::testing
