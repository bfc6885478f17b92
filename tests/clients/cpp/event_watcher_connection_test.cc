#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "clients/cpp/event_watcher.h"
#include "clients/cpp/status.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/cpp/fake_pause.h"
#include "tests/clients/fake_gateway.h"
#include "tests/clients/freezable_proxy.h"

// An EventWatcher on connections that break.

namespace sipevents::client {
namespace {

using testing::EventItem;
using testing::FakeGateway;
using testing::FakePause;
using testing::FreezableProxy;

WatchOptions AliceOptions() {
  WatchOptions options;
  options.request = WatchTarget("sip:alice@example.com", "presence");
  return options;
}

TEST(EventWatcherConnectionTest, GatewayThatNeverAnsweredIsGivenUpAfterTheTimeout) {
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.gateway = "unix:/nonexistent/socket"}));
  WatchOptions options = AliceOptions();
  options.backoff = {absl::Seconds(1), absl::Seconds(30), 2.0, /*jitter=*/0};
  options.first_connect_timeout = absl::Seconds(8);
  auto pause = std::make_unique<FakePause>();
  const FakePause& waits = *pause;
  EventWatcher watcher(channel, options, std::move(pause));

  EXPECT_EQ(watcher.Next(), std::nullopt);

  EXPECT_TRUE(IsUnreachable(watcher.status())) << watcher.status();
  // 1 + 2 + 4 seconds; a wait of 8 more would be too long.
  EXPECT_EQ(waits.waits().size(), 3);
}

TEST(EventWatcherConnectionTest, GatewayThatComesBackIsAskedToGoOn) {
  FakeGateway gateway;
  gateway.Script({{EventItem("t1")}, std::nullopt});
  gateway.Script({{EventItem("t2")}, std::nullopt});
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.gateway = gateway.address()}));
  WatchOptions options = AliceOptions();
  options.first_connect_timeout = absl::ZeroDuration();  // holds for the first connection only
  int retries = 0;
  options.on_retry = [&](const absl::Status&, absl::Duration) {
    if (++retries == 3) gateway.Restart();
  };
  EventWatcher watcher(channel, options, std::make_unique<FakePause>());
  ASSERT_EQ(watcher.Next()->resume_token(), "t1");

  gateway.Crash();

  EXPECT_EQ(watcher.Next()->resume_token(), "t2");
  EXPECT_GE(retries, 3);
  EXPECT_EQ(gateway.watches().at(1).resume_token(), "t1");
}

TEST(EventWatcherConnectionTest, DeadConnectionIsNoticedByPings) {
  FakeGateway gateway;
  gateway.Script({{EventItem("t1")}, std::nullopt});
  gateway.Script({{EventItem("t2")}, std::nullopt});
  const std::string address = gateway.address();
  FreezableProxy proxy(std::stoi(address.substr(address.find(':') + 1)));
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.gateway = proxy.address(),
                                                    .keepalive_time = absl::Milliseconds(200),
                                                    .keepalive_timeout = absl::Milliseconds(200)}));
  EventWatcher watcher(channel, AliceOptions(), std::make_unique<FakePause>());
  ASSERT_EQ(watcher.Next()->resume_token(), "t1");

  proxy.Freeze();

  EXPECT_EQ(watcher.Next()->resume_token(), "t2");  // by a new connection
  EXPECT_EQ(gateway.watches().at(1).resume_token(), "t1");
}

TEST(EventWatcherConnectionTest, StopFreesNextThatWaitsForTheGateway) {
  FakeGateway gateway;
  gateway.Script({{EventItem("t1")}, std::nullopt});
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.gateway = gateway.address()}));
  EventWatcher watcher(channel, AliceOptions());
  ASSERT_TRUE(watcher.Next().has_value());

  std::thread stopper([&] { watcher.Stop(); });

  EXPECT_EQ(watcher.Next(), std::nullopt);
  EXPECT_OK(watcher.status());
  stopper.join();
}

TEST(EventWatcherConnectionTest, StopEndsTheWaitBetweenAttempts) {
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.gateway = "unix:/nonexistent/socket"}));
  WatchOptions options = AliceOptions();
  options.backoff.initial = options.backoff.maximum = absl::Hours(1);
  EventWatcher* to_stop = nullptr;
  std::thread stopper;
  options.on_retry = [&](const absl::Status&, absl::Duration) {
    stopper = std::thread([&] { to_stop->Stop(); });
  };
  EventWatcher watcher(channel, options);
  to_stop = &watcher;

  EXPECT_EQ(watcher.Next(), std::nullopt);  // well before the hour

  EXPECT_OK(watcher.status());
  stopper.join();
}

}  // namespace
}  // namespace sipevents::client
