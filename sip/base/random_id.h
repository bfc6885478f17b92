#ifndef SIP_BASE_RANDOM_ID_H_
#define SIP_BASE_RANDOM_ID_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "sip/base/mutex.h"

namespace sipevents {

// Where chance comes from: jitter, tags, nonces. An argument, so that tests can decide.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // 64 random bits.
  virtual uint64_t Next() = 0;
  // In [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
};

// The kernel's generator, fit for secrets: tags and Call-IDs must not be guessed
// (RFC 3261 section 19.3).
//
// Threads: any.
class SystemRandom : public RandomSource {
 public:
  uint64_t Next() override;

 private:
  Mutex mutex_;
  std::array<uint64_t, 32> pool_ ABSL_GUARDED_BY(mutex_) = {};
  size_t used_ ABSL_GUARDED_BY(mutex_) = 32;
};

// That many random lower-case hex digits (4 bits each).
std::string RandomHex(RandomSource& random, size_t digits);

// That many random characters of RFC 4648 base32 in lower case (5 bits each).
std::string RandomBase32(RandomSource& random, size_t characters);

}  // namespace sipevents

#endif  // SIP_BASE_RANDOM_ID_H_
