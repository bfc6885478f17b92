#include "sip/base/network_list.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

bool Holds(const std::string& list, const std::string& address) {
  const absl::StatusOr<NetworkList> parsed = NetworkList::Parse(list);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() && parsed->Contains(address);
}

TEST(NetworkListTest, NetworksAndAddressesHoldWhatTheyName) {
  EXPECT_TRUE(Holds("10.0.0.0/8, 192.0.2.7", "10.255.1.2"));
  EXPECT_TRUE(Holds("10.0.0.0/8, 192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(Holds("10.0.0.0/8, 192.0.2.7", "192.0.2.8"));
  EXPECT_TRUE(Holds("192.0.2.8/29", "192.0.2.15"));
  EXPECT_FALSE(Holds("192.0.2.8/29", "192.0.2.16"));
  EXPECT_TRUE(Holds("2001:db8::/32", "2001:db8:1::1"));
  EXPECT_FALSE(Holds("2001:db8::/32", "2001:db9::1"));
}

TEST(NetworkListTest, FamiliesDoNotMeet) {
  EXPECT_FALSE(Holds("::/0", "192.0.2.1"));
  EXPECT_FALSE(Holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(Holds("0.0.0.0/0", "::ffff:192.0.2.1"));  // the same address, as a socket tells it
}

TEST(NetworkListTest, EmptyListHoldsNothing) {
  EXPECT_FALSE(Holds("", "192.0.2.1"));
  EXPECT_FALSE(Holds("0.0.0.0/0", "no address"));
  EXPECT_FALSE(Holds("0.0.0.0/0", std::string("192.0.2.1\0x", 11)));
}

TEST(NetworkListTest, WhatIsNoNetworkIsNamed) {
  for (const std::string bad : {"example.com", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                                "10.0.0/8", "2001:db8::/129", "/8", "10.0.0.0/8x"}) {
    EXPECT_THAT(NetworkList::Parse("192.0.2.1," + bad).status(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad)))
        << bad;
  }
  EXPECT_FALSE(NetworkList::Parse("192.0.2.1,").ok());
}

TEST(NetworkListTest, NumberIsBounded) {
  std::string list = "192.0.2.1";
  for (size_t i = 1; i < NetworkList::kMaxNetworks; ++i) absl::StrAppend(&list, ",192.0.2.1");
  EXPECT_OK(NetworkList::Parse(list));
  EXPECT_THAT(NetworkList::Parse(list + ",192.0.2.1").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 1000")));
}

}  // namespace
}  // namespace sipevents
