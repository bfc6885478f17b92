#include "gateway/watch/fanout_executor.h"

#include <future>
#include <string>

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

class CallingRunnable : public Runnable {
 public:
  explicit CallingRunnable(std::function<void()> call) : call_(std::move(call)) {}

 private:
  void Run() override { call_(); }
  const std::function<void()> call_;
};

std::shared_ptr<CallingRunnable> Calls(std::function<void()> call) {
  return std::make_shared<CallingRunnable>(std::move(call));
}

TEST(FanoutExecutorTest, ScheduledTwiceRunsOnceInOrder) {
  FanoutExecutor executor(0);
  std::string order;
  auto a = Calls([&] { order += 'a'; });
  auto b = Calls([&] { order += 'b'; });

  executor.Schedule(*a);
  executor.Schedule(*b);
  executor.Schedule(*a);

  EXPECT_EQ(executor.queued(), 2);
  EXPECT_EQ(executor.RunReady(), 2);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(executor.queued(), 0);
}

TEST(FanoutExecutorTest, ScheduledWhileRunningRunsAgainBehindOthers) {
  FanoutExecutor executor(0);
  std::string order;
  std::shared_ptr<CallingRunnable> a;
  a = Calls([&] {
    order += 'a';
    if (order.size() == 1) {
      executor.Schedule(*a);
      executor.Schedule(*a);
    }
  });
  auto b = Calls([&] { order += 'b'; });

  executor.Schedule(*a);
  executor.Schedule(*b);
  executor.RunReady();

  EXPECT_EQ(order, "aba");
}

TEST(FanoutExecutorTest, QueuedRunnableIsKeptAliveAndThenLetGo) {
  FanoutExecutor executor(0);
  int runs = 0;
  auto runnable = Calls([&] { ++runs; });
  const std::weak_ptr<Runnable> weak = runnable;
  executor.Schedule(*runnable);

  runnable.reset();
  EXPECT_FALSE(weak.expired());
  executor.RunReady();

  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(weak.expired());
}

TEST(FanoutExecutorTest, TimersRunWhenDueAndMaySetTimers) {
  FanoutExecutor executor(0);
  std::string order;
  executor.RunAfter(absl::Seconds(2), [&] { order += 'b'; });
  executor.RunAfter(absl::Seconds(1), [&] {
    order += 'a';
    executor.RunAfter(absl::Seconds(2), [&] { order += 'c'; });
  });
  const FanoutExecutor::TimerId cancelled =
      executor.RunAfter(absl::Seconds(1), [&] { order += 'x'; });
  EXPECT_TRUE(executor.Cancel(cancelled));

  executor.Advance(absl::Milliseconds(999));
  EXPECT_EQ(order, "");
  executor.Advance(absl::Milliseconds(1));
  EXPECT_EQ(order, "a");
  executor.Advance(absl::Seconds(1));
  EXPECT_EQ(order, "ab");
  executor.Advance(absl::Seconds(1));

  EXPECT_EQ(order, "abc");
  EXPECT_FALSE(executor.Cancel(cancelled));
}

TEST(FanoutExecutorTest, TimerOfThreadedExecutorFiresAndEarlierOneOvertakes) {
  FanoutExecutor executor(1);
  std::promise<void> fired;
  executor.RunAfter(absl::Hours(1), [] {});

  executor.RunAfter(absl::Milliseconds(1), [&] { fired.set_value(); });

  EXPECT_EQ(fired.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

// Takes what others gave, and notices if it is run by two threads at once.
class Collector : public Runnable {
 public:
  std::atomic<int> given{0};
  std::atomic<int> runs{0};
  std::atomic<bool> overlapped{false};
  std::atomic<int> taken{0};

 private:
  void Run() override {
    if (running_.exchange(true)) overlapped = true;
    ++unguarded_;  // for ThreadSanitizer: runs see each other
    taken += given.exchange(0);
    ++runs;
    running_ = false;
  }

  std::atomic<bool> running_{false};
  int unguarded_ = 0;
};

TEST(FanoutExecutorTest, NothingIsLostAndNoRunnableOverlapsItself) {
  constexpr int kProducers = 3;
  constexpr int kCollectors = 5;
  constexpr int kRounds = 5000;
  FanoutExecutor executor(3);
  std::vector<std::shared_ptr<Collector>> collectors;
  collectors.reserve(kCollectors);
  for (int i = 0; i < kCollectors; ++i) collectors.push_back(std::make_shared<Collector>());

  std::vector<std::thread> producers;
  producers.reserve(kProducers);
  for (int i = 0; i < kProducers; ++i) {
    producers.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        Collector& collector = *collectors[round % kCollectors];
        ++collector.given;
        executor.Schedule(collector);
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  for (const auto& collector : collectors) {
    while (collector->taken < kProducers * kRounds / kCollectors) std::this_thread::yield();
    EXPECT_FALSE(collector->overlapped);
    EXPECT_LE(collector->runs, kProducers * kRounds / kCollectors);
  }
}

TEST(FanoutExecutorTest, ShutdownForgetsWhatIsQueuedAndRunsNothingMore) {
  FanoutExecutor executor(2);
  std::atomic<int> runs{0};
  auto busy = std::make_shared<std::promise<void>>();
  auto release = std::make_shared<std::promise<void>>();
  auto blocking = Calls([&, released = release->get_future().share()] {
    busy->set_value();
    released.wait();
  });
  executor.Schedule(*blocking);
  busy->get_future().wait();

  std::thread shutdown([&] { executor.Shutdown(); });
  release->set_value();
  shutdown.join();
  auto late = Calls([&] { ++runs; });
  const std::weak_ptr<Runnable> weak = late;
  executor.Schedule(*late);
  late.reset();
  executor.RunReady();

  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(weak.expired());
}

}  // namespace
}  // namespace sipevents::gateway
