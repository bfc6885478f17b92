#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/mutex.h"
#include "tests/sanitizers/build.h"
#include "tests/scenarios/scenario.h"

// A client that does not read costs nobody else anything.

namespace sipevents::testing {
namespace {

// Fewer than the gateway keeps for a reader of every event.
constexpr int kBurst = 50;
constexpr char kLogBytes[] = "sipevents_event_log_bytes";

class SlowReaderScenarioTest : public Scenario {
 protected:
  // Sends states numbered `begin` to `end` - 1, each with 4 KB of text, and expects that a
  // watcher sees each of them, in order.
  void Play(const Received& subscribe, CliProcess& watcher, int begin, int end) {
    const std::string text(4000, 'n');
    for (int first = begin; first < end; first += kBurst) {
      for (int i = first; i < first + kBurst; ++i) {
        const std::string body = Pidf("open", absl::StrCat(i, " ", text));
        ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", body)), IsOkAndHolds(200));
      }
      for (int i = first; i < first + kBurst; ++i) {
        ASSERT_OK_AND_ASSIGN(const v1::Event event, watcher.WaitForEvent());
        ASSERT_EQ(NumberOf(event), i);
      }
    }
  }

  static int NumberOf(const v1::Event& event) {
    int number = -1;
    const std::string note = NoteOf(event);
    return absl::SimpleAtoi(note.substr(0, note.find(' ')), &number) ? number : -1;
  }
};

TEST_F(SlowReaderScenarioTest, StoppedClientLeavesMemoryFlatAndOthersServed) {
  std::unique_ptr<CliProcess> fast;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(fast, "presence", {"--deliver=every"}));
  ASSERT_OK_AND_ASSIGN(const auto stopped, Watch(kAlice, "presence"));
  ASSERT_OK(stopped->WaitForEvent());
  stopped->process().Signal(SIGSTOP);

  // What the stream and the sockets hold is full well before the first thousand is through.
  ASSERT_NO_FATAL_FAILURE(Play(subscribe, *fast, 0, 2000));
  ASSERT_OK_AND_ASSIGN(const double resident_before, gateway_->ResidentBytes());
  ASSERT_OK_AND_ASSIGN(const double log_before, gateway_->Metric(kLogBytes));
  ASSERT_NO_FATAL_FAILURE(Play(subscribe, *fast, 2000, 4000));
  ASSERT_OK_AND_ASSIGN(const double resident_after, gateway_->ResidentBytes());
  ASSERT_OK_AND_ASSIGN(const double log_after, gateway_->Metric(kLogBytes));

  EXPECT_GT(log_before, 0);
  EXPECT_LT(log_after, log_before * 1.1);
  // The second half is more than 16 MB of bodies and documents; it must not have stayed.
  if (!kSanitized) {
    EXPECT_LT(resident_after - resident_before, 6e6);
  }

  // It wakes up: the newest state, and of how many it was spared.
  stopped->process().Signal(SIGCONT);
  int events = 0;
  int superseded = 0;
  ASSERT_OK(
      stopped->WaitForItem("the newest state", [&events, &superseded](const v1::WatchItem& item) {
        events += item.has_event() ? 1 : 0;
        superseded += static_cast<int>(item.event().superseded());
        return NumberOf(item.event()) == 3999;
      }));
  EXPECT_GT(superseded, 0);
  EXPECT_EQ(events + superseded, 4000);
  EXPECT_THAT(gateway_->Metric("sipevents_events_total", "superseded"),
              IsOkAndHolds(static_cast<double>(superseded)));
}

// Many subscriptions, two clients that watch them all, one of them stopped: the other gets every
// event of every one, and each was subscribed to once.
TEST_F(SlowReaderScenarioTest, StoppedClientOfManySubscriptionsLeavesTheOtherServed) {
  constexpr int kTargets = 200;
  constexpr int kRounds = 20;
  // Shared with the peer's thread, which may outlive the test's body.
  struct Subscribes {
    Mutex mutex;
    std::map<std::string, Received> by_target ABSL_GUARDED_BY(mutex);
  };
  const auto subscribes = std::make_shared<Subscribes>();
  peer_->Serve([this, subscribes](const Received& request) {
    if (request.sip.method() != "SUBSCRIBE") return;
    {
      MutexLock lock(subscribes->mutex);
      subscribes->by_target.emplace(request.sip.request_uri(), request);
    }
    peer_->Accept(request, Pidf("open", "-1"));
  });
  std::vector<std::string> arguments = {"watch", "--event=presence", "--deliver=every"};
  for (int i = 0; i < kTargets; ++i) {
    arguments.push_back(absl::StrCat("sip:user", i, "@example.com"));
  }
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto reading, CliProcess::Run(*gateway_, arguments));
  ASSERT_OK_AND_ASSIGN(const auto stopped, CliProcess::Run(*gateway_, arguments));
  for (CliProcess* const cli : {reading.get(), stopped.get()}) {
    for (int i = 0; i < kTargets; ++i) {
      ASSERT_OK(cli->WaitForBookmark(v1::Bookmark::INITIAL_STATE_COMPLETE));
    }
  }
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), kTargets);
  stopped->process().Signal(SIGSTOP);

  std::map<std::string, Received> targets;
  {
    MutexLock lock(subscribes->mutex);
    targets = subscribes->by_target;
  }
  std::map<std::string, int> seen;  // rounds by target
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& [target, subscribe] : targets) {
      const std::string body = Pidf("open", absl::StrCat(round, " ", std::string(2000, 'n')));
      ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", body)), IsOkAndHolds(200));
    }
    for (int i = 0; i < kTargets; ++i) {
      ASSERT_OK_AND_ASSIGN(const v1::Event event, reading->WaitForEvent());
      ASSERT_EQ(NumberOf(event), seen[event.target_uri()]++) << event.target_uri();
    }
  }

  for (const auto& [target, rounds] : seen) EXPECT_EQ(rounds, kRounds) << target;
  EXPECT_EQ(seen.size(), static_cast<size_t>(kTargets));
}

}  // namespace
}  // namespace sipevents::testing
