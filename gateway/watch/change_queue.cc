#include "gateway/watch/change_queue.h"

#include <utility>

namespace sipevents::gateway {

bool ChangeQueue::Put(std::shared_ptr<const Changing> thing) {
  const bool gone = thing->gone();
  MutexLock lock(mutex_);
  const auto found = known_.find(thing->name());
  if (found == known_.end()) {
    if (gone) return true;  // nobody was told of it
    if (known_.size() >= max_things_) return false;
    known_.emplace(thing->name(), Known{.place = ++last_place_});
    waiting_.emplace(last_place_, std::move(thing));
    return true;
  }
  Known& known = found->second;
  if (gone && !known.told) {
    waiting_.erase(known.place);
    known_.erase(found);
  } else if (known.place != 0) {
    waiting_[known.place] = std::move(thing);
  } else {
    known.place = ++last_place_;
    waiting_.emplace(last_place_, std::move(thing));
  }
  return true;
}

void ChangeQueue::CompleteInitial() {
  MutexLock lock(mutex_);
  bookmark_place_ = ++last_place_;
}

ChangeQueue::Taken ChangeQueue::Take(size_t max_things) {
  Taken taken;
  MutexLock lock(mutex_);
  while (!waiting_.empty() && taken.things.size() < max_things) {
    const auto first = waiting_.begin();
    if (bookmark_place_ != 0 && first->first > bookmark_place_) break;
    std::shared_ptr<const Changing> thing = std::move(first->second);
    waiting_.erase(first);
    const auto known = known_.find(thing->name());
    known->second = Known{.place = 0, .told = true};
    if (thing->gone()) known_.erase(known);
    taken.things.push_back(std::move(thing));
  }
  if (bookmark_place_ != 0 && (waiting_.empty() || waiting_.begin()->first > bookmark_place_)) {
    taken.initial_complete = true;
    bookmark_place_ = 0;
  }
  taken.more = !waiting_.empty();
  return taken;
}

}  // namespace sipevents::gateway
