#include "gateway/registry/subscription_registry.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/errors.h"
#include "gmock/gmock.h"
#include "tests/gateway/registry/registry_fixture.h"

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using SubscriptionRegistryTest = RegistryFixture;

// ---- sharing

TEST_F(SubscriptionRegistryTest, SameKeyIsOneSubscribe) {
  const auto first = Watch(Alice());
  const auto second = Watch(Alice());

  EXPECT_THAT(agent_.subscriptions(), SizeIs(1));
  EXPECT_EQ(first->subscription().uid(), second->subscription().uid());
  EXPECT_EQ(first->subscription().log(), second->subscription().log());
}

TEST_F(SubscriptionRegistryTest, OtherKeyIsAnotherSubscribe) {
  const auto alice = Watch(Alice());
  const auto bob = Watch(Bob());

  EXPECT_THAT(agent_.subscriptions(), SizeIs(2));
  EXPECT_NE(alice->subscription().name(), bob->subscription().name());
  EXPECT_NE(alice->subscription().uid(), bob->subscription().uid());
}

TEST_F(SubscriptionRegistryTest, AgentIsAskedForAllOfTheKey) {
  WantedSubscription wanted = Alice();
  wanted.key.event_parameters = {{"id", "7"}};
  wanted.key.identity = "sip:me@example.com";
  wanted.key.accept = {"application/pidf+xml"};
  wanted.key.body_content_type = "application/simple-filter+xml";
  wanted.key.body = "<filter/>";
  wanted.expires = absl::Seconds(90);

  const auto watch = Watch(wanted);

  const sip::SubscribeRequest request = agent_.last().request;
  EXPECT_EQ(request.target_uri, "sip:alice@example.com");
  EXPECT_EQ(request.event_package, "presence");
  EXPECT_EQ(request.event_parameters, wanted.key.event_parameters);
  EXPECT_EQ(request.identity, "sip:me@example.com");
  EXPECT_EQ(request.accept, wanted.key.accept);
  EXPECT_EQ(request.body_content_type, "application/simple-filter+xml");
  EXPECT_EQ(request.body, "<filter/>");
  EXPECT_EQ(request.expires, absl::Seconds(90));
}

TEST_F(SubscriptionRegistryTest, LargestExpiresIsAskedFor) {
  const auto first = Watch(Wanted("sip:alice@example.com", absl::Seconds(600)));
  const auto larger = Watch(Wanted("sip:alice@example.com", absl::Seconds(900)));
  const auto smaller = Watch(Wanted("sip:alice@example.com", absl::Seconds(60)));

  EXPECT_EQ(agent_.last().request.expires, absl::Seconds(600));
  EXPECT_EQ(agent_.last().expires, absl::Seconds(900));
  EXPECT_EQ(first->subscription().Describe().spec().expires().seconds(), 900);
}

// ---- lifetime

TEST_F(SubscriptionRegistryTest, LastWatchLeavingEndsItAfterTheLinger) {
  auto first = Watch(Alice());
  auto second = Watch(Alice());

  first.reset();
  Pass(absl::Minutes(10));
  EXPECT_EQ(agent_.live(), 1);  // somebody watches

  second.reset();
  Pass(absl::Minutes(5) - absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 1);
  Pass(absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 0);
  EXPECT_EQ(registry_->size(), 0u);
}

TEST_F(SubscriptionRegistryTest, NewWatchWithinTheLingerGoesOnWithTheSame) {
  auto watch = Watch(Alice());
  const std::string uid = watch->subscription().uid();
  watch.reset();
  Pass(absl::Minutes(4));

  const auto again = Watch(Alice());
  Pass(absl::Minutes(10));

  EXPECT_EQ(again->subscription().uid(), uid);
  EXPECT_EQ(agent_.live(), 1);
}

TEST_F(SubscriptionRegistryTest, WatchMayAskForAnotherLinger) {
  auto watch = Watch(Alice(), absl::Seconds(30));
  watch.reset();

  Pass(absl::Seconds(29));
  EXPECT_EQ(agent_.live(), 1);
  Pass(absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 0);
}

TEST_F(SubscriptionRegistryTest, LongestLingerOfTheLastWatchesHolds) {
  auto patient = Watch(Alice(), absl::Minutes(10));
  auto hasty = Watch(Alice(), absl::ZeroDuration());

  patient.reset();
  hasty.reset();

  Pass(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 1);
  Pass(absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 0);
}

TEST_F(SubscriptionRegistryTest, ZeroLingerEndsItAtOnce) {
  auto watch = Watch(Alice(), absl::ZeroDuration());

  watch.reset();

  EXPECT_EQ(agent_.live(), 0);
}

TEST_F(SubscriptionRegistryTest, HoldKeepsItUntilItExpiresAndForTheLinger) {
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Hours(1)));

  Pass(absl::Hours(1) + absl::Minutes(5) - absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 1);
  Pass(absl::Seconds(1));
  EXPECT_EQ(agent_.live(), 0);
}

TEST_F(SubscriptionRegistryTest, RenewedHoldLastsFromThenOn) {
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Hours(1)));
  Pass(absl::Minutes(50));
  ASSERT_OK_AND_ASSIGN(const auto again, registry_->Hold(Alice(), "billing", absl::Hours(1)));

  Pass(absl::Minutes(64));

  EXPECT_EQ(agent_.live(), 1);
  EXPECT_THAT(agent_.subscriptions(), SizeIs(1));
  Pass(absl::Minutes(1));
  EXPECT_EQ(agent_.live(), 0);
}

TEST_F(SubscriptionRegistryTest, DroppingAHoldLeavesThoseOfOthers) {
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Hours(10)));
  ASSERT_OK(registry_->Hold(Alice(), "desk", absl::Hours(10)));

  EXPECT_OK(registry_->DropHold("acme", Alice().name, "billing"));
  EXPECT_OK(registry_->DropHold("acme", Alice().name, "nobody"));
  Pass(absl::Hours(1));
  EXPECT_EQ(agent_.live(), 1);

  EXPECT_OK(registry_->DropHold("acme", Alice().name, "desk"));
  Pass(absl::Minutes(5));
  EXPECT_EQ(agent_.live(), 0);
  EXPECT_THAT(registry_->DropHold("acme", Alice().name, "desk"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SubscriptionRegistryTest, HoldThatExpiresWhileWatchedEndsNothing) {
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Minutes(1)));
  auto watch = Watch(Alice(), absl::ZeroDuration());
  Pass(absl::Hours(1));
  EXPECT_EQ(agent_.live(), 1);

  watch.reset();

  EXPECT_EQ(agent_.live(), 0);  // the linger of the hold is long over
}

TEST_F(SubscriptionRegistryTest, EndEndsItForEveryone) {
  const auto watch = Watch(Alice());
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Hours(1)));

  ASSERT_OK(registry_->End("acme", Alice().name));

  EXPECT_EQ(agent_.live(), 0);
  EXPECT_THAT(registry_->Find("acme", Alice().name), StatusIs(absl::StatusCode::kNotFound));
  const v1::Subscription last = watch->subscription().Describe();
  EXPECT_EQ(last.state(), v1::Subscription::TERMINATED);
  EXPECT_EQ(last.reason(), "deleted");
  // Somebody who wants it anew gets it, and the old watch's end does it no harm.
  auto again = Watch(Alice());
  EXPECT_EQ(agent_.live(), 1);
}

// ---- after the end

TEST_F(SubscriptionRegistryTest, TerminatedOneStaysForTheLingerThenGoes) {
  auto watch = Watch(Alice());
  agent_.Terminate(1, "rejected", 403);

  watch.reset();
  ASSERT_OK_AND_ASSIGN(const auto found, registry_->Find("acme", Alice().name));
  EXPECT_EQ(found->Describe().state(), v1::Subscription::TERMINATED);
  EXPECT_EQ(found->Describe().reason(), "rejected");
  EXPECT_EQ(found->Describe().sip_status(), 403);
  Pass(absl::Minutes(5));

  EXPECT_EQ(registry_->size(), 0u);
  EXPECT_FALSE(agent_.last().unsubscribed);  // there was nothing to end
}

TEST_F(SubscriptionRegistryTest, WatchOfATerminatedOneStartsANewIncarnation) {
  const auto first = Watch(Alice());
  agent_.Terminate(1, "noresource");

  const auto second = Watch(Alice());
  ASSERT_OK_AND_ASSIGN(const WatchLease by_name,
                       registry_->WatchExisting("acme", Alice().name, std::nullopt));

  EXPECT_THAT(agent_.subscriptions(), SizeIs(2));
  EXPECT_EQ(first->subscription().name(), second->subscription().name());
  EXPECT_NE(first->subscription().uid(), second->subscription().uid());
  EXPECT_NE(first->subscription().log(), second->subscription().log());
  EXPECT_EQ(by_name.subscription().uid(), second->subscription().uid());
}

TEST_F(SubscriptionRegistryTest, RestartByNameIsPossibleToo) {
  const auto first = Watch(Alice());
  agent_.Terminate(1, "noresource");

  const auto second = registry_->WatchExisting("acme", Alice().name, std::nullopt);

  ASSERT_OK(second);
  EXPECT_EQ(agent_.live(), 1);
}

// What comes before the first reader looks is news to who wants each event: no gap before it.
TEST_F(SubscriptionRegistryTest, LogOfWhoWantsEachEventKeepsThemFromTheFirst) {
  WantedSubscription wanted = Alice();
  wanted.every = true;
  const auto lost = [&](uint64_t id, const WatchLease& lease) {
    agent_.Status(id, sip::SubscriptionState::kSubscribing);
    agent_.Status(id, sip::SubscriptionState::kActive);
    const LogView view(*lease.subscription().log());
    view.CatchUp();
    return view.lost_through();
  };
  EXPECT_EQ(lost(1, *Watch(wanted)), 0);
  EXPECT_EQ(lost(2, *Watch(Bob())), 1);
  agent_.Terminate(2, "noresource");
  ASSERT_OK_AND_ASSIGN(const WatchLease again,
                       registry_->WatchExisting("acme", Bob().name, std::nullopt, /*every=*/true));
  EXPECT_EQ(lost(3, again), 0);
}

TEST_F(SubscriptionRegistryTest, FourthRestartInARowIsRefusedForAWhile) {
  for (int start = 1; start <= 4; ++start) {
    const auto watch = Watch(Alice());
    agent_.Terminate(agent_.last().id, "noresource");
  }

  const auto refused = registry_->Watch(Alice(), std::nullopt);

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(ErrorReasonOf(refused.status()), "RESTARTED_TOO_OFTEN");
  EXPECT_THAT(agent_.subscriptions(), SizeIs(4));
  Pass(absl::Seconds(5));
  EXPECT_OK(registry_->Watch(Alice(), std::nullopt));
}

TEST_F(SubscriptionRegistryTest, ForgettingATerminatedOneDoesNotResetTheLimit) {
  for (int start = 1; start <= 4; ++start) {
    const auto watch = Watch(Alice(), absl::ZeroDuration());
    agent_.Terminate(agent_.last().id, "noresource");
  }

  EXPECT_EQ(registry_->size(), 0u);
  EXPECT_THAT(registry_->Watch(Alice(), std::nullopt),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(SubscriptionRegistryTest, EndingItByLeavingIsNotLimited) {
  for (int start = 1; start <= 10; ++start) {
    const auto watch = Watch(Alice(), absl::ZeroDuration());
  }

  EXPECT_THAT(agent_.subscriptions(), SizeIs(10));
  EXPECT_EQ(agent_.live(), 0);
}

TEST_F(SubscriptionRegistryTest, HoldsOutliveAnIncarnation) {
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Hours(1)));
  agent_.Terminate(1, "noresource");
  { const auto watch = Watch(Alice(), absl::ZeroDuration()); }

  Pass(absl::Minutes(59));

  EXPECT_EQ(agent_.live(), 1);
}

// ---- bounds

TEST_F(SubscriptionRegistryTest, SubscriptionsAreBounded) {
  Build({.max_subscriptions = 1, .log_limits = {}});
  const auto alice = Watch(Alice());

  const auto refused = registry_->Watch(Bob(), std::nullopt);

  EXPECT_EQ(ErrorReasonOf(refused.status()), "BOUND_REACHED");
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_subscriptions of 1")));
  EXPECT_OK(registry_->Watch(Alice(), std::nullopt));
}

TEST_F(SubscriptionRegistryTest, WatchesAreBounded) {
  Build({.max_watches = 1, .log_limits = {}});
  auto alice = Watch(Alice());

  EXPECT_THAT(registry_->Watch(Alice(), std::nullopt),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_watches of 1")));
  alice.reset();
  EXPECT_OK(registry_->Watch(Alice(), std::nullopt));
}

TEST_F(SubscriptionRegistryTest, HoldsAreBoundedAndExpiredOnesMakeRoom) {
  Build({.max_holds_per_subscription = 1, .log_limits = {}});
  ASSERT_OK(registry_->Hold(Alice(), "billing", absl::Minutes(1)));

  EXPECT_THAT(
      registry_->Hold(Alice(), "desk", absl::Minutes(1)),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_holds_per_subscription of 1")));
  EXPECT_OK(registry_->Hold(Alice(), "billing", absl::Minutes(1)));
  Pass(absl::Minutes(1));
  EXPECT_OK(registry_->Hold(Alice(), "desk", absl::Minutes(1)));
}

TEST_F(SubscriptionRegistryTest, StateOverItsBoundRefusesNewOnes) {
  const auto alice = Watch(Alice());
  budget_.SetMaxBytes(100);
  agent_.NotifyBody(1, "d1", std::string(200, 'x'), clock_.Now());
  executor_.RunReady();

  EXPECT_THAT(registry_->Watch(Bob(), std::nullopt),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("log_bytes of 100")));
  EXPECT_OK(registry_->Watch(Alice(), std::nullopt));
}

// ---- tenants and lists

TEST_F(SubscriptionRegistryTest, OtherTenantsSeeNothing) {
  const auto watch = Watch(Alice());

  for (const absl::Status& status :
       {registry_->Find("umbrella", Alice().name).status(),
        registry_->WatchExisting("umbrella", Alice().name, std::nullopt).status(),
        registry_->DropHold("umbrella", Alice().name, "billing"),
        registry_->End("umbrella", Alice().name)}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
    EXPECT_EQ(ErrorReasonOf(status), "SUBSCRIPTION_NOT_FOUND");
  }
  EXPECT_THAT(registry_->ListAfter("umbrella", "", 10), IsEmpty());
  EXPECT_EQ(agent_.live(), 1);
}

TEST_F(SubscriptionRegistryTest, ListIsOfOneTenantInTheOrderOfNames) {
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) {
    const WantedSubscription wanted = Wanted(absl::StrCat("sip:", i, "@example.com"));
    ASSERT_OK(registry_->Hold(wanted, "billing", absl::Hours(1)));
    names.push_back(wanted.name);
    WantedSubscription foreign = wanted;
    foreign.key.tenant = "umbrella";
    foreign.name = namer_.NameOf(foreign.key);
    ASSERT_OK(registry_->Hold(foreign, "billing", absl::Hours(1)));
  }
  std::sort(names.begin(), names.end());

  const auto first = registry_->ListAfter("acme", "", 3);
  ASSERT_THAT(first, SizeIs(3));
  const auto second = registry_->ListAfter("acme", first.back()->name(), 3);

  ASSERT_THAT(second, SizeIs(2));
  EXPECT_THAT((std::vector<std::string>{first[0]->name(), first[1]->name(), first[2]->name(),
                                        second[0]->name(), second[1]->name()}),
              ::testing::ElementsAreArray(names));
}

TEST_F(SubscriptionRegistryTest, ThoseThatWaitAreCountedByTenant) {
  // Given two of a tenant, and one of another
  sip::SubscriptionStatus waiting;
  waiting.waiting_since = clock_.Now();
  auto alice = Watch(Alice(), absl::ZeroDuration());
  const sip::SubscriptionId alice_id = agent_.last().id;
  auto bob = Watch(Bob(), absl::ZeroDuration());
  const sip::SubscriptionId bob_id = agent_.last().id;
  WantedSubscription foreign = Alice();
  foreign.key.tenant = "umbrella";
  foreign.name = namer_.NameOf(foreign.key);
  auto other = Watch(foreign, absl::ZeroDuration());
  EXPECT_EQ(registry_->WaitingOf("acme"), 0);
  // When they wait
  agent_.Status(alice_id, waiting);
  agent_.Status(alice_id, waiting);
  agent_.Status(bob_id, waiting);
  agent_.Status(agent_.last().id, waiting);
  // Then
  EXPECT_EQ(registry_->WaitingOf("acme"), 2);
  EXPECT_EQ(registry_->WaitingOf("umbrella"), 1);
  EXPECT_EQ(registry_->WaitingOf("nobody"), 0);
  // When one leaves, and the other one is given up while it waits
  agent_.Status(alice_id, sip::SubscriptionState::kActive);
  EXPECT_EQ(registry_->WaitingOf("acme"), 1);
  bob.reset();
  EXPECT_EQ(registry_->WaitingOf("acme"), 0);
}

TEST_F(SubscriptionRegistryTest, SubscriptionsAreCountedByState) {
  auto alice = Watch(Alice(), absl::ZeroDuration());
  const auto bob = Watch(Bob());
  agent_.Status(2, sip::SubscriptionState::kActive);

  EXPECT_THAT(metrics_.Text(), HasSubstr("state=\"active\"} 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("state=\"subscribing\"} 1"));
  alice.reset();
  EXPECT_THAT(metrics_.Text(), HasSubstr("state=\"subscribing\"} 0"));
}

}  // namespace
}  // namespace sipevents::gateway
