#include "sip/base/keyed_hash.h"

#include <array>
#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace sipevents {
namespace {

// Of the vectors that its authors published, of the octets 0, 1, 2 …: the first two and the last.
TEST(SipHash128Test, IsThatOfItsAuthors) {
  const std::array<uint64_t, 2> key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
  std::string text;
  EXPECT_EQ(SipHash128(key, text),
            (std::array<uint64_t, 2>{0xe6a825ba047f81a3u, 0x930255c71472f66du}));
  text += '\0';
  EXPECT_EQ(SipHash128(key, text),
            (std::array<uint64_t, 2>{0x44af996bd8c187dau, 0x45fc229b11597634u}));
  while (text.size() < 63) text += static_cast<char>(text.size());
  EXPECT_EQ(SipHash128(key, text),
            (std::array<uint64_t, 2>{0x4a83502f77d15051u, 0x7cbd3f979a063e50u}));
}

}  // namespace
}  // namespace sipevents
