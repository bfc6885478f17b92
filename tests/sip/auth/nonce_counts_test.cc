#include "sip/auth/nonce_counts.h"

#include <cstdint>
#include <limits>
#include <random>
#include <set>

#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

TEST(NonceCountsTest, EachIsTakenOnceInAnyOrder) {
  NonceCounts counts;
  EXPECT_TRUE(counts.Take(3));
  EXPECT_TRUE(counts.Take(1));
  EXPECT_TRUE(counts.Take(2));
  for (const uint32_t again : {1U, 2U, 3U}) EXPECT_FALSE(counts.Take(again)) << again;
  EXPECT_TRUE(counts.Take(4));
}

TEST(NonceCountsTest, ZeroIsNoCount) {
  NonceCounts counts;
  EXPECT_FALSE(counts.Take(0));
  EXPECT_TRUE(counts.Take(1));
  EXPECT_FALSE(counts.Take(0));
}

TEST(NonceCountsTest, WhatIsTooFarBehindIsRefused) {
  NonceCounts counts;
  EXPECT_TRUE(counts.Take(1000));
  EXPECT_FALSE(counts.Take(1000 - NonceCounts::kWindow));
  EXPECT_TRUE(counts.Take(1001 - NonceCounts::kWindow));
  EXPECT_TRUE(counts.Take(std::numeric_limits<uint32_t>::max()));
  EXPECT_FALSE(counts.Take(1002));
  EXPECT_FALSE(counts.Take(std::numeric_limits<uint32_t>::max()));
}

// Against a set of all that were taken.
TEST(NonceCountsTest, TakesWhatASetWouldTakeWithinTheWindow) {
  constexpr uint32_t kSeed = 7;
  std::mt19937 random(kSeed);
  NonceCounts counts;
  std::set<uint32_t> taken;
  for (uint32_t now = 1; now < 5000; ++now) {
    const uint32_t count = now + random() % 400;
    const uint32_t highest = taken.empty() ? 0 : *taken.rbegin();
    const bool fits = count > highest || highest - count < NonceCounts::kWindow;
    const bool expected = fits && taken.insert(count).second;
    ASSERT_EQ(counts.Take(count), expected) << count << " after " << highest;
  }
}

}  // namespace
}  // namespace sipevents::sip
