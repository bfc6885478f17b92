#ifndef TESTS_GATEWAY_REGISTRY_REGISTRY_FIXTURE_H_
#define TESTS_GATEWAY_REGISTRY_REGISTRY_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/registry/subscription_registry.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_agent.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/gateway/watch/log_fixture.h"

namespace sipevents::gateway {

// A registry over a fake agent, whose time passes when told.
class RegistryFixture : public ::testing::Test {
 protected:
  void Build(SubscriptionRegistry::Options options) {
    registry_ = std::make_shared<SubscriptionRegistry>(
        options,
        SubscriptionRegistry::Parts{agent_, clock_, random_, executor_, budget_, metrics_});
  }

  void SetUp() override { Build({}); }

  // Lets the time pass, timers included.
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    executor_.Advance(time);
  }

  WantedSubscription Wanted(std::string target, absl::Duration expires = absl::ZeroDuration()) {
    WantedSubscription wanted;
    wanted.key.tenant = "acme";
    wanted.key.target_uri = std::move(target);
    wanted.key.event_package = "presence";
    wanted.name = namer_.NameOf(wanted.key);
    wanted.expires = expires;
    return wanted;
  }

  WantedSubscription Alice() { return Wanted("sip:alice@example.com"); }
  WantedSubscription Bob() { return Wanted("sip:bob@example.com"); }

  std::optional<WatchLease> Watch(const WantedSubscription& wanted,
                                  std::optional<absl::Duration> linger = std::nullopt) {
    absl::StatusOr<WatchLease> lease = registry_->Watch(wanted, linger);
    EXPECT_TRUE(lease.ok()) << lease.status();
    if (!lease.ok()) return std::nullopt;
    return *std::move(lease);
  }

  // What a new watch of the Subscription is shown.
  std::vector<v1::WatchItem> Items(const Incarnation& subscription) {
    WatchReader reader(subscription.log(), {}, std::weak_ptr<Runnable>());
    return ReadAll(reader).items;
  }

  FakeClock clock_;
  FakeRandom random_;
  FanoutExecutor executor_{0};
  HistoryBudget budget_;
  Metrics metrics_{[](std::string_view) { return true; }};
  SubscriptionNamer namer_{"secret"};
  sip::FakeSipAgent agent_;
  std::shared_ptr<SubscriptionRegistry> registry_;
};

}  // namespace sipevents::gateway

#endif  // TESTS_GATEWAY_REGISTRY_REGISTRY_FIXTURE_H_
