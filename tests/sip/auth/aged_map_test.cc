#include "sip/auth/aged_map.h"

#include <gtest/gtest.h>

#include <string>

namespace sipevents::sip {
namespace {

using Map = AgedMap<std::string, int>;

TEST(AgedMapTest, ValueIsFoundUntilItIsErased) {
  Map map(3);
  EXPECT_FALSE(map.Put("a", 1));
  EXPECT_FALSE(map.Put("a", 2));
  ASSERT_NE(map.Find("a"), nullptr);
  EXPECT_EQ(*map.Find("a"), 2);
  EXPECT_EQ(map.size(), 1u);
  map.Erase("a");
  map.Erase("a");
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_TRUE(map.empty());
}

TEST(AgedMapTest, WhatWasPutInLongestAgoMakesRoom) {
  Map map(2);
  map.Put("a", 1);
  map.Put("b", 2);
  map.Put("a", 3);  // the newest now
  EXPECT_EQ(map.oldest(), 2);
  EXPECT_TRUE(map.Put("c", 4));
  EXPECT_EQ(map.Find("b"), nullptr);
  EXPECT_EQ(*map.Find("a"), 3);
  map.DropOldest();
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.size(), 1u);
}

}  // namespace
}  // namespace sipevents::sip
