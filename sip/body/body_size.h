#ifndef SIP_BODY_BODY_SIZE_H_
#define SIP_BODY_BODY_SIZE_H_

#include <cstddef>

namespace sipevents::sip {

// Largest body that is decoded, in octets; a larger one is reported as a decode error.
inline constexpr size_t kMaxBodyOctets = 1 << 20;

}  // namespace sipevents::sip

#endif  // SIP_BODY_BODY_SIZE_H_
