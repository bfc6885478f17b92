#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/gateway/registry/registry_fixture.h"

// Many callers, a SIP thread and the executor's threads at once. Meant for ThreadSanitizer too:
// nothing here links gRPC.

namespace sipevents::gateway {
namespace {

// An agent with a thread of its own, as the real one has: what it is asked for comes true there,
// and its subscriptions are told something new all the time.
class BusyAgent : public sip::Agent {
 public:
  BusyAgent() : thread_([this] { Run(); }) {}

  ~BusyAgent() override {
    stopping_ = true;
    thread_.join();
  }

  sip::SubscriptionId Subscribe(sip::SubscribeRequest /*request*/,
                                std::shared_ptr<sip::SubscriptionObserver> observer) override {
    const sip::SubscriptionId id = ++last_id_;
    Post([this, id, observer = std::move(observer)] {
      observer->OnStatus({.state = sip::SubscriptionState::kSubscribing});
      observer->OnStatus({.state = sip::SubscriptionState::kActive, .dialog_count = 1});
      observers_.emplace(id, observer);
    });
    return id;
  }

  void Unsubscribe(sip::SubscriptionId id) override {
    Post([this, id] {
      const auto ended = observers_.extract(id);
      if (!ended.empty()) Terminate(*ended.mapped());
    });
  }

  void SetExpires(sip::SubscriptionId /*id*/, absl::Duration /*expires*/) override {}
  void Explain(sip::SubscriptionId /*id*/,
               std::function<void(const sip::SubscriptionExplanation&)> /*done*/) override {}
  void Fetch(sip::SubscribeRequest /*request*/,
             std::shared_ptr<sip::FetchObserver> /*observer*/) override {}
  void Drain(absl::Time /*deadline*/, std::function<void()> done) override { done(); }

  // Waits until all that was asked for has come true, and returns how many are left.
  size_t Settle() {
    std::atomic<int> left = -1;
    Post([this, &left] { left = static_cast<int>(observers_.size()); });
    while (left < 0) std::this_thread::yield();
    return static_cast<size_t>(left);
  }

  uint64_t told() const { return told_; }

 private:
  void Post(std::function<void()> action) {
    MutexLock lock(mutex_);
    posted_.push_back(std::move(action));
  }

  void Run() {
    while (!stopping_) {
      std::deque<std::function<void()>> now;
      {
        MutexLock lock(mutex_);
        now.swap(posted_);
      }
      for (const auto& action : now) action();
      TellSomething();
    }
  }

  void TellSomething() {
    for (auto it = observers_.begin(); it != observers_.end();) {
      ++told_;
      const std::string body = absl::StrCat(told_.load());
      sip::Notification notification;
      notification.dialog = told_ % 3 == 0 ? "b" : "a";
      notification.content_type = "text/plain";
      notification.body = body;
      it->second->OnNotification(notification);
      if (told_ % 5 == 0) it->second->OnDialogEnded("b", "deactivated", false);
      if (told_ % 997 != 0) {
        ++it;
        continue;
      }
      Terminate(*it->second);  // the notifier ends it
      it = observers_.erase(it);
    }
    if (observers_.empty()) std::this_thread::yield();
  }

  static void Terminate(sip::SubscriptionObserver& observer) {
    observer.OnStatus({.state = sip::SubscriptionState::kTerminated, .reason = "over"});
    observer.OnEnded();
  }

  std::atomic<bool> stopping_{false};
  std::atomic<sip::SubscriptionId> last_id_{0};
  std::atomic<uint64_t> told_{0};
  Mutex mutex_;
  std::deque<std::function<void()>> posted_ ABSL_GUARDED_BY(mutex_);
  std::map<sip::SubscriptionId, std::shared_ptr<sip::SubscriptionObserver>> observers_;  // thread's
  std::thread thread_;
};

class RegistryThreadsTest : public RegistryFixture {
 protected:
  // Enough that few are refused for beginning anew too often.
  static constexpr int kTargets = 100;

  RegistryThreadsTest() {
    registry_ = std::make_shared<SubscriptionRegistry>(
        SubscriptionRegistry::Options{.linger = absl::Milliseconds(1)},
        SubscriptionRegistry::Parts{busy_agent_, system_clock_, system_random_, threads_, budget_,
                                    metrics_});
  }

  void SetUp() override {}
  // Before what it rests on.
  void TearDown() override { registry_.reset(); }

  // One caller: does at random what callers do.
  void Call(int caller, int steps) {
    std::mt19937 random(static_cast<unsigned>(caller));
    const std::string name = absl::StrCat("caller", caller);
    std::vector<WatchLease> leases;
    // Goes on while it has met nothing, which a busy machine may bring about.
    for (int i = 0; i < steps || (i < 100 * steps && (found_ == 0 || read_ == 0)); ++i) {
      const WantedSubscription& wanted = wanted_[random() % kTargets];
      switch (random() % 8) {
        case 0:
          (void)registry_->Hold(wanted, name, absl::Milliseconds(2));
          break;
        case 1:
          (void)registry_->DropHold("acme", wanted.name, name);
          break;
        case 2:
          if (random() % 16 == 0) (void)registry_->End("acme", wanted.name);
          break;
        case 3:
          for (const auto& one : registry_->ListAfter("acme", "", 5)) one->Describe();
          break;
        case 4:
          if (auto found = registry_->Find("acme", wanted.name); found.ok()) {
            found_ += static_cast<int>((*found)->NewestEvents().size());
          }
          break;
        case 5:
          leases.clear();
          break;
        default:
          if (auto lease = registry_->Watch(wanted, std::nullopt); lease.ok()) {
            WatchReader reader(lease->subscription().log(), {}, std::weak_ptr<Runnable>());
            read_ += static_cast<int>(ReadAll(reader).items.size());
            if (leases.size() < 8) leases.push_back(*std::move(lease));
          }
      }
    }
  }

  SystemClock system_clock_;
  SystemRandom system_random_;
  FanoutExecutor threads_{2};
  BusyAgent busy_agent_;
  std::vector<WantedSubscription> wanted_;
  std::atomic<int> found_{0};
  std::atomic<int> read_{0};
};

TEST_F(RegistryThreadsTest, CallersThatComeAndGoLeaveNothingBehind) {
  for (int i = 0; i < kTargets; ++i) {
    wanted_.push_back(Wanted(absl::StrCat("sip:user", i, "@example.com")));
  }

  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([this, i] { Call(i, 3000); });
  for (std::thread& caller : callers) caller.join();

  // What nobody watches or holds ends after its linger time, with its SIP subscription.
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (registry_->size() > 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(registry_->size(), 0U);
  EXPECT_EQ(busy_agent_.Settle(), 0U);
  EXPECT_GT(busy_agent_.told(), 0U);
  EXPECT_GT(found_, 0);
  EXPECT_GT(read_, 0);
}

}  // namespace
}  // namespace sipevents::gateway
