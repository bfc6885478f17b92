#ifndef TESTS_SIP_NOTIFIER_STATE_STEPS_H_
#define TESTS_SIP_NOTIFIER_STATE_STEPS_H_

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sip/notifier/watcher_state.h"

namespace sipevents::sip {

// A watcher's state machine, and the time.
class WatcherSteps : public ::testing::Test {
 protected:
  WatcherContext At() const { return {now_, absl::Milliseconds(500), chance_}; }
  WatcherStep Do(const WatcherInput& input) { return Next(state_, input, At()); }
  WatcherStep Answer(const NotifyAnswered& answered) { return Do(answered); }
  WatcherStep Answer(int status) { return Do(NotifyAnswered{.status = status}); }
  // The NOTIFY under way leaves and is answered.
  WatcherStep Written(int status) {
    Do(NotifyWritten{});
    return Answer(status);
  }
  // Subscribes for ten minutes, up to the answer of the first NOTIFY; says when to come again.
  absl::Time Activate() {
    Do(SubscribeGranted{absl::Minutes(10)});
    return Written(200).wake;
  }
  void Pass(absl::Duration time) { now_ += time; }

  absl::Time now_ = absl::FromUnixSeconds(1700000000);
  double chance_ = 0;
  WatcherState state_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_NOTIFIER_STATE_STEPS_H_
