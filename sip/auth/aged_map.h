#ifndef SIP_AUTH_AGED_MAP_H_
#define SIP_AUTH_AGED_MAP_H_

#include <cstddef>
#include <iterator>
#include <list>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace sipevents::sip {

// A map of at most so many values: a new one takes the place of the one that was put in longest
// ago. All calls take constant time.
//
// Threads: one; its owner's.
template <typename Key, typename Value>
class AgedMap {
 public:
  explicit AgedMap(size_t most) : most_(most) {}

  // Puts a value in, in place of the one that the key had. Returns whether another had to go.
  bool Put(const Key& key, Value value) {
    Erase(key);
    bool dropped = false;
    if (places_.size() >= most_) {
      Erase(values_.front().first);
      dropped = true;
    }
    values_.emplace_back(key, std::move(value));
    places_.emplace(key, std::prev(values_.end()));
    return dropped;
  }

  // Null: there is none. Good until the value is erased.
  const Value* Find(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }

  void Erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    const auto place = found->second;  // the key may be in it
    places_.erase(found);
    values_.erase(place);
  }

  // The value that was put in longest ago; there must be one.
  const Value& oldest() const { return values_.front().second; }
  void DropOldest() { Erase(values_.front().first); }

  size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }

 private:
  using Values = std::list<std::pair<Key, Value>>;

  const size_t most_;
  Values values_;  // the oldest first
  absl::flat_hash_map<Key, typename Values::iterator> places_;
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_AGED_MAP_H_
