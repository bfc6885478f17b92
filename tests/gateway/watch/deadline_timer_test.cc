#include "gateway/watch/deadline_timer.h"

#include <memory>

#include "absl/time/time.h"
#include "gateway/watch/fanout_executor.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

// Counts how often it is scheduled.
class Owner : public Runnable {
 public:
  int runs = 0;
  DeadlineTimer timer;

 protected:
  void Run() override {
    timer.OnRun();
    ++runs;
  }
};

class DeadlineTimerTest : public testing::Test {
 protected:
  void ArmFor(absl::Duration from_now) {
    owner_->timer.ArmFor(now_ + from_now, now_, owner_, executor_);
  }
  void Advance(absl::Duration by) {
    now_ += by;
    executor_.Advance(by);
  }

  FanoutExecutor executor_{/*threads=*/0};
  absl::Time now_ = absl::UnixEpoch();
  std::shared_ptr<Owner> owner_ = std::make_shared<Owner>();
};

TEST_F(DeadlineTimerTest, EarliestOfTheTimesCounts) {
  ArmFor(absl::Seconds(100));
  ArmFor(absl::Seconds(10));
  ArmFor(absl::Seconds(50));
  Advance(absl::Seconds(9));
  EXPECT_EQ(owner_->runs, 0);
  Advance(absl::Seconds(2));
  EXPECT_EQ(owner_->runs, 1);
  // The later ones were its owner's to arm again.
  Advance(absl::Seconds(200));
  EXPECT_EQ(owner_->runs, 1);
}

TEST_F(DeadlineTimerTest, ArmsAgainAfterARun) {
  ArmFor(absl::Seconds(1));
  Advance(absl::Seconds(2));
  ArmFor(absl::Seconds(30));
  Advance(absl::Seconds(40));
  EXPECT_EQ(owner_->runs, 2);
}

TEST_F(DeadlineTimerTest, TimeThatHasPassedRunsSoon) {
  ArmFor(absl::Seconds(-5));
  Advance(absl::Milliseconds(10));
  EXPECT_EQ(owner_->runs, 1);
}

TEST_F(DeadlineTimerTest, InfiniteTimeAndACancelledOneNeverCome) {
  ArmFor(absl::InfiniteDuration());
  ArmFor(absl::Seconds(5));
  owner_->timer.Cancel(executor_);
  Advance(absl::Hours(100));
  EXPECT_EQ(owner_->runs, 0);
  ArmFor(absl::Seconds(5));
  Advance(absl::Seconds(6));
  EXPECT_EQ(owner_->runs, 1);
}

TEST_F(DeadlineTimerTest, OwnerMayBeGoneByThen) {
  ArmFor(absl::Seconds(5));
  owner_ = nullptr;
  Advance(absl::Seconds(6));
}

}  // namespace
}  // namespace sipevents::gateway
