#include "sip/base/random_id.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace sipevents {
namespace {

std::string RandomDigits(RandomSource& random, size_t count, std::string_view alphabet,
                         int bits_each) {
  std::string digits;
  digits.reserve(count);
  uint64_t bits = 0;
  for (int left = 0; digits.size() < count; left -= bits_each) {
    if (left < bits_each) {
      bits = random.Next();
      left = 64;
    }
    digits += alphabet[bits & ((1u << bits_each) - 1)];
    bits >>= bits_each;
  }
  return digits;
}

}  // namespace

uint64_t SystemRandom::Next() {
  MutexLock lock(mutex_);
  if (used_ == pool_.size()) {
    // Up to 256 octets come whole once the kernel's pool is ready; only a signal can interrupt.
    static_assert(sizeof(pool_) <= 256);
    ssize_t got = 0;
    do {
      got = getrandom(pool_.data(), sizeof(pool_), 0);
    } while (got < 0 && errno == EINTR);
    // Without randomness every tag could be guessed: no way to go on, and no input causes it.
    if (got != static_cast<ssize_t>(sizeof(pool_))) std::abort();
    used_ = 0;
  }
  const uint64_t value = pool_[used_];
  pool_[used_++] = 0;  // so that what was given out is not kept
  return value;
}

std::string RandomHex(RandomSource& random, size_t digits) {
  return RandomDigits(random, digits, "0123456789abcdef", 4);
}

std::string RandomBase32(RandomSource& random, size_t characters) {
  return RandomDigits(random, characters, "abcdefghijklmnopqrstuvwxyz234567", 5);
}

}  // namespace sipevents
