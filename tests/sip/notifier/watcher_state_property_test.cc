#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "sip/notifier/watcher_state.h"
#include "tests/fakes/fake_random.h"

// Whatever happens in whatever order, some things always hold.

namespace sipevents::sip {
namespace {

constexpr int kRuns = 3000;
constexpr int kStepsARun = 60;

// One watcher with a network that answers in random ways.
class RandomWatcher {
 public:
  explicit RandomWatcher(uint64_t seed) : random_(seed) {
    state_.rate = NotifyRate(absl::Seconds(Roll(3)));
    state_.rate.Wish({.max_rate = Roll(3) == 0 ? 0.5F : 0, .min_rate = Roll(4) == 0 ? 0.25F : 0},
                     absl::Minutes(1));
    Do(SubscribeGranted{absl::Seconds(Roll(5) * 20), Roll(2) == 0});
  }

  bool is_gone() const { return state_.phase == WatcherPhase::kGone; }

  void Step() {
    switch (Roll(9)) {
      case 0:
        Refresh({absl::Seconds(Roll(5) * 20), Roll(3) > 0, Roll(5) == 0});
        break;
      case 1:
        Do(WatcherDecided{Roll(2) == 0});
        break;
      case 2:
      case 3:
        if (state_.phase == WatcherPhase::kActive) untold_ = true;
        Do(StateChanged{});
        break;
      case 4:
        if (Roll(8) == 0) Do(WatcherEnding{WatcherEnd::kRejected});
        break;
      case 5:
      case 6:
        NetworkMoves();
        break;
      default:
        Pass(absl::Milliseconds(Roll(8000)));
        break;
    }
  }

  // The peer answers all, and time passes, until there is nothing left to be done.
  void RunOut() {
    Do(WatcherEnding{WatcherEnd::kDeactivated});
    for (int i = 0; i < 60 && !is_gone(); ++i) {
      while (outstanding_) NetworkMoves();
      Pass(absl::Seconds(10));
    }
    EXPECT_TRUE(is_gone()) << log_;
  }

 private:
  int Roll(int sides) { return static_cast<int>(random_.Next() % static_cast<uint64_t>(sides)); }

  void Refresh(const SubscribeGranted& granted) {
    if (granted.quiet) untold_ = false;  // the watcher has that state already
    Do(granted);
  }

  void NetworkMoves() {
    if (!outstanding_) return;
    if (!written_ && Roll(10) > 0) {
      written_ = true;
      untold_ = false;
      was_last_ = state_.phase == WatcherPhase::kTerminated;
      Do(NotifyWritten{});
      return;
    }
    Answered();
  }

  void Answered() {
    static constexpr int kStatuses[] = {200, 200, 200, 500, 503, 491, 481, 401, 302, 415, 420, 400};
    NotifyAnswered answered{
        .status = kStatuses[Roll(12)],
        .retry_after = Roll(6) == 0 ? random_.Next() % 60 > 0 ? 5u : 4000000u : 0,
        .required = Roll(2) == 0,
        .can_retry = Roll(2) == 0};
    if (!written_) answered = {.status = 503, .failure = SendFailure::kOverload};
    if (Roll(20) == 0) answered = {.status = 408, .failure = SendFailure::kTimeout};
    const bool taken = answered.status == 200 || answered.failure == SendFailure::kTimeout;
    outstanding_ = false;
    const bool last = was_last_ && written_;
    written_ = false;
    absl::StrAppend(&log_, " answered ", answered.status);
    Do(answered);
    EXPECT_TRUE(is_gone() || state_.phase == WatcherPhase::kWaiting || !last || !taken) << log_;
  }

  void Pass(absl::Duration time) {
    const absl::Time end = now_ + time;
    int woken = 0;
    while (!is_gone() && wake_ <= end) {
      now_ = std::max(now_, wake_);
      ASSERT_LT(++woken, 100) << "woken without end:" << log_;
      Do(WatcherTimer{});
    }
    now_ = end;
  }

  void Do(const WatcherInput& input) {
    if (is_gone()) return;
    absl::StrAppend(&log_, " ", input.index());
    const WatcherStep step =
        Next(state_, input, {now_, absl::Milliseconds(500), random_.Uniform()});
    if (step.send) {
      EXPECT_FALSE(outstanding_) << "two at once:" << log_;
      outstanding_ = true;
    }
    EXPECT_EQ(state_.outstanding && !is_gone(), outstanding_ && !is_gone()) << log_;
    wake_ = step.wake;
    // A change that nobody has been told of yet will be: by what is under way, or in time.
    if (untold_ && state_.phase == WatcherPhase::kActive && !(outstanding_ && !written_)) {
      EXPECT_TRUE(state_.changed || state_.urgent) << log_;
      EXPECT_TRUE(outstanding_ || wake_ < absl::InfiniteFuture()) << log_;
    }
    // Who waits was never allowed, and nothing is sent any more.
    if (state_.phase == WatcherPhase::kWaiting) {
      EXPECT_TRUE(state_.waits && !outstanding_) << log_;
    }
    // While it lives it ends one day.
    EXPECT_TRUE(is_gone() || outstanding_ || wake_ < absl::InfiniteFuture()) << log_;
  }

  FakeRandom random_;
  WatcherState state_;
  absl::Time now_ = absl::FromUnixSeconds(1700000000);
  absl::Time wake_ = absl::InfiniteFuture();
  bool outstanding_ = false;  // as the network sees it
  bool written_ = false;      // the one that is outstanding
  bool was_last_ = false;     // it said so
  bool untold_ = false;       // a change was not written yet
  std::string log_;
};

// NOT-46, NOT-25, NOT-19.
TEST(WatcherStatePropertyTest, NeverTwoAtOnceNorAChangeUntoldNorAnEndWithoutEnd) {
  for (int run = 1; run <= kRuns && !testing::Test::HasFailure(); ++run) {
    RandomWatcher watcher(static_cast<uint64_t>(run));
    for (int i = 0; i < kStepsARun && !watcher.is_gone(); ++i) watcher.Step();
    if (!watcher.is_gone()) watcher.RunOut();
  }
}

}  // namespace
}  // namespace sipevents::sip
