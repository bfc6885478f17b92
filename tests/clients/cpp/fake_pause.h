#ifndef TESTS_CLIENTS_CPP_FAKE_PAUSE_H_
#define TESTS_CLIENTS_CPP_FAKE_PAUSE_H_

#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "clients/cpp/pause.h"

namespace sipevents::client::testing {

// Does not wait: notes how long it should have, and sets its clock forward.
//
// Threads: one, but for Interrupt().
class FakePause : public Pause {
 public:
  absl::Time Now() override { return now_; }
  void Wait(absl::Duration duration) override {
    waits_.push_back(duration);
    now_ += duration;
    std::this_thread::yield();
  }
  void Interrupt() override {}

  void Advance(absl::Duration duration) { now_ += duration; }
  const std::vector<absl::Duration>& waits() const { return waits_; }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  std::vector<absl::Duration> waits_;
};

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_CPP_FAKE_PAUSE_H_
