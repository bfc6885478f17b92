#ifndef SIP_NOTIFIER_WATCHER_OBSERVERS_H_
#define SIP_NOTIFIER_WATCHER_OBSERVERS_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "sip/base/clock.h"
#include "sip/base/timer_queue.h"
#include "sip/event_server.h"
#include "sip/notifier/watcher.h"

namespace sipevents::sip {

// Whether a watcher is one of those that are meant. Threads: the SIP thread that serves.
bool Fits(const WatcherFilter& filter, const Watcher& watcher);

// Who is told of watchers (EventServer::Observe()): first of those that are there, some in each
// turn of the loop, since a million of them would keep the SIP thread from all else; then of what
// changes.
//
// Threads: the SIP thread that serves; observers are told there.
class WatcherObservers {
 public:
  // Some of the watchers that fit, in the order of their numbers.
  struct Slice {
    std::vector<const Watcher*> watchers;
    uint64_t end = 0;  // all up to this number were looked at; 0: there are no more
  };
  // Those after a number: no more than can be told in one turn.
  using TakeSlice = std::function<Slice(const WatcherFilter& filter, uint64_t after)>;

  // All must outlive it.
  WatcherObservers(const Clock& clock, TimerQueue& timers, TakeSlice take_slice);
  ~WatcherObservers();
  WatcherObservers(const WatcherObservers&) = delete;
  WatcherObservers& operator=(const WatcherObservers&) = delete;

  // Tells of the first ones at once. `newest`: the highest number that was given; those that come
  // later are changes.
  void Add(const WatcherFilter& filter, std::shared_ptr<WatcherObserver> observer, uint64_t newest);
  void Remove(const std::shared_ptr<WatcherObserver>& observer);

  // A watcher came, changed its status or what it is shown, or went. Whoever has not been told of
  // it yet will be in its turn, of what it is by then.
  void OnChanged(const Watcher& watcher);

 private:
  struct Observation {
    WatcherFilter filter;
    std::shared_ptr<WatcherObserver> observer;
    uint64_t told = 0;  // all up to this number were
    uint64_t newest = 0;
    bool listing = true;
  };

  static bool IsTold(const Observation& observation, uint64_t number);
  void TellSome(Observation& observation) const;
  void Continue();

  const Clock& clock_;
  TimerQueue& timers_;
  const TakeSlice take_slice_;
  std::list<Observation> observations_;
  TimerQueue::TimerId timer_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_WATCHER_OBSERVERS_H_
