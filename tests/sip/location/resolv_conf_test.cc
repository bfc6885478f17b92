#include "sip/location/resolv_conf.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

TEST(ResolvConfTest, ServersAndPortAreRead) {
  const ResolvConf conf = ParseResolvConf(
      "# a comment\n"
      "search example.com\n"
      "nameserver 192.0.2.1 # the first\n"
      "  nameserver\t2001:db8::1\r\n"
      "options rotate ndots:5 no-edns0\n"
      "port 5353\n");

  EXPECT_EQ(conf.ServerList(), "192.0.2.1:5353, [2001:db8::1]:5353");
  EXPECT_TRUE(conf.rotate);
  EXPECT_FALSE(conf.edns);
  EXPECT_EQ(conf.why_default, "");
}

TEST(ResolvConfTest, WhatMeansNothingIsPassedOver) {
  const ResolvConf conf = ParseResolvConf(
      "nameserver\n"
      "nameserver ns.example.com\n"
      "nameserver fe80::1%eth0\n"
      "port 0\nport 65536\nport x\n"
      "sortlist 192.0.2.0\n"
      "nameserver 192.0.2.1\n"
      "nameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n");

  EXPECT_EQ(conf.ServerList(), "192.0.2.1:53, 192.0.2.2:53, 192.0.2.3:53");
}

TEST(ResolvConfTest, WithoutAServerItIsTheLocalOne) {
  const ResolvConf conf = ParseResolvConf("port 5353\n");

  EXPECT_EQ(conf.ServerList(), "127.0.0.1:5353");
  EXPECT_NE(conf.why_default, "");
}

TEST(ResolvConfTest, TextSaysTheSameAgain) {
  const ResolvConf conf =
      ParseResolvConf("nameserver 192.0.2.1\nnameserver ::1\nport 5353\noptions rotate\n");

  EXPECT_EQ(ParseResolvConf(conf.ToText()), conf);
}

TEST(ResolvConfTest, FileThatCannotBeReadIsNamed) {
  const ResolvConf conf = ReadResolvConf("/nowhere/resolv.conf");

  EXPECT_EQ(conf.ServerList(), "127.0.0.1:53");
  EXPECT_THAT(conf.why_default, HasSubstr("/nowhere/resolv.conf: No such file"));
}

TEST(ResolvConfTest, FileIsRead) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/some.conf");
  std::ofstream(path) << "nameserver 192.0.2.1\n";

  EXPECT_EQ(ReadResolvConf(path).ServerList(), "192.0.2.1:53");
  std::ofstream(path) << "# nothing\n";
  EXPECT_THAT(ReadResolvConf(path).why_default, HasSubstr("names no server"));
}

}  // namespace
}  // namespace sipevents::sip
