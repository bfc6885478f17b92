#ifndef SIP_PACKAGES_INSTANCE_NUMBERS_H_
#define SIP_PACKAGES_INSTANCE_NUMBERS_H_

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace sipevents::sip {

// Numbers the instances that speak for one member of a list, over all lists in which it is: always
// the lowest number that is free, so that the only one is 0.
//
// Threads: one at a time.
class InstanceNumbers {
 public:
  uint32_t Take() {
    if (free_.empty()) return next_++;
    const uint32_t number = free_.top();
    free_.pop();
    return number;
  }
  void GiveBack(uint32_t number) { free_.push(number); }
  bool none_taken() const { return free_.size() == next_; }

 private:
  uint32_t next_ = 0;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> free_;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_INSTANCE_NUMBERS_H_
