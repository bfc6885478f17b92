#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sip/base/mutex.h"
#include "tests/scenarios/notifier_scenario.h"

// Many watchers of many resources, whose states change all the time: nothing is lost, nothing comes
// twice, and everybody ends with the last state.

namespace sipevents::testing {
namespace {

constexpr int kResources = 20;
constexpr int kWatchersEach = 20;
constexpr int kChanges = 10;

std::string ResourceOf(int number) { return absl::StrCat("sip:r", number, "@example.com"); }

// What one of them was told.
struct Told {
  std::string resource;
  std::vector<uint32_t> cseqs;
  std::vector<int> states;  // numbers of the published states; 0: none published
};

class NotifierCrowdScenarioTest : public NotifierScenario {
 protected:
  // All watchers are at peer_, which answers each NOTIFY.
  void Serve() {
    peer_->Serve([this](const Received& notify) {
      if (notify.sip.method() != "NOTIFY") return;
      {
        const MutexLock lock(mutex_);
        Told& told = told_[notify.call_id()];
        told.cseqs.push_back(notify.sip.cseq());
        const size_t note = notify.sip.body().find("<note>state ");
        told.states.push_back(
            note == std::string::npos ? 0 : std::atoi(notify.sip.body().c_str() + note + 12));
      }
      peer_->Respond(notify, 200);
    });
  }

  absl::Status Subscribe(const std::string& resource, int number) {
    RawRequest subscribe = watcher_->NewSubscribe(
        {.resource = resource, .from = absl::StrCat("sip:w", number, "@example.com")});
    subscribe.Set("Contact", absl::StrCat("<sip:watcher@127.0.0.1:", peer_->port(), ">"));
    {
      const MutexLock lock(mutex_);
      told_[subscribe.Get("Call-ID")].resource = resource;
    }
    const absl::StatusOr<Received> response = watcher_->Ask(subscribe);
    if (!response.ok()) return response.status();
    return CheckAccepted(*response);
  }

  // Waits until all have been told the last state.
  bool AllAreTold() {
    const absl::Time deadline = absl::Now() + kPatience;
    while (absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(20));
      const MutexLock lock(mutex_);
      bool all = true;
      for (const auto& [call, told] : told_) {
        all = all && !told.states.empty() && told.states.back() == kChanges;
      }
      if (all) return true;
    }
    return false;
  }

  Mutex mutex_;
  std::map<std::string, Told> told_ ABSL_GUARDED_BY(mutex_);  // by Call-ID
};

// NOT-19, NOT-46.
TEST_F(NotifierCrowdScenarioTest, NothingIsLostOrToldTwice) {
  ASSERT_OK(StartServer());
  Serve();
  std::vector<ScriptedPublisher*> publishers;
  for (int resource = 0; resource < kResources; ++resource) {
    for (int watcher = 0; watcher < kWatchersEach; ++watcher) {
      ASSERT_OK(Subscribe(ResourceOf(resource), watcher));
    }
    ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const publisher, NewPublisher(ResourceOf(resource)));
    publishers.push_back(publisher);
  }

  for (int change = 1; change <= kChanges; ++change) {
    for (ScriptedPublisher* const publisher : publishers) {
      ASSERT_OK_AND_ASSIGN(const Received response,
                           publisher->Publish(Pidf("open", absl::StrCat("state ", change))));
      ASSERT_EQ(response.sip.status(), 200);
    }
  }

  ASSERT_TRUE(AllAreTold());
  peer_->Serve(nullptr);
  EXPECT_OK(peer_->ExpectNone("NOTIFY", kQuiet));
  const MutexLock lock(mutex_);
  EXPECT_EQ(told_.size(), static_cast<size_t>(kResources) * kWatchersEach);
  for (const auto& [call, told] : told_) {
    for (size_t i = 1; i < told.states.size(); ++i) {
      ASSERT_EQ(told.cseqs[i], told.cseqs[i - 1] + 1) << told.resource;
      ASSERT_GT(told.states[i], told.states[i - 1]) << told.resource;
    }
  }
}

}  // namespace
}  // namespace sipevents::testing
