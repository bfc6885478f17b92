#ifndef SIP_AUTH_NONCE_COUNTS_H_
#define SIP_AUTH_NONCE_COUNTS_H_

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace sipevents::sip {

// The counts (`nc`) that a nonce was borne with, each of which is good once (AUTH-06). A phone that
// subscribes to fifty keys at a time has as many counts on their way, and datagrams overtake each
// other, as do requests that are held while a user is looked up: so counts are taken in any order,
// up to kWindow behind the highest.
//
// Threads: one at a time.
class NonceCounts {
 public:
  static constexpr size_t kWindow = 256;

  // Takes a count; false: it was taken before, is too far behind, or is 0, which is none.
  bool Take(uint32_t count) {
    if (count > highest_) {
      const uint32_t ahead = count - highest_;
      taken_ = ahead < kWindow ? taken_ << ahead : std::bitset<kWindow>();
      taken_.set(0);
      highest_ = count;
      return true;
    }
    const uint32_t behind = highest_ - count;
    if (count == 0 || behind >= kWindow || taken_.test(behind)) return false;
    taken_.set(behind);
    return true;
  }

 private:
  uint32_t highest_ = 0;
  std::bitset<kWindow> taken_;  // by how far behind the highest
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_NONCE_COUNTS_H_
