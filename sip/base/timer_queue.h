#ifndef SIP_BASE_TIMER_QUEUE_H_
#define SIP_BASE_TIMER_QUEUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace sipevents {

// Holds what is due when. Knows no clock: its owner says what time it is.
//
// Threads: one; its owner's.
class TimerQueue {
 public:
  using TimerId = uint64_t;  // 0 is never a timer

  // Calls `action` from RunDue() once `when` has come.
  TimerId At(absl::Time when, std::function<void()> action) {
    const TimerId id = ++last_id_;
    const bool first = when < NextDue();
    due_.emplace(std::make_pair(when, id), std::move(action));
    when_.emplace(id, when);
    if (first && on_sooner_) on_sooner_();
    return id;
  }

  // Forgets a timer; false if it ran already or never was.
  bool Cancel(TimerId id) {
    auto it = when_.find(id);
    if (it == when_.end()) return false;
    due_.erase({it->second, id});
    when_.erase(it);
    return true;
  }

  // When the next one is due; InfiniteFuture if none is.
  absl::Time NextDue() const {
    return due_.empty() ? absl::InfiniteFuture() : due_.begin()->first.first;
  }

  // Runs what is due at `now`, in order. An action may add and cancel timers; one that it adds
  // for a time not after `now` runs too. Returns how many ran.
  int RunDue(absl::Time now) {
    int ran = 0;
    while (!due_.empty() && due_.begin()->first.first <= now) {
      auto node = due_.extract(due_.begin());
      when_.erase(node.key().second);
      node.mapped()();
      ++ran;
    }
    return ran;
  }

  // Has `on_sooner` called whenever a new timer is due before all others, for an owner that sleeps
  // until NextDue().
  void OnSooner(std::function<void()> on_sooner) { on_sooner_ = std::move(on_sooner); }

  size_t size() const { return due_.size(); }

 private:
  std::map<std::pair<absl::Time, TimerId>, std::function<void()>> due_;
  absl::flat_hash_map<TimerId, absl::Time> when_;
  std::function<void()> on_sooner_;
  TimerId last_id_ = 0;
};

}  // namespace sipevents

#endif  // SIP_BASE_TIMER_QUEUE_H_
