#include "sip/base/random_id.h"

#include <cstdint>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_random.h"

namespace sipevents {
namespace {

TEST(SystemRandomTest, ManyValuesAreAllDifferent) {
  SystemRandom random;
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Next());

  EXPECT_EQ(seen.size(), 1000u);
}

TEST(RandomSourceTest, UniformStaysBelowOne) {
  FakeRandom random;
  random.Push(0);
  random.Push(UINT64_MAX);

  EXPECT_EQ(random.Uniform(), 0.0);
  const double highest = random.Uniform();
  EXPECT_LT(highest, 1.0);
  EXPECT_GT(highest, 0.999999);
}

TEST(RandomHexTest, EveryBitIsUsedOnce) {
  FakeRandom random;
  random.Push(0xfedcba9876543210u);
  random.Push(0x0fu);

  EXPECT_EQ(RandomHex(random, 18), "0123456789abcdeff0");
}

TEST(RandomHexTest, LengthIsAsAsked) {
  FakeRandom random;

  EXPECT_EQ(RandomHex(random, 0), "");
  EXPECT_THAT(RandomHex(random, 33), ::testing::MatchesRegex("[0-9a-f]{33}"));
}

TEST(RandomBase32Test, UsesItsAlphabetOnly) {
  FakeRandom random;
  const std::string text = RandomBase32(random, 2000);

  EXPECT_EQ(text.size(), 2000u);
  EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
  EXPECT_EQ(std::set<char>(text.begin(), text.end()).size(), 32u);
}

}  // namespace
}  // namespace sipevents
