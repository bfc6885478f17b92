#include "sip/unsolicited_fan.h"

namespace sipevents::sip {

void UnsolicitedFan::Open(const std::vector<std::unique_ptr<Shard>>& shards) {
  MutexLock lock(mutex_);
  for (const auto& shard : shards) shards_.push_back(shard.get());
}

void UnsolicitedFan::Close() {
  MutexLock lock(mutex_);
  shards_.clear();
}

bool UnsolicitedFan::Tell(const std::shared_ptr<const UnsolicitedState>& state) {
  MutexLock lock(mutex_);
  if (*waiting_ >= kMaxWaiting) return false;
  for (Shard* const shard : shards_) {
    ++*waiting_;
    shard->Post([state, waiting = waiting_](Subscriber& subscriber) {
      --*waiting;
      subscriber.TakeUnsolicited(*state);
    });
  }
  return true;
}

}  // namespace sipevents::sip
