#ifndef TESTS_FAKES_FAKE_RANDOM_H_
#define TESTS_FAKES_FAKE_RANDOM_H_

#include <cstdint>
#include <deque>

#include "sip/base/random_id.h"

namespace sipevents {

// Chance that comes out the same every time: what was pushed, then a fixed sequence.
//
// Threads: one.
class FakeRandom : public RandomSource {
 public:
  explicit FakeRandom(uint64_t seed = 1) : state_(seed) {}

  // The next Next() gives this.
  void Push(uint64_t value) { pushed_.push_back(value); }

  // The next Uniform() gives this, in [0, 1).
  void PushUniform(double value) { Push(static_cast<uint64_t>(value * 0x1.0p53) << 11); }

  uint64_t Next() override {
    if (!pushed_.empty()) {
      const uint64_t value = pushed_.front();
      pushed_.pop_front();
      return value;
    }
    // splitmix64
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
  std::deque<uint64_t> pushed_;
};

}  // namespace sipevents

#endif  // TESTS_FAKES_FAKE_RANDOM_H_
