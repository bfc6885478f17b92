#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/gateway/rpc/service_fixture.h"

// Watch, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SubscriptionServiceWatchTest : public ServiceFixture {
 protected:
  // A watch of Alice that has been shown the state `body` and the end of the snapshot.
  std::unique_ptr<WatchCall> WatchAfterSnapshot(const v1::WatchRequest& request,
                                                const std::string& body) {
    auto watch = StartWatch(request);
    EXPECT_TRUE(Await([&] { return agent_.live() == 1; }));
    agent_.Status(1, sip::SubscriptionState::kActive);
    Tell(1, "d1", body);
    while (true) {
      const v1::WatchItem item = watch->Next();
      if (item.bookmark().kind() == v1::Bookmark::INITIAL_STATE_COMPLETE) break;
      if (item.item_case() == v1::WatchItem::ITEM_NOT_SET) {
        ADD_FAILURE() << "the stream ended: " << watch->End();
        break;
      }
    }
    return watch;
  }
};

TEST_F(SubscriptionServiceWatchTest, SnapshotThenBookmarkThenWhatFollows) {
  ASSERT_OK(Create("sip:alice@example.com"));
  agent_.Status(1, sip::SubscriptionState::kActive);
  Tell(1, "d1", "one");

  auto watch = StartWatch(WatchAlice());

  EXPECT_THAT(watch->NextBrief(3), ElementsAre("ACTIVE", "initial d1=one", "complete"));
  Tell(1, "d1", "two");
  Tell(1, "d2", "three");
  const v1::WatchItem two = watch->Next();
  EXPECT_EQ(Brief(two), "d1=two");
  EXPECT_EQ(two.event().target_uri(), "sip:alice@example.com");
  EXPECT_EQ(two.event().event_package(), "presence");
  EXPECT_EQ(two.event().receive_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(Brief(watch->Next()), "d2=three");
}

TEST_F(SubscriptionServiceWatchTest, SecondWatchGetsTheStateAtOnceFromTheSameSubscribe) {
  const auto first = WatchAfterSnapshot(WatchAlice(), "one");

  const auto second = StartWatch(WatchAlice());

  EXPECT_THAT(second->NextBrief(3), ElementsAre("ACTIVE", "initial d1=one", "complete"));
  EXPECT_THAT(agent_.subscriptions(), SizeIs(1));
}

TEST_F(SubscriptionServiceWatchTest, WatchByNameNeedsOneThatIsThere) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription subscription, Create("sip:alice@example.com"));
  v1::WatchRequest request;
  request.set_name(subscription.name());
  const auto watch = StartWatch(request);
  agent_.Status(1, sip::SubscriptionState::kActive);
  EXPECT_EQ(Brief(watch->Next()), "ACTIVE");

  request.set_name(Bob().name);
  const absl::Status status = StartWatch(request)->End();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(ErrorReasonOf(status), "SUBSCRIPTION_NOT_FOUND");
}

TEST_F(SubscriptionServiceWatchTest, ResumedWatchMissesNothingAndRepeatsNothing) {
  v1::WatchRequest request = WatchAlice();
  request.set_delivery(v1::EVERY);
  auto watch = WatchAfterSnapshot(request, "one");
  Tell(1, "d1", "two");
  EXPECT_EQ(Brief(watch->Next()), "d1=two");
  request.set_resume_token(watch->last_token());
  watch->Cancel();

  Tell(1, "d1", "three");
  Tell(1, "d1", "four");
  watch = StartWatch(request);

  EXPECT_THAT(watch->NextBrief(3), ElementsAre("d1=three", "d1=four", "complete"));
  Tell(1, "d1", "five");
  EXPECT_EQ(Brief(watch->Next()), "d1=five");
  EXPECT_THAT(agent_.subscriptions(), SizeIs(1));
}

TEST_F(SubscriptionServiceWatchTest, CancelledWatchLetsTheSubscriptionGo) {
  v1::WatchRequest request = WatchAlice();
  request.mutable_linger()->set_seconds(0);
  const auto watch = WatchAfterSnapshot(request, "one");
  EXPECT_EQ(agent_.live(), 1);

  watch->Cancel();

  EXPECT_TRUE(Await([&] { return agent_.live() == 0; }));
}

TEST_F(SubscriptionServiceWatchTest, FinalTerminatedEndsTheStreamWithOk) {
  auto watch = WatchAfterSnapshot(WatchAlice(), "one");

  agent_.Terminate(1, "rejected", 403);

  const v1::WatchItem last = watch->Next();
  EXPECT_EQ(last.status().state(), v1::Subscription::TERMINATED);
  EXPECT_EQ(last.status().reason(), "rejected");
  EXPECT_EQ(last.status().sip_status(), 403);
  EXPECT_OK(watch->End());
}

TEST_F(SubscriptionServiceWatchTest, TokenOfAnEarlierIncarnationIsAGap) {
  v1::WatchRequest request = WatchAlice();
  auto watch = WatchAfterSnapshot(request, "one");
  request.set_resume_token(watch->last_token());
  agent_.Terminate(1, "noresource");
  EXPECT_OK(watch->End());

  watch = StartWatch(request);
  EXPECT_EQ(Brief(watch->Next()), "LOG_REPLACED");
  agent_.Status(2, sip::SubscriptionState::kActive);
  Tell(2, "d1", "anew");

  EXPECT_THAT(watch->NextBrief(3), ElementsAre("ACTIVE", "d1=anew", "complete"));
}

TEST_F(SubscriptionServiceWatchTest, WhatIsTrimmedIsAGapAndThenASnapshot) {
  Serve({.log_limits = {.max_entries = 4}}, nullptr);
  v1::WatchRequest request = WatchAlice();
  request.set_delivery(v1::EVERY);
  auto watch = WatchAfterSnapshot(request, "one");
  request.set_resume_token(watch->last_token());
  watch->Cancel();
  for (int i = 0; i < 10; ++i) Tell(1, "d1", absl::StrCat("event ", i));

  watch = StartWatch(request);

  EXPECT_THAT(watch->NextBrief(4),
              ElementsAre("TRIMMED", "ACTIVE", "initial d1=event 9", "complete"));
}

TEST_F(SubscriptionServiceWatchTest, GapEndsTheStreamOfWhoAskedForThat) {
  Serve({.log_limits = {.max_entries = 4}}, nullptr);
  v1::WatchRequest request = WatchAlice();
  request.set_delivery(v1::EVERY);
  auto watch = WatchAfterSnapshot(request, "one");
  request.set_resume_token(watch->last_token());
  watch->Cancel();
  for (int i = 0; i < 10; ++i) Tell(1, "d1", absl::StrCat("event ", i));

  request.set_fail_on_gap(true);
  const absl::Status status = StartWatch(request)->End();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(ErrorReasonOf(status), "RESUME_TOKEN_EXPIRED");
}

TEST_F(SubscriptionServiceWatchTest, DrainTellsAllThatIsQueuedThenSaysSo) {
  auto watch = WatchAfterSnapshot(WatchAlice(), "one");
  Tell(1, "d1", "two");

  service_->BeginDrain();

  EXPECT_THAT(watch->NextBrief(2), ElementsAre("d1=two", "DRAIN"));
  EXPECT_NE(watch->last_token(), "");
  const absl::Status status = watch->End();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ErrorReasonOf(status), "DRAINING");
  EXPECT_TRUE(service_->AwaitDrained(absl::Now() + kPatience));
  for (const absl::Status& refused :
       {StartWatch(WatchAlice())->End(), Create("sip:bob@example.com").status()}) {
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(ErrorReasonOf(refused), "DRAINING");
  }
}

TEST_F(SubscriptionServiceWatchTest, DrainGivesUpOnAStreamThatDoesNotEnd) {
  auto watch = WatchAfterSnapshot(WatchAlice(), "one");
  // More than the windows of HTTP/2 take, for a client that does not read.
  const std::string large(size_t{1} << 19, 'x');
  for (int i = 0; i < 40; ++i) Tell(1, absl::StrCat("d", i), large);
  ASSERT_TRUE(Await([&] { return service_executor_.queued() == 0; }));

  service_->BeginDrain();

  EXPECT_FALSE(service_->AwaitDrained(absl::Now()));
}

TEST_F(SubscriptionServiceWatchTest, ForcedDeleteEndsTheStreamsOfAll) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription subscription, Create("sip:alice@example.com"));
  auto watch = WatchAfterSnapshot(WatchAlice(), "one");

  ASSERT_OK(Delete(subscription.name(), /*force=*/true));

  const v1::WatchItem last = watch->Next();
  EXPECT_EQ(last.status().state(), v1::Subscription::TERMINATED);
  EXPECT_EQ(last.status().reason(), "deleted");
  EXPECT_OK(watch->End());
  EXPECT_THAT(Get(subscription.name()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SubscriptionServiceWatchTest, RequestThatCannotBeUsedIsRefused) {
  v1::WatchRequest request = WatchAlice();
  request.set_resume_token("junk");

  const absl::Status status = StartWatch(request)->End();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("resume_token")));
  EXPECT_EQ(ErrorReasonOf(status), "INVALID_FIELD");
  EXPECT_THAT(agent_.subscriptions(), SizeIs(0));
}

TEST_F(SubscriptionServiceWatchTest, BoundIsCountedAndTold) {
  Serve({.max_watches = 1, .log_limits = {}}, nullptr);
  const auto watch = WatchAfterSnapshot(WatchAlice(), "one");

  const absl::Status status = StartWatch(WatchAlice())->End();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(ErrorReasonOf(status), "BOUND_REACHED");
  EXPECT_THAT(metrics_.Text(), HasSubstr("max_watches"));
}

TEST_F(SubscriptionServiceWatchTest, DeliveriesAreCounted) {
  auto watch = WatchAfterSnapshot(WatchAlice(), "one");
  Tell(1, "d1", "two");
  EXPECT_EQ(Brief(watch->Next()), "d1=two");

  EXPECT_THAT(metrics_.Text(), HasSubstr("outcome=\"delivered\",package=\"presence\"} 2"));
  watch->Cancel();
  EXPECT_TRUE(Await([&] { return metrics_.Text().find("streams 0") != std::string::npos; }));
}

// A client that does not read must cost nobody anything (issue: memory is flat, the others see
// every event).
TEST_F(SubscriptionServiceWatchTest, ClientThatDoesNotReadLeavesMemoryFlatAndOthersServed) {
  auto slow = WatchAfterSnapshot(WatchAlice(), "begin");
  v1::WatchRequest every = WatchAlice();
  every.set_delivery(v1::EVERY);
  auto quick = StartWatch(every);
  EXPECT_THAT(quick->NextBrief(3), ElementsAre("ACTIVE", "initial d1=begin", "complete"));
  const std::string padding(16'000, 'x');

  // 80 MB, in steps that the quick reader takes part in.
  int64_t most_alive = 0;
  constexpr int kEvents = 5000;
  for (int i = 0; i < kEvents; i += 10) {
    for (int k = i; k < i + 10; ++k) Tell(1, "d1", absl::StrCat(k, " ", padding));
    for (int k = i; k < i + 10; ++k) {
      ASSERT_THAT(quick->Next().event().body().data(), ::testing::StartsWith(absl::StrCat(k, " ")));
    }
    most_alive = std::max(most_alive, LogEntry::LiveBytes());
  }

  // One ring (1 MiB), and what is just being written.
  EXPECT_LT(most_alive, int64_t{3} << 20);
  // The slow one goes on from what the connection has buffered, and ends with the newest.
  uint64_t shown = 0;
  for (v1::WatchItem item = slow->Next();; item = slow->Next()) {
    ASSERT_EQ(item.item_case(), v1::WatchItem::kEvent);
    shown += 1 + item.event().superseded();
    if (item.event().body().data().rfind(absl::StrCat(kEvents - 1, " "), 0) == 0) break;
  }
  EXPECT_EQ(shown, kEvents);
}

// ---- with time in the test's hand

class SubscriptionServiceWatchPaceTest : public ServiceFixture {
 protected:
  SubscriptionServiceWatchPaceTest() : ServiceFixture(/*threads=*/0) {}

  void Pass(absl::Duration time) {
    clock_.Advance(time);
    service_executor_.Advance(time);
  }

  // Lets everything happen that can, until the one stream waits for news; timers of up to `step`
  // fire, though the clock stands still.
  void AwaitIdle(absl::Duration step = absl::ZeroDuration()) {
    const auto& alice = dynamic_cast<const Incarnation&>(*agent_.last().observer);
    EXPECT_TRUE(Await([&] {
      service_executor_.Advance(step);
      return alice.log()->CountWaiting() == 1;
    }));
  }

  // The next batch, while the executor is driven: for what needs word of an earlier write.
  std::vector<std::string> NextBatchWhileDriven(WatchCall& watch) {
    auto next = std::async(std::launch::async, [&] { return watch.NextBatch(); });
    while (next.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      service_executor_.RunReady();
    }
    return Brief(next.get());
  }

  // A watch that has been shown the snapshot and is idle.
  std::unique_ptr<WatchCall> IdleWatch(v1::WatchRequest request) {
    EXPECT_OK(Create("sip:alice@example.com"));
    agent_.Status(1, sip::SubscriptionState::kActive);
    Tell(1, "d1", "one");
    service_executor_.RunReady();
    auto watch = StartWatch(request);
    AwaitIdle(absl::Seconds(1));
    EXPECT_THAT(watch->NextBrief(3), ElementsAre("ACTIVE", "initial d1=one", "complete"));
    return watch;
  }
};

TEST_F(SubscriptionServiceWatchPaceTest, SilentStreamShowsThatItIsAlive) {
  v1::WatchRequest request = WatchAlice();
  request.mutable_heartbeat_interval()->set_seconds(30);
  const auto watch = IdleWatch(request);
  const std::string token = watch->last_token();

  Pass(absl::Seconds(30));

  EXPECT_EQ(Brief(watch->Next()), "HEARTBEAT");
  EXPECT_EQ(watch->last_token(), token);
  Pass(absl::Seconds(30));
  EXPECT_THAT(NextBatchWhileDriven(*watch), ElementsAre("HEARTBEAT"));
}

TEST_F(SubscriptionServiceWatchPaceTest, EventPutsTheHeartbeatOff) {
  v1::WatchRequest request = WatchAlice();
  request.mutable_heartbeat_interval()->set_seconds(30);
  const auto watch = IdleWatch(request);

  Pass(absl::Seconds(20));
  Tell(1, "d1", "two");
  service_executor_.RunReady();
  EXPECT_EQ(Brief(watch->Next()), "d1=two");
  AwaitIdle();
  Pass(absl::Seconds(20));
  Tell(1, "d1", "three");
  service_executor_.RunReady();
  EXPECT_EQ(Brief(watch->Next()), "d1=three");
}

TEST_F(SubscriptionServiceWatchPaceTest, IdleStreamWritesAtOnceAndABusyOneCollects) {
  v1::WatchRequest request = WatchAlice();
  request.set_delivery(v1::EVERY);
  request.mutable_batch_linger()->set_nanos(100'000'000);
  const auto watch = IdleWatch(request);
  Pass(absl::Seconds(1));

  Tell(1, "d1", "two");
  service_executor_.RunReady();  // written at once, though no time has passed
  EXPECT_THAT(Brief(watch->NextBatch()), ElementsAre("d1=two"));
  AwaitIdle();
  Tell(1, "d1", "three");
  service_executor_.RunReady();
  Tell(1, "d1", "four");
  service_executor_.RunReady();
  Pass(absl::Milliseconds(100));

  EXPECT_THAT(Brief(watch->NextBatch()), ElementsAre("d1=three", "d1=four"));
}

TEST_F(SubscriptionServiceWatchPaceTest, BusyStreamThatFallsIdleIsServedAtOnceAgain) {
  v1::WatchRequest request = WatchAlice();
  request.set_delivery(v1::EVERY);
  request.mutable_batch_linger()->set_nanos(100'000'000);
  const auto watch = IdleWatch(request);
  for (const char* body : {"two", "three", "four"}) {
    Tell(1, "d1", body);
    service_executor_.RunReady();
    Pass(absl::Milliseconds(100));
    EXPECT_THAT(NextBatchWhileDriven(*watch), ElementsAre(absl::StrCat("d1=", body)));
  }

  // It has nothing to write after its linger, and then waits for news.
  AwaitIdle(absl::Milliseconds(100));
  Pass(absl::Seconds(1));
  Tell(1, "d1", "five");
  service_executor_.RunReady();

  EXPECT_THAT(Brief(watch->NextBatch()), ElementsAre("d1=five"));
}

TEST_F(SubscriptionServiceWatchPaceTest, FullBatchesDoNotWait) {
  v1::WatchRequest request = WatchAlice();
  request.set_delivery(v1::EVERY);
  request.mutable_batch_linger()->set_seconds(1);
  request.set_max_batch_items(2);
  const auto watch = IdleWatch(request);
  Pass(absl::Seconds(3));

  for (int i = 0; i < 5; ++i) Tell(1, "d1", std::to_string(i));

  // No time passes.
  EXPECT_THAT(NextBatchWhileDriven(*watch), ElementsAre("d1=0", "d1=1"));
  EXPECT_THAT(NextBatchWhileDriven(*watch), ElementsAre("d1=2", "d1=3"));
  EXPECT_THAT(NextBatchWhileDriven(*watch), ElementsAre("d1=4"));
}

}  // namespace
}  // namespace sipevents::gateway
