#ifndef CLIENTS_CPP_PAUSE_H_
#define CLIENTS_CPP_PAUSE_H_

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace sipevents::client {

// Tells the time and waits between attempts; tests put their own in its place.
//
// Threads: Wait() and Now() one, Interrupt() any.
class Pause {
 public:
  virtual ~Pause() = default;
  virtual absl::Time Now() = 0;
  // Returns after `duration`, or at once from Interrupt() on.
  virtual void Wait(absl::Duration duration) = 0;
  // Ends this and every later Wait().
  virtual void Interrupt() = 0;
};

// Waits by the machine's clock.
class SystemPause : public Pause {
 public:
  absl::Time Now() override;
  void Wait(absl::Duration duration) override;
  void Interrupt() override;

 private:
  std::mutex mutex_;
  std::condition_variable interrupted_changed_;
  bool interrupted_ = false;  // guarded by mutex_
};

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_PAUSE_H_
