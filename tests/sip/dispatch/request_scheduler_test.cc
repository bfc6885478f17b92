#include "sip/dispatch/request_scheduler.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_random.h"
#include "tests/sip/dispatch/counted_metrics.h"

namespace sipevents::sip {
namespace {

using sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = RequestOutcome::Kind;

class RequestSchedulerTest : public ::testing::Test {
 protected:
  void Start(RequestSchedulerOptions options) {
    options.metrics = &metrics_;
    scheduler_ = std::make_unique<RequestScheduler>(options, random_);
  }

  void Enqueue(RequestId id, const std::string& destination,
               RequestPriority priority = RequestPriority::kSubscribe) {
    ASSERT_OK(scheduler_->Enqueue(id, destination, priority, now_));
  }
  std::vector<RequestId> Take() { return scheduler_->TakeReady(now_); }
  void Finish(RequestId id, Kind kind = Kind::kAnswered) {
    scheduler_->OnFinished(id, {kind, {}}, now_);
  }

  // Options without pacing, for tests of other things.
  static RequestSchedulerOptions Unpaced() {
    RequestSchedulerOptions options;
    options.rate_per_destination = 0;
    return options;
  }

  FakeRandom random_;
  CountedMetrics metrics_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::unique_ptr<RequestScheduler> scheduler_;
};

TEST_F(RequestSchedulerTest, RequestLeavesAtOnceWhereNothingHoldsItBack) {
  Start({});
  Enqueue(7, "udp:192.0.2.1:5060");
  EXPECT_EQ(scheduler_->NextReady(now_), now_);
  EXPECT_THAT(Take(), ElementsAre(7));
  EXPECT_EQ(scheduler_->in_flight(), 1u);
  EXPECT_EQ(scheduler_->waiting(), 0u);
  EXPECT_THAT(metrics_.held_back, IsEmpty());
  Finish(7);
  EXPECT_EQ(scheduler_->in_flight(), 0u);
  EXPECT_EQ(scheduler_->NextReady(now_), absl::InfiniteFuture());
}

// OVL-05
TEST_F(RequestSchedulerTest, MostUrgentLeavesFirstAndOfTheseTheOldest) {
  // Given room for one at a time
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight_per_destination = 1;
  Start(options);
  Enqueue(1, "a", RequestPriority::kFetch);
  ASSERT_THAT(Take(), ElementsAre(1));
  Enqueue(2, "a", RequestPriority::kFetch);
  Enqueue(3, "a", RequestPriority::kSubscribe);
  Enqueue(4, "a", RequestPriority::kRefresh);
  Enqueue(5, "a", RequestPriority::kUnsubscribe);
  Enqueue(6, "a", RequestPriority::kRefresh);
  Enqueue(7, "a", RequestPriority::kUnsubscribe);
  // Then
  RequestId in_flight = 1;
  for (const RequestId next : {5, 7, 4, 6, 3, 2}) {
    EXPECT_THAT(Take(), IsEmpty());
    Finish(in_flight);
    ASSERT_THAT(Take(), ElementsAre(next));
    in_flight = next;
  }
}

TEST_F(RequestSchedulerTest, InFlightIsBoundedPerDestination) {
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight_per_destination = 3;
  Start(options);
  for (RequestId id = 1; id <= 10; ++id) Enqueue(id, "a");
  EXPECT_THAT(Take(), ElementsAre(1, 2, 3));
  EXPECT_EQ(scheduler_->NextReady(now_), absl::InfiniteFuture());
  // One that is full does not hold up another one.
  Enqueue(11, "b");
  EXPECT_THAT(Take(), ElementsAre(11));
  Finish(2);
  EXPECT_EQ(scheduler_->NextReady(now_), now_);
  EXPECT_THAT(Take(), ElementsAre(4));
}

TEST_F(RequestSchedulerTest, InFlightIsBoundedInAll) {
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight = 100;
  Start(options);
  // Given a thousand servers that answer nothing
  for (RequestId id = 0; id < 10'000; ++id) Enqueue(id, absl::StrCat("server", id % 1000));
  // Then
  EXPECT_THAT(Take(), SizeIs(100));
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(scheduler_->in_flight(), 100u);
  EXPECT_EQ(scheduler_->NextReady(now_), absl::InfiniteFuture());
  Finish(0);
  EXPECT_THAT(Take(), SizeIs(1));
}

TEST_F(RequestSchedulerTest, ServersThatAnswerNothingLeaveRoomForOthers) {
  // Given twenty of them, each with more waiting than it may have
  RequestSchedulerOptions options = Unpaced();
  Start(options);
  RequestId id = 0;
  for (int i = 0; i < 600; ++i) {
    for (int server = 0; server < 20; ++server) Enqueue(++id, absl::StrCat("dead", server));
  }
  const size_t taken = Take().size();
  // Then there is room left, and what comes for another server leaves at once.
  EXPECT_GT(taken, 1900u);
  EXPECT_LT(taken, 2000u);
  for (int i = 0; i < 30; ++i) {
    Enqueue(++id, "lively");
    EXPECT_THAT(Take(), ElementsAre(id));
  }
}

TEST_F(RequestSchedulerTest, DestinationsTakeTurns) {
  // Given one with a long queue and one with a short one, and little room
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight = 4;
  Start(options);
  for (RequestId id = 1; id <= 100; ++id) Enqueue(id, "long");
  for (RequestId id = 101; id <= 110; ++id) Enqueue(id, "short");
  // When all is answered at once
  std::map<bool, int> left;  // by whether it went to the short queue
  for (int i = 0; i < 10; ++i) {
    for (const RequestId id : Take()) {
      ++left[id > 100];
      Finish(id);
    }
  }
  // Then the short queue is through while the long one has had as many turns, give or take one.
  EXPECT_EQ(left[true], 10);
  EXPECT_GE(left[false], 10);
}

TEST_F(RequestSchedulerTest, EachDestinationIsPaced) {
  RequestSchedulerOptions options;
  options.rate_per_destination = 10;
  Start(options);
  Enqueue(1, "a");
  Enqueue(11, "b");
  EXPECT_THAT(Take(), ElementsAre(1, 11));
  for (const RequestId id : {2, 3}) Enqueue(id, "a");
  for (const RequestId id : {12, 13}) Enqueue(id, "b");
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(scheduler_->NextReady(now_), now_ + absl::Milliseconds(90));
  now_ += absl::Milliseconds(90);
  EXPECT_THAT(Take(), ElementsAre(2, 12));
  now_ += absl::Milliseconds(99);
  EXPECT_THAT(Take(), IsEmpty());
  now_ += absl::Milliseconds(1);
  EXPECT_THAT(Take(), ElementsAre(3, 13));
  EXPECT_EQ(metrics_.held_back["rate"], 4);
}

TEST_F(RequestSchedulerTest, RemovedRequestDoesNotLeave) {
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight_per_destination = 1;
  Start(options);
  for (RequestId id = 1; id <= 5; ++id) Enqueue(id, "a");
  ASSERT_THAT(Take(), ElementsAre(1));
  // First, middle and last of those that wait
  EXPECT_TRUE(scheduler_->Remove(2));
  EXPECT_TRUE(scheduler_->Remove(5));
  EXPECT_EQ(scheduler_->waiting(), 2u);
  EXPECT_EQ(metrics_.waiting, 2);
  // What is in flight, removed already or never heard of does not wait.
  EXPECT_FALSE(scheduler_->Remove(1));
  EXPECT_FALSE(scheduler_->Remove(2));
  EXPECT_FALSE(scheduler_->Remove(99));
  Finish(1);
  EXPECT_THAT(Take(), ElementsAre(3));
  EXPECT_TRUE(scheduler_->Remove(4));
  Finish(3);
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(scheduler_->NextReady(now_), absl::InfiniteFuture());
}

TEST_F(RequestSchedulerTest, RequestMayWaitAgainOnceItIsOver) {
  Start({});
  Enqueue(1, "a");
  EXPECT_THAT(scheduler_->Enqueue(1, "b", RequestPriority::kFetch, now_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_THAT(Take(), ElementsAre(1));
  EXPECT_THAT(scheduler_->Enqueue(1, "b", RequestPriority::kFetch, now_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  Finish(1);
  Enqueue(1, "b");
  EXPECT_THAT(Take(), ElementsAre(1));
}

TEST_F(RequestSchedulerTest, EndOfWhatIsNotInFlightIsIgnored) {
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight_per_destination = 1;
  Start(options);
  Enqueue(1, "a");
  Enqueue(2, "a");
  ASSERT_THAT(Take(), ElementsAre(1));
  Finish(2);   // waits
  Finish(99);  // never heard of
  EXPECT_EQ(scheduler_->in_flight(), 1u);
  EXPECT_EQ(scheduler_->waiting(), 1u);
}

TEST_F(RequestSchedulerTest, TooManyWaitingAreRefused) {
  RequestSchedulerOptions options = Unpaced();
  options.max_in_flight_per_destination = 1;
  options.max_waiting = 3;
  Start(options);
  Enqueue(1, "a");
  ASSERT_THAT(Take(), ElementsAre(1));
  for (RequestId id = 2; id <= 4; ++id) Enqueue(id, "a");
  EXPECT_THAT(scheduler_->Enqueue(5, "b", RequestPriority::kUnsubscribe, now_),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(metrics_.bounds["sip_requests_waiting"], 1);
  EXPECT_TRUE(scheduler_->Remove(3));
  Enqueue(5, "b");
}

TEST_F(RequestSchedulerTest, IdleDestinationMakesRoomForAnother) {
  RequestSchedulerOptions options;
  options.max_destinations = 2;
  Start(options);
  Enqueue(1, "a");
  Enqueue(2, "b");
  ASSERT_THAT(Take(), SizeIs(2));
  // Both have something in flight
  EXPECT_THAT(scheduler_->Enqueue(3, "c", RequestPriority::kFetch, now_),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(metrics_.bounds["sip_destinations"], 1);
  // When one has not any more, its place is free, though it still has news.
  Finish(1, Kind::kTimedOut);
  Enqueue(3, "c");
  EXPECT_THAT(Take(), ElementsAre(3));
}

TEST_F(RequestSchedulerTest, ForgottenDestinationIsNotSentToFaster) {
  // Given a slow rate, and a destination that is idle since a moment
  RequestSchedulerOptions options;
  options.rate_per_destination = 1;
  Start(options);
  Enqueue(1, "a");
  ASSERT_THAT(Take(), ElementsAre(1));
  Finish(1);
  // When others come and go
  for (RequestId id = 100; id < 200; ++id) {
    now_ += absl::Milliseconds(5);
    Enqueue(id, absl::StrCat("other", id));
    ASSERT_THAT(Take(), ElementsAre(id));
    Finish(id);
  }
  // Then it is still paced.
  Enqueue(2, "a");
  EXPECT_THAT(Take(), IsEmpty());
  now_ += absl::Milliseconds(500);
  EXPECT_THAT(Take(), ElementsAre(2));
}

// It would take hours if an operation looked at all that waits, or at all destinations.
TEST_F(RequestSchedulerTest, ManyRequestsForManyDestinationsTakeLittleTime) {
  constexpr int kDestinations = 100'000;
  constexpr RequestId kRequests = 300'000;
  RequestSchedulerOptions options;
  options.rate_per_destination = 10;
  Start(options);
  std::vector<std::string> names;
  for (int i = 0; i < kDestinations; ++i) names.push_back(absl::StrCat("udp:192.0.2.1:", i));
  for (RequestId id = 0; id < kRequests; ++id) {
    Enqueue(id, names[id % kDestinations], static_cast<RequestPriority>(id % 4));
  }
  // Every third gives up, the rest leaves.
  size_t left = 0;
  for (RequestId id = 0; id < kRequests; id += 3) left += scheduler_->Remove(id) ? 1 : 0;
  while (scheduler_->waiting() > 0) {
    const std::vector<RequestId> taken = Take();
    for (const RequestId id : taken) Finish(id);
    left += taken.size();
    if (taken.empty()) now_ = scheduler_->NextReady(now_);
  }
  EXPECT_EQ(left, kRequests);
  EXPECT_EQ(scheduler_->in_flight(), 0u);
}

}  // namespace
}  // namespace sipevents::sip
