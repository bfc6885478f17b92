#include "sip/base/keyed_hash.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace sipevents {
namespace {

// The next 8 octets, the first one lowest.
uint64_t LoadWord(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

struct SipState {
  std::array<uint64_t, 4> v;

  void Round() {
    v[0] += v[1];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[3];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[2] = std::rotl(v[2], 32);
  }

  void Absorb(uint64_t word) {
    v[3] ^= word;
    Round();
    Round();
    v[0] ^= word;
  }

  uint64_t Finish() {
    for (int i = 0; i < 4; ++i) Round();
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }
};

}  // namespace

std::array<uint64_t, 2> SipHash128(const std::array<uint64_t, 2>& key, std::string_view text) {
  SipState state{{key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ 0xee,
                  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u}};
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) state.Absorb(LoadWord(text.data() + at));
  std::array<char, 8> last = {};
  if (at < text.size()) std::memcpy(last.data(), text.data() + at, text.size() - at);
  last[7] = static_cast<char>(text.size());
  state.Absorb(LoadWord(last.data()));
  state.v[2] ^= 0xee;
  const uint64_t low = state.Finish();
  state.v[1] ^= 0xdd;
  return {low, state.Finish()};
}

}  // namespace sipevents
