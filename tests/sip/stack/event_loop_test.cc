#include "sip/stack/event_loop.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

namespace sipevents::sip {
namespace {

TEST(EventLoopTest, RunsWhatIsPostedInOrderOnItsThread) {
  EventLoop loop("loop");
  std::vector<int> order;
  std::thread::id thread;
  for (int i = 0; i < 100; ++i) {
    loop.Post([&order, i] { order.push_back(i); });
  }
  loop.Run([&thread] { thread = std::this_thread::get_id(); });

  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(EventLoopTest, FiresTimersWhenDue) {
  EventLoop loop("loop");
  std::promise<absl::Duration> fired;
  loop.Post([&] {
    const absl::Time set = loop.clock().Now();
    loop.timers().At(set + absl::Milliseconds(30),
                     [&, set] { fired.set_value(loop.clock().Now() - set); });
  });

  const absl::Duration waited = fired.get_future().get();

  EXPECT_GE(waited, absl::Milliseconds(30));
}

// The loop sleeps for long when nothing is due; what a posted action sets a timer for must not
// wait for the end of that sleep.
TEST(EventLoopTest, TimerSetByAPostedActionIsNotLate) {
  EventLoop loop("loop");
  absl::Duration longest;
  for (int i = 0; i < 20; ++i) {
    std::promise<absl::Duration> fired;
    loop.Post([&] {
      const absl::Time set = loop.clock().Now();
      loop.timers().At(set + absl::Milliseconds(10),
                       [&, set] { fired.set_value(loop.clock().Now() - set); });
    });
    longest = std::max(longest, fired.get_future().get());
  }
  EXPECT_LT(longest, absl::Milliseconds(800));
}

TEST(EventLoopTest, TakesPostsFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  EventLoop loop("loop");
  int count = 0;  // the loop's
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kPosts; ++j) loop.Post([&count] { ++count; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  int seen = 0;
  loop.Run([&] { seen = count; });

  EXPECT_EQ(seen, kThreads * kPosts);
}

TEST(EventLoopTest, DestructionRunsWhatWasPosted) {
  int count = 0;
  {
    EventLoop loop("loop");
    for (int i = 0; i < 10; ++i) loop.Post([&count] { ++count; });
  }
  EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace sipevents::sip
