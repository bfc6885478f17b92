#ifndef SIP_STACK_HELD_REQUESTS_H_
#define SIP_STACK_HELD_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/timer_queue.h"

namespace sipevents::sip {

// Keeps requests that cannot be judged yet, as they came, until what they wait for is there
// (RequestAnswer::waits_for). The SIP thread goes on meanwhile.
//
// Threads: the SIP thread. What it is made of must outlive it; `metrics` may be null. What is still
// held when it goes is dropped.
class HeldRequests {
 public:
  static constexpr size_t kMostRequests = 4096;
  static constexpr size_t kMostOctets = 8 << 20;  // of their texts
  // Handed back before the thread turns to other work.
  static constexpr int kBatch = 64;

  // Takes the text of a request, to be judged again.
  using Again = std::function<void(std::string_view text)>;

  HeldRequests(const Clock& clock, TimerQueue& timers, SipMetrics* metrics)
      : clock_(clock), timers_(timers), metrics_(metrics) {}
  ~HeldRequests();
  HeldRequests(const HeldRequests&) = delete;
  HeldRequests& operator=(const HeldRequests&) = delete;

  // Whether a request of this length may be held; counts it if not.
  bool HasRoom(size_t octets);

  // Holds a request; there must be room. `again` is called at most once, never from within a call.
  void Hold(uint64_t waits_for, std::string text, Again again);

  // What has this number is there: who waited for it is handed back, in order, from the loop.
  void Resume(uint64_t waits_for);

  size_t size() const { return count_; }

 private:
  struct Held {
    std::string text;
    Again again;
  };

  void HandBackSome();
  void Arm();
  void CountHeld(int change);

  const Clock& clock_;
  TimerQueue& timers_;
  SipMetrics* metrics_;
  absl::flat_hash_map<uint64_t, std::vector<Held>> waiting_;
  std::deque<Held> ready_;
  size_t count_ = 0;
  size_t octets_ = 0;
  TimerQueue::TimerId timer_ = 0;  // 0: nothing is ready
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_HELD_REQUESTS_H_
