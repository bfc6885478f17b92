#include "sip/base/net_address.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents {
namespace {

using ::sipevents::testing::IsOkAndHolds;
using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pair = std::pair<std::string, std::string>;

TEST(ParseHostPortTest, EveryKindOfHostIsUnderstood) {
  EXPECT_THAT(ParseHostPort("127.0.0.1:50051"), IsOkAndHolds(HostPort{"127.0.0.1", 50051}));
  EXPECT_THAT(ParseHostPort("[::1]:0"), IsOkAndHolds(HostPort{"::1", 0}));
  EXPECT_THAT(ParseHostPort("gw.example.net:65535"),
              IsOkAndHolds(HostPort{"gw.example.net", 65535}));
  EXPECT_EQ((HostPort{"::1", 5060}).ToString(), "[::1]:5060");
  EXPECT_EQ((HostPort{"h", 1}).ToString(), "h:1");
}

TEST(ParseHostPortTest, WhatIsWrongIsNamed) {
  const std::vector<Pair> cases = {
      {"", "no port"},          {"127.0.0.1", "no port"}, {"[::1]", "no port"},
      {"::1:5060", "brackets"}, {":5060", "the host"},    {"[]:1", "the host"},
      {"[h]:1", "the host"},    {"1.2.3:4", "the host"},  {"a b:1", "the host"},
      {"h:", "the port"},       {"h:65536", "the port"},  {"h:-1", "the port"},
      {"h:1x", "the port"},     {"h:000080", "the port"}, {"[127.0.0.1]:1", "the host"},
  };
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT(ParseHostPort(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(problem)))
        << text;
  }
}

TEST(ParseSipListenAddressTest, TransportComesFirst) {
  EXPECT_THAT(ParseSipListenAddress("udp:127.0.0.1:5060"),
              IsOkAndHolds(SipListenAddress{Transport::kUdp, {"127.0.0.1", 5060}}));
  EXPECT_THAT(ParseSipListenAddress("TCP:[::1]:0"),
              IsOkAndHolds(SipListenAddress{Transport::kTcp, {"::1", 0}}));
  EXPECT_EQ((SipListenAddress{Transport::kTls, {"::", 5061}}).ToString(), "tls:[::]:5061");
  for (const char* bad :
       {"", "udp", "sctp:h:1", "127.0.0.1:5060", ":h:1", "udp:h", "udp:udp:h:1"}) {
    EXPECT_THAT(ParseSipListenAddress(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(ParseSipListenListTest, EachElementIsRead) {
  EXPECT_THAT(ParseSipListenList("udp:127.0.0.1:5060, tcp:127.0.0.1:5060"),
              IsOkAndHolds(ElementsAre(SipListenAddress{Transport::kUdp, {"127.0.0.1", 5060}},
                                       SipListenAddress{Transport::kTcp, {"127.0.0.1", 5060}})));
}

TEST(ParseHostPortListTest, EmptyTwiceOrTooManyAreRefused) {
  EXPECT_THAT(ParseHostPortList("h:0,h:0"),
              IsOkAndHolds(ElementsAre(HostPort{"h", 0}, HostPort{"h", 0})));
  EXPECT_THAT(ParseHostPortList("h:1,h:1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
  for (const char* bad : {"", "h:1,", ",h:1", "h:1,,h:2"}) {
    EXPECT_THAT(ParseHostPortList(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
  std::string many = "h:0";
  for (int i = 0; i < 32; ++i) many += ",h:0";
  EXPECT_THAT(ParseHostPortList(many),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 32")));
}

TEST(HostKindTest, EveryNotationIsRecognised) {
  for (const char* host : {"0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"}) {
    EXPECT_TRUE(IsWildcard(host)) << host;
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
  for (const char* host :
       {"127.0.0.1", "127.255.1.2", "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "LOCALHOST"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
    EXPECT_FALSE(IsWildcard(host)) << host;
  }
  for (const char* host : {"", "192.0.2.1", "2001:db8::1", "128.0.0.1", "localhost.example",
                           "127.0.0.1.example", "[127.0.0.1]", "127.1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
    EXPECT_FALSE(IsWildcard(host)) << host;
  }
}

}  // namespace
}  // namespace sipevents
