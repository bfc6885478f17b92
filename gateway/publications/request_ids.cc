#include "gateway/publications/request_ids.h"

namespace sipevents::gateway {

const RequestIds::Made* RequestIds::Find(const std::string& key, absl::Time now) {
  DropOld(now);
  const auto found = made_.find(key);
  return found == made_.end() ? nullptr : &found->second;
}

bool RequestIds::HasRoom(absl::Time now) {
  DropOld(now);
  return by_age_.size() < max_ids_;
}

void RequestIds::Remember(std::string key, Made made, absl::Time now) {
  by_age_.emplace_back(now + lifetime_, key);
  made_.insert_or_assign(std::move(key), std::move(made));
}

void RequestIds::DropOld(absl::Time now) {
  while (!by_age_.empty() && by_age_.front().first <= now) {
    made_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
}

}  // namespace sipevents::gateway
