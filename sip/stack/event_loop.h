#ifndef SIP_STACK_EVENT_LOOP_H_
#define SIP_STACK_EVENT_LOOP_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "sip/base/clock.h"
#include "sip/base/timer_queue.h"

namespace sipevents::sip {

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

#endif  // SIP_STACK_EVENT_LOOP_H_
