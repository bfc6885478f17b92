#include "sip/location/destination_policy.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

NextHop Hop(const std::string& address, const std::string& name = "") {
  return {Transport::kUdp, {address, 5060}, name.empty() ? address : name};
}

bool Allows(const std::string& list, const std::string& address, const std::string& name = "") {
  const absl::StatusOr<DestinationPolicy> policy = DestinationPolicy::Parse(list);
  EXPECT_OK(policy);
  return policy.ok() && policy->Allows(Hop(address, name));
}

// SEC-09: what a peer could name to have us talk to what only we can reach.
TEST(DestinationPolicyTest, DefaultRefusesWhatNobodyMeans) {
  const DestinationPolicy policy;
  for (const std::string address : {
           "169.254.169.254",  // secrets of cloud machines
           "169.254.0.0",
           "169.254.255.255",
           "::ffff:169.254.169.254",    // the same in other clothes: IPv4-mapped
           "::169.254.169.254",         // IPv4-compatible
           "64:ff9b::169.254.169.254",  // NAT64
           "64:ff9b:1::a9fe:a9fe",      // NAT64 of one's own
           "2002:a9fe:a9fe::1",         // 6to4
           "224.0.0.1",
           "239.255.255.255",
           "::ffff:224.0.1.75",
           "255.255.255.255",
           "::ffff:255.255.255.255",
           "0.0.0.0",
           "0.1.2.3",
           "::ffff:0.0.0.0",
           "::",
           "64:ff9b::",
           "fe80::1",
           "febf::1",
           "ff02::1",
           "ff0e::1",
       }) {
    EXPECT_FALSE(policy.Allows(Hop(address))) << address;
    EXPECT_FALSE(policy.Allows(Hop(address, "example.com"))) << address;
  }
}

TEST(DestinationPolicyTest, DefaultAllowsAllElse) {
  const DestinationPolicy policy;
  for (const std::string address :
       {"127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "100.64.0.1", "169.253.255.255",
        "169.255.0.0", "172.16.0.1", "192.0.2.1", "192.168.1.1", "223.255.255.255", "240.0.0.1",
        "255.255.255.254", "2001:db8::1", "fd00::1", "fec0::1", "64:ff9b::192.0.2.1",
        "2002:c000:201::1"}) {
    EXPECT_TRUE(policy.Allows(Hop(address))) << address;
  }
}

// Only numeric addresses are compared: nothing is looked up, and nothing guessed.
TEST(DestinationPolicyTest, OddNotationsAreRefused) {
  const DestinationPolicy policy;
  for (const std::string address : {"", "localhost", "2130706433", "0x7f000001", "127.1",
                                    "010.0.0.1", "127.0.0.1 ", "[::1]", "fe80::1%eth0", "::1%lo"}) {
    EXPECT_FALSE(policy.Allows(Hop(address))) << address;
  }
  EXPECT_FALSE(policy.Allows(Hop(std::string("127.0.0.1\0.x", 12))));
}

TEST(DestinationPolicyTest, EmptyListIsTheDefault) {
  EXPECT_TRUE(Allows("", "192.0.2.1"));
  EXPECT_TRUE(Allows("  ", "192.0.2.1"));
  EXPECT_FALSE(Allows("", "169.254.169.254"));
}

TEST(DestinationPolicyTest, NetworkTurnsAllElseOff) {
  const std::string list = "10.0.0.0/8, 192.0.2.7,2001:db8::/33";
  for (const std::string address : {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "192.0.2.7",
                                    "2001:db8::1", "2001:db8:7fff::1"}) {
    EXPECT_TRUE(Allows(list, address)) << address;
  }
  for (const std::string address :
       {"9.255.255.255", "11.0.0.0", "192.0.2.6", "127.0.0.1", "::1", "2001:db8:8000::1",
        "2001:db9::1", "64:ff9b::10.0.0.1", "::10.0.0.1"}) {
    EXPECT_FALSE(Allows(list, address)) << address;
  }
}

TEST(DestinationPolicyTest, NetworkAllowsWhatTheDefaultRefuses) {
  EXPECT_TRUE(Allows("169.254.0.0/16", "169.254.169.254"));
  EXPECT_TRUE(Allows("fe80::/10", "fe80::1"));
  EXPECT_FALSE(Allows("169.254.0.0/16", "fe80::1"));
}

TEST(DestinationPolicyTest, PrefixesEndWithinAnOctet) {
  EXPECT_TRUE(Allows("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(Allows("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(Allows("192.0.2.4/30", "192.0.2.7"));
  EXPECT_FALSE(Allows("192.0.2.4/30", "192.0.2.8"));
  EXPECT_TRUE(Allows("192.0.2.4/31", "192.0.2.5"));
  EXPECT_TRUE(Allows("2001:db8::/126", "2001:db8::3"));
  EXPECT_FALSE(Allows("2001:db8::/126", "2001:db8::4"));
  EXPECT_TRUE(Allows("10.9.9.9/8", "10.0.0.1"));  // bits beside the prefix mean nothing
}

// 0.0.0.0/0 is IPv4, ::/0 is IPv6: neither lets the other in.
TEST(DestinationPolicyTest, FamiliesAreKeptApart) {
  EXPECT_TRUE(Allows("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(Allows("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(Allows("::/0", "2001:db8::1"));
  EXPECT_FALSE(Allows("::/0", "192.0.2.1"));
  EXPECT_FALSE(Allows("::/0", "::ffff:192.0.2.1"));
  EXPECT_TRUE(Allows("::ffff:192.0.2.0/120", "192.0.2.1"));
  EXPECT_FALSE(Allows("::ffff:192.0.2.0/120", "192.0.3.1"));
}

TEST(DestinationPolicyTest, DomainCoversWhatIsBelowIt) {
  const std::string list = "Example.COM., one.example.net";
  for (const std::string name :
       {"example.com", "example.com.", "a.example.com", "b.a.example.com", "one.example.net"}) {
    EXPECT_TRUE(Allows(list, "192.0.2.1", name)) << name;
  }
  for (const std::string name : {"badexample.com", "example.com.evil.net", "com", "example.net",
                                 "two.example.net", "192.0.2.1", "."}) {
    EXPECT_FALSE(Allows(list, "192.0.2.1", name)) << name;
  }
}

// Whoever owns a domain says where its names lead.
TEST(DestinationPolicyTest, DomainDoesNotAllowWhatTheDefaultRefuses) {
  EXPECT_FALSE(Allows("example.com", "169.254.169.254", "a.example.com"));
  EXPECT_FALSE(Allows("example.com", "::ffff:169.254.169.254", "a.example.com"));
  EXPECT_FALSE(Allows("example.com", "0.0.0.0", "a.example.com"));
  EXPECT_TRUE(Allows("example.com, 169.254.0.0/16", "169.254.169.254", "a.example.com"));
  EXPECT_TRUE(Allows("example.com", "127.0.0.1", "a.example.com"));
}

TEST(DestinationPolicyTest, BadElementIsNamed) {
  for (const std::string bad :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/0x8", "2001:db8::/129",
        "10.0.0", "2130706433", "*.example.com", "example.com/8", "a b", "[::1]", ".",
        "sip:example.com", "example.com:5060", "fe80::1%eth0"}) {
    EXPECT_THAT(DestinationPolicy::Parse(absl::StrCat("192.0.2.1, ", bad)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(absl::StrCat("\"", bad, "\"")), HasSubstr("expected"))))
        << bad;
  }
  EXPECT_FALSE(DestinationPolicy::Parse("10.0.0.0/8,").ok());
  EXPECT_FALSE(DestinationPolicy::Parse(",10.0.0.0/8").ok());
}

TEST(DestinationPolicyTest, NumberOfElementsIsBounded) {
  std::string list = "h0.example.com";
  for (int i = 1; i < 1001; ++i) absl::StrAppend(&list, ",h", i, ".example.com");

  EXPECT_THAT(DestinationPolicy::Parse(list), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sipevents::sip
