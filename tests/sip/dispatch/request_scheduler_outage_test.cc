#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/dispatch/request_scheduler.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_random.h"
#include "tests/sip/dispatch/counted_metrics.h"

// What a server that fails, and comes back, makes the scheduler do.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = RequestOutcome::Kind;

constexpr absl::Duration kT1 = absl::Milliseconds(500);

class RequestSchedulerOutageTest : public ::testing::Test {
 protected:
  void Start(RequestSchedulerOptions options) {
    options.t1 = kT1;
    options.metrics = &metrics_;
    scheduler_ = std::make_unique<RequestScheduler>(options, random_);
  }

  void Enqueue(RequestId id, const std::string& destination,
               RequestPriority priority = RequestPriority::kSubscribe) {
    ASSERT_OK(scheduler_->Enqueue(id, destination, priority, now_));
  }
  std::vector<RequestId> Take() { return scheduler_->TakeReady(now_); }
  void Finish(RequestId id, Kind kind, std::optional<absl::Duration> retry_after = {}) {
    scheduler_->OnFinished(id, {kind, retry_after}, now_);
  }
  // Five requests to `destination` fail; their ids are 1001 to 1005.
  void BringDown(const std::string& destination, Kind kind = Kind::kTimedOut) {
    for (RequestId id = 1001; id <= 1005; ++id) {
      Enqueue(id, destination);
      ASSERT_THAT(Take(), ElementsAre(id));
      Finish(id, kind);
    }
    ASSERT_TRUE(scheduler_->IsDown(destination, now_));
  }

  FakeRandom random_;
  CountedMetrics metrics_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::unique_ptr<RequestScheduler> scheduler_;
};

TEST_F(RequestSchedulerOutageTest, NothingLeavesForAServerThatIsDown) {
  Start({.rate_per_destination = 0});
  BringDown("a", Kind::kUnreachable);
  Enqueue(1, "a");
  Enqueue(2, "a", RequestPriority::kUnsubscribe);
  EXPECT_THAT(Take(), IsEmpty());
  // The others go on.
  Enqueue(3, "b");
  EXPECT_THAT(Take(), ElementsAre(3));
  EXPECT_FALSE(scheduler_->IsDown("b", now_));
  EXPECT_EQ(scheduler_->down(), 1u);
  EXPECT_EQ(metrics_.down, 1);
  EXPECT_EQ(metrics_.trips["unreachable"], 1);
  EXPECT_EQ(metrics_.held_back["down"], 2);
  EXPECT_GE(scheduler_->NextReady(now_), now_ + 2 * kT1);
  EXPECT_LE(scheduler_->NextReady(now_), now_ + 4 * kT1);
}

// NOT-25: whoever named the address of another as his Contact has tripped the breaker.
TEST_F(RequestSchedulerOutageTest, NotifiesGoWhereOthersWait) {
  for (const Kind kind : {Kind::kTimedOut, Kind::kUnreachable}) {
    Start({.rate_per_destination = 0});
    BringDown("a", kind);
    Enqueue(1, "a");
    Enqueue(2, "a", RequestPriority::kNotify);
    Enqueue(3, "a", RequestPriority::kFinalNotify);
    EXPECT_THAT(Take(), ElementsAre(3, 2));
    // They are no probes: one that fails changes nothing, one that is answered brings it back.
    Finish(3, kind);
    EXPECT_THAT(Take(), IsEmpty());
    Finish(2, Kind::kAnswered);
    EXPECT_THAT(Take(), ElementsAre(1));
  }
}

// OVL-01.
TEST_F(RequestSchedulerOutageTest, NotifiesWaitForAServerThatHasTooMuchToDo) {
  Start({.rate_per_destination = 0});
  BringDown("a", Kind::kOverloaded);
  Enqueue(1, "a", RequestPriority::kNotify);
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(RequestSchedulerOutageTest, StateOfAServerIsToldToPeople) {
  Start({.rate_per_destination = 0});
  Enqueue(1, "a");
  ASSERT_THAT(Take(), ElementsAre(1));
  const ServerState up = scheduler_->StateOf("a");
  Finish(1, Kind::kAnswered);
  BringDown("a");
  Enqueue(2, "a");
  Enqueue(3, "a");
  const ServerState down = scheduler_->StateOf("a");
  now_ = scheduler_->NextReady(now_);
  ASSERT_THAT(Take(), ElementsAre(2));
  const ServerState probed = scheduler_->StateOf("a");
  Finish(2, Kind::kAnswered);
  const ServerState mended = scheduler_->StateOf("a");

  EXPECT_EQ(up.server, "a");
  EXPECT_FALSE(up.down);
  EXPECT_EQ(up.in_flight, 1);
  EXPECT_TRUE(down.down);
  EXPECT_FALSE(down.probing);
  EXPECT_EQ(down.probe_time, now_);
  EXPECT_EQ(down.cause, "timeout");
  EXPECT_EQ(down.failures, 5);
  EXPECT_EQ(down.waiting, 2u);
  EXPECT_TRUE(probed.probing);
  EXPECT_EQ(probed.in_flight, 1);
  EXPECT_FALSE(mended.down);
  EXPECT_EQ(mended.failures, 0);
  EXPECT_EQ(mended.cause, "");
  EXPECT_FALSE(scheduler_->StateOf("nobody").down);
}

TEST_F(RequestSchedulerOutageTest, MostUrgentIsTheOneProbe) {
  Start({.rate_per_destination = 0});
  BringDown("a");
  Enqueue(1, "a", RequestPriority::kSubscribe);
  Enqueue(2, "a", RequestPriority::kRefresh);
  // When its time is over, the next request is the better choice again
  now_ = scheduler_->NextReady(now_);
  EXPECT_FALSE(scheduler_->IsDown("a", now_));
  // then one leaves, and none until it has ended.
  EXPECT_THAT(Take(), ElementsAre(2));
  EXPECT_TRUE(scheduler_->IsDown("a", now_));
  now_ += absl::Hours(1);
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(scheduler_->NextReady(now_), absl::InfiniteFuture());
  // Failed: it is down for longer.
  Finish(2, Kind::kTimedOut);
  EXPECT_GE(scheduler_->NextReady(now_), now_ + 4 * kT1);
  EXPECT_EQ(metrics_.trips["timeout"], 2);
  EXPECT_EQ(metrics_.down, 1);
  now_ = scheduler_->NextReady(now_);
  ASSERT_THAT(Take(), ElementsAre(1));
  // Answered: it is back.
  Finish(1, Kind::kAnswered);
  EXPECT_EQ(scheduler_->down(), 0u);
  EXPECT_EQ(metrics_.down, 0);
  Enqueue(3, "a");
  EXPECT_THAT(Take(), ElementsAre(3));
}

TEST_F(RequestSchedulerOutageTest, RequestsInFlightDoNotHoldUpTheProbe) {
  // Given a server with many in flight, five of which failed
  RequestSchedulerOptions options;
  options.rate_per_destination = 0;
  options.max_in_flight = 30;
  options.max_in_flight_per_destination = 20;
  Start(options);
  for (RequestId id = 1; id <= 40; ++id) Enqueue(id, "a");
  ASSERT_THAT(Take(), SizeIs(20));
  for (RequestId id = 1; id <= 5; ++id) {
    Finish(id, Kind::kUnreachable);
    const std::vector<RequestId> next = Take();
    ASSERT_THAT(next, SizeIs(id < 5 ? 1 : 0));
  }
  // and another one that took of what was free
  for (RequestId id = 101; id <= 120; ++id) Enqueue(id, "b");
  ASSERT_THAT(Take(), SizeIs(8));
  // When the time of the first one is over, then its probe leaves.
  now_ = scheduler_->NextReady(now_);
  EXPECT_THAT(Take(), ElementsAre(25));
}

TEST_F(RequestSchedulerOutageTest, ProbeThatIsAnsweredWhileOthersTimeOutBringsItBack) {
  RequestSchedulerOptions options;
  options.rate_per_destination = 0;
  options.max_in_flight_per_destination = 20;
  Start(options);
  for (RequestId id = 1; id <= 30; ++id) Enqueue(id, "a");
  ASSERT_THAT(Take(), SizeIs(20));
  for (RequestId id = 1; id <= 19; ++id) Finish(id, Kind::kTimedOut);
  now_ = scheduler_->NextReady(now_);
  ASSERT_THAT(Take(), ElementsAre(21));
  // One of before times out, and the probe is answered
  Finish(20, Kind::kTimedOut);
  EXPECT_THAT(Take(), IsEmpty());
  Finish(21, Kind::kAnswered);
  EXPECT_THAT(Take(), ElementsAre(22, 23));  // a slow start
}

TEST_F(RequestSchedulerOutageTest, EarlierProbeIsNotTakenForTheNextOne) {
  // Given a probe under way when an answer to an earlier request brings the server back
  Start({.rate_per_destination = 0});
  Enqueue(1, "a");
  ASSERT_THAT(Take(), ElementsAre(1));
  BringDown("a");
  Enqueue(2, "a");
  now_ = scheduler_->NextReady(now_);
  ASSERT_THAT(Take(), ElementsAre(2));
  Finish(1, Kind::kAnswered);
  // and it goes down again, with another probe
  now_ += absl::Minutes(1);
  BringDown("a");
  const absl::Time open_until = [&] {
    Enqueue(3, "a");
    return scheduler_->NextReady(now_);
  }();
  now_ = open_until;
  ASSERT_THAT(Take(), ElementsAre(3));
  Enqueue(4, "a");
  // When the earlier one fails at last, then the other one still decides.
  Finish(2, Kind::kTimedOut);
  EXPECT_EQ(scheduler_->NextReady(now_), absl::InfiniteFuture());
  Finish(3, Kind::kAnswered);
  EXPECT_THAT(Take(), ElementsAre(4));
}

TEST_F(RequestSchedulerOutageTest, ServerThatIsDownIsForgottenSomeTimeLater) {
  Start({.rate_per_destination = 0});
  BringDown("a");
  // When nobody wants it any more, and others come and go
  for (RequestId id = 1; id <= 10; ++id) {
    Enqueue(id, "b");
    ASSERT_THAT(Take(), ElementsAre(id));
    Finish(id, Kind::kAnswered);
    EXPECT_EQ(scheduler_->down(), 1u);
  }
  now_ += 4 * kT1 + 64 * kT1;
  Enqueue(11, "b");
  ASSERT_THAT(Take(), ElementsAre(11));
  Finish(11, Kind::kAnswered);
  // Then
  EXPECT_EQ(scheduler_->down(), 0u);
  EXPECT_EQ(metrics_.down, 0);
}

TEST_F(RequestSchedulerOutageTest, RemovedProbeCandidateLeavesTheTurnToTheNext) {
  Start({.rate_per_destination = 0});
  BringDown("a");
  Enqueue(1, "a");
  Enqueue(2, "a");
  EXPECT_TRUE(scheduler_->Remove(1));
  now_ = scheduler_->NextReady(now_);
  EXPECT_THAT(Take(), ElementsAre(2));
}

// A server that answers within a millisecond, is away for some time, and comes back; and clients
// that ask again a while after a time-out.
class Simulation {
 public:
  Simulation(RequestScheduler& scheduler, absl::Time start, absl::Time away, absl::Time back)
      : scheduler_(scheduler), now_(start), away_(away), back_(back) {}

  struct Left {
    absl::Time at;
    RequestId id;
  };

  void Enqueue(RequestId id) {
    ASSERT_OK(scheduler_.Enqueue(id, "a", RequestPriority::kRefresh, now_));
  }

  // Runs until `end`, a millisecond at a time.
  void RunUntil(absl::Time end) {
    for (; now_ < end; now_ += absl::Milliseconds(1)) Step();
  }

  const std::vector<Left>& left() const { return left_; }
  const absl::flat_hash_set<RequestId>& answered() const { return answered_; }
  absl::Time last_answer() const { return last_answer_; }

 private:
  void Step() {
    while (!in_flight_.empty() && IsOver(in_flight_.front())) {
      const RequestId id = in_flight_.front().id;
      const bool answered = IsAnswered(in_flight_.front());
      in_flight_.pop_front();
      scheduler_.OnFinished(id, {answered ? Kind::kAnswered : Kind::kTimedOut, {}}, now_);
      if (answered) {
        answered_.insert(id);
        last_answer_ = now_;
      } else {
        asks_again_.push_back({now_ + absl::Seconds(15), id});
      }
    }
    while (!asks_again_.empty() && asks_again_.front().at <= now_) {
      Enqueue(asks_again_.front().id);
      asks_again_.pop_front();
    }
    for (const RequestId id : scheduler_.TakeReady(now_)) {
      left_.push_back({now_, id});
      in_flight_.push_back({now_, id});
    }
  }

  // Sent while it was there, or sent again (every 4 s) once it is back.
  bool IsAnswered(const Left& request) const {
    if (request.at < away_ || request.at >= back_) return true;
    absl::Time again = request.at;
    while (again < back_) again += 8 * kT1;
    return again < request.at + 64 * kT1 && again < now_;
  }
  bool IsOver(const Left& request) const {
    return now_ >= request.at + 64 * kT1 || (now_ > request.at && IsAnswered(request));
  }

  RequestScheduler& scheduler_;
  absl::Time now_;
  const absl::Time away_;
  const absl::Time back_;
  std::vector<Left> left_;
  std::deque<Left> in_flight_;
  std::deque<Left> asks_again_;
  absl::flat_hash_set<RequestId> answered_;
  absl::Time last_answer_;
};

// 20,000 refreshes fall due within the minute in which their notifier is away.
TEST_F(RequestSchedulerOutageTest, RecoveryIsPacedAndWithinTheBoundThatTheRateGives) {
  // Given
  constexpr double kRate = 1000;
  constexpr RequestId kRequests = 20'000;
  Start({.rate_per_destination = kRate});
  const absl::Time away = now_;
  const absl::Time back = away + absl::Seconds(60);
  Simulation simulation(*scheduler_, now_, away, back);
  // When
  for (RequestId id = 1; id <= kRequests; ++id) {
    simulation.Enqueue(id);
    if (id % 400 == 0) simulation.RunUntil(away + absl::Seconds(id / 400));
  }
  EXPECT_GT(scheduler_->waiting(), kRequests - 600);
  simulation.RunUntil(back + absl::Seconds(40));
  // Then all are answered: within 4 s of a probe's retransmissions and what an open breaker may
  // wait (64*T1), 4 s of a slow start and the rate.
  EXPECT_EQ(simulation.answered().size(), kRequests);
  EXPECT_LE(simulation.last_answer() - back,
            absl::Seconds(4) + 64 * kT1 + absl::Seconds(4) + absl::Seconds(kRequests / kRate));
  // No second had more than the rate and its burst
  const auto& left = simulation.left();
  size_t first = 0;
  size_t most = 0;
  for (size_t last = 0; last < left.size(); ++last) {
    while (left[last].at - left[first].at > absl::Seconds(1)) ++first;
    most = std::max(most, last - first + 1);
  }
  EXPECT_LE(most, kRate + 1 + kRate / 100);
  EXPECT_GE(most, kRate * 0.99);  // and the rate was used
  // and single probes left between the first time-outs and the return.
  const auto probes = std::count_if(left.begin(), left.end(), [&](const auto& request) {
    return request.at > away + 64 * kT1 && request.at < back;
  });
  EXPECT_GE(probes, 1);
  EXPECT_LE(probes, 5);
}

}  // namespace
}  // namespace sipevents::sip
