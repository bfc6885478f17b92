#include "sip/notifier/watcher_observers.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sipevents::sip {

bool Fits(const WatcherFilter& filter, const Watcher& watcher) {
  const auto fits = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  return fits(filter.resource_uri, watcher.audience().resource()) &&
         fits(filter.event_package, watcher.audience().event_package()) &&
         fits(filter.watcher_uri, watcher.watcher_uri()) &&
         (filter.id.empty() || filter.id == WatcherId(watcher.number()));
}

WatcherObservers::WatcherObservers(const Clock& clock, TimerQueue& timers, TakeSlice take_slice)
    : clock_(clock), timers_(timers), take_slice_(std::move(take_slice)) {}

WatcherObservers::~WatcherObservers() { timers_.Cancel(timer_); }

void WatcherObservers::Add(const WatcherFilter& filter, std::shared_ptr<WatcherObserver> observer,
                           uint64_t newest) {
  observations_.push_back({filter, std::move(observer), 0, newest});
  TellSome(observations_.back());
  Continue();
}

void WatcherObservers::Remove(const std::shared_ptr<WatcherObserver>& observer) {
  std::erase_if(observations_, [&](const Observation& one) { return one.observer == observer; });
}

void WatcherObservers::OnChanged(const Watcher& watcher) {
  for (const Observation& observation : observations_) {
    if (!IsTold(observation, watcher.number()) || !Fits(observation.filter, watcher)) continue;
    observation.observer->OnWatcher(watcher.Describe());
  }
}

bool WatcherObservers::IsTold(const Observation& observation, uint64_t number) {
  return !observation.listing || number <= observation.told || number > observation.newest;
}

void WatcherObservers::TellSome(Observation& observation) const {
  const Slice slice = take_slice_(observation.filter, observation.told);
  for (const Watcher* const watcher : slice.watchers) {
    if (watcher->number() > observation.newest) break;
    observation.observer->OnWatcher(watcher->Describe());
  }
  observation.told = slice.end;
  observation.listing = slice.end != 0 && slice.end < observation.newest;
  if (!observation.listing) observation.observer->OnInitialComplete();
}

// One after the other has its turn.
void WatcherObservers::Continue() {
  const auto next = std::find_if(observations_.begin(), observations_.end(),
                                 [](const Observation& one) { return one.listing; });
  if (timer_ != 0 || next == observations_.end()) return;
  timer_ = timers_.At(clock_.Now(), [this] {
    timer_ = 0;
    const auto turn = std::find_if(observations_.begin(), observations_.end(),
                                   [](const Observation& one) { return one.listing; });
    if (turn == observations_.end()) return;
    TellSome(*turn);
    observations_.splice(observations_.end(), observations_, turn);
    Continue();
  });
}

}  // namespace sipevents::sip
