#ifndef SIP_BASE_KEYED_HASH_H_
#define SIP_BASE_KEYED_HASH_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace sipevents {

// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein 2012): who does not know the key can
// neither foresee nor choose it. Threads: any.
std::array<uint64_t, 2> SipHash128(const std::array<uint64_t, 2>& key, std::string_view text);

}  // namespace sipevents

#endif  // SIP_BASE_KEYED_HASH_H_
