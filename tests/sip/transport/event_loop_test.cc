#include "sip/transport/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <memory>
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

// Two connected sockets, one of which is watched.
class DescriptorWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets_.data()), 0);
  }
  ~DescriptorWatchTest() override {
    loop_.Run([this] { watch_.reset(); });
    for (const int socket : sockets_) close(socket);
  }

  void Watch(DescriptorEvents wanted, std::function<void(DescriptorEvents)> callback) {
    loop_.Run([&] {
      auto watch = loop_.Watch(sockets_[0], wanted, std::move(callback));
      ASSERT_TRUE(watch.ok());
      watch_ = *std::move(watch);
    });
  }

  EventLoop loop_{"loop"};
  std::array<int, 2> sockets_ = {-1, -1};
  std::unique_ptr<DescriptorWatch> watch_;
};

TEST_F(DescriptorWatchTest, TellsThatThereIsSomethingToRead) {
  std::promise<char> read_octet;
  Watch({.readable = true}, [&](DescriptorEvents events) {
    EXPECT_TRUE(events.readable);
    EXPECT_FALSE(events.writable);
    char octet = 0;
    EXPECT_EQ(read(sockets_[0], &octet, 1), 1);
    read_octet.set_value(octet);
  });
  ASSERT_EQ(write(sockets_[1], "x", 1), 1);
  EXPECT_EQ(read_octet.get_future().get(), 'x');
}

TEST_F(DescriptorWatchTest, WantDecidesWhatIsTold) {
  std::promise<void> written;
  int reads = 0;  // the loop's
  Watch({}, [&](DescriptorEvents events) {
    reads += events.readable ? 1 : 0;
    if (!events.writable) return;
    watch_->Want({});
    written.set_value();
  });
  ASSERT_EQ(write(sockets_[1], "x", 1), 1);
  loop_.Run([this] { watch_->Want({.writable = true}); });
  written.get_future().get();
  loop_.Run([] {});
  EXPECT_EQ(reads, 0);
}

TEST_F(DescriptorWatchTest, EndOfThePeerIsToldUnasked) {
  std::promise<void> ended;
  Watch({}, [&](DescriptorEvents events) {
    if (!events.hangup) return;
    watch_.reset();
    ended.set_value();
  });
  close(std::exchange(sockets_[1], -1));
  ended.get_future().get();
}

TEST_F(DescriptorWatchTest, CallbackThatEndsItsWatchIsNotCalledAgain) {
  auto calls = std::make_shared<int>(0);
  std::promise<void> first;
  Watch({.readable = true, .writable = true}, [&, calls](DescriptorEvents /*events*/) {
    watch_.reset();  // what was captured stays for the rest of the call
    if (++*calls == 1) first.set_value();
  });
  first.get_future().get();
  ASSERT_EQ(write(sockets_[1], "x", 1), 1);
  loop_.Run([] {});
  EXPECT_EQ(*calls, 1);
}

TEST_F(DescriptorWatchTest, DescriptorThatIsNoneIsRefused) {
  loop_.Run([this] {
    EXPECT_EQ(loop_.Watch(-1, {.readable = true}, [](DescriptorEvents) {}).status().code(),
              absl::StatusCode::kResourceExhausted);
  });
}

}  // namespace
}  // namespace sipevents::sip
