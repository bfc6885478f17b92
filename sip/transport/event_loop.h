#ifndef SIP_TRANSPORT_EVENT_LOOP_H_
#define SIP_TRANSPORT_EVENT_LOOP_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "sip/base/clock.h"
#include "sip/base/timer_queue.h"

namespace sipevents::sip {

// What a descriptor is watched for, or what came of it.
struct DescriptorEvents {
  bool readable = false;
  bool writable = false;
  // Both directions are at their end, or an error is pending. Told even where it was not asked
  // for, and again until the descriptor is closed.
  bool hangup = false;
};

// Watches a descriptor for as long as it lives. Destroy it before the descriptor is closed and
// before its loop ends; its own callback may do so.
//
// Threads: the loop's.
class DescriptorWatch {
 public:
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  // Watches for something else from now on; `hangup` is not looked at.
  void Want(DescriptorEvents wanted);

 private:
  friend class EventLoop;
  using Callback = std::function<void(DescriptorEvents)>;
  DescriptorWatch() = default;

  void* root_ = nullptr;
  int descriptor_ = -1;
  int index_ = 0;  // of sofia-sip's registration
  DescriptorEvents wanted_;
  // Shared, so that a callback that destroys the watch can end in peace.
  std::shared_ptr<Callback> callback_;
};

// Runs one SIP thread: sofia-sip's event loop (su_root), our timers, and what others post.
//
// Threads: Post() from any; the rest from the loop's own thread, unless said otherwise.
class EventLoop {
 public:
  // Starts the thread; returns when it runs. `name` is at most 15 characters.
  explicit EventLoop(const std::string& name);
  // Stops the thread after what was posted so far has run; not from the thread itself.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs `action` on the loop's thread, in the order of the calls.
  void Post(std::function<void()> action);

  // Posts `action` and waits until it has run. From other threads only.
  void Run(const std::function<void()>& action);

  // Calls `callback` whenever the descriptor is as `wanted` (level-triggered), from the loop and
  // never from within this call. Errors: RESOURCE_EXHAUSTED, if the system cannot watch more.
  absl::StatusOr<std::unique_ptr<DescriptorWatch>> Watch(
      int descriptor, DescriptorEvents wanted, std::function<void(DescriptorEvents)> callback);

  // The su_root_t, for sofia-sip objects of this thread.
  void* root() const;
  const Clock& clock() const { return clock_; }
  TimerQueue& timers() { return timers_; }

 private:
  struct Core;
  struct Posted;
  static void RunPosted(void* argument);
  void Loop(const std::string& name);
  void ShortenWait();

  SystemClock clock_;
  TimerQueue timers_;
  std::unique_ptr<Core> core_;
  std::thread thread_;
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_EVENT_LOOP_H_
