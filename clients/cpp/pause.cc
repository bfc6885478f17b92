#include "clients/cpp/pause.h"

#include "absl/time/clock.h"

namespace sipevents::client {

absl::Time SystemPause::Now() { return absl::Now(); }

void SystemPause::Wait(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  interrupted_changed_.wait_for(lock, absl::ToChronoNanoseconds(duration),
                                [this] { return interrupted_; });
}

void SystemPause::Interrupt() {
  {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
  }
  interrupted_changed_.notify_all();
}

}  // namespace sipevents::client
