#include "sip/base/uri.h"

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
using ::testing::HasSubstr;
using Pair = std::pair<std::string, std::string>;

TEST(ParseUriTest, EveryPartIsFound) {
  ASSERT_OK_AND_ASSIGN(const Uri uri,
                       ParseUri("SIPS:alice;x=1:pa%20ss@Example.COM:5061;transport=TCP;lr"));

  EXPECT_EQ(uri.scheme, "sips");
  EXPECT_EQ(uri.user, "alice;x=1:pa%20ss");
  EXPECT_EQ(uri.host, "Example.COM");
  EXPECT_EQ(uri.port, 5061);
  EXPECT_THAT(uri.parameters, ::testing::ElementsAre(Pair("transport", "TCP"), Pair("lr", "")));
  EXPECT_EQ(uri.ToString(), "sips:alice;x=1:pa%20ss@Example.COM:5061;transport=TCP;lr");
}

TEST(ParseUriTest, WhatIsLegalIsWrittenAsItWas) {
  for (const char* text :
       {"sip:example.com", "sip:alice@example.com", "sip:alice@[2001:DB8::1]:5060;maddr=[::1]",
        "sip:+1-201@192.0.2.1;user=phone", "sip:a?b@example.com.", "sip:%C3%A9@h;p=%22",
        "pres:alice@example.com", "tel:+1-201-555-0123;ext=12",
        "tel:7042;phone-context=example.com", "sip:alice@host_1.example", "sip:1234@h:1"}) {
    const absl::StatusOr<Uri> uri = ParseUri(text);
    ASSERT_TRUE(uri.ok()) << text << ": " << uri.status();
    EXPECT_EQ(uri->ToString(), text);
  }
}

TEST(ParseUriTest, WhatIsWrongIsNamed) {
  const std::vector<Pair> cases = {
      {"", "is empty"},
      {"alice@example.com", "scheme"},
      {"http://example.com", "scheme"},
      {"sip", "scheme"},
      {"sip:", "has no host"},
      {"sip:alice@", "has no host"},
      {"sip:alice@:5060", "has no host"},
      {"sip:@example.com", "has no user"},
      {"sip::secret@example.com", "has no user"},
      {"sip:a:b:c@example.com", "two colons"},
      {"sip:a@b@example.com", "two @"},
      {"pres:example.com", "has no user"},
      {"sip:alice@example.com?Subject=x", "question mark"},
      {"sip:alice@example.com;a=b?Subject=x", "question mark"},
      {"sip:alice@exa mple.com", "\" \""},
      {std::string("sip:alice@example.com\0", 22), "\\x00"},
      {"sip:alice@example.com\r\nVia: x", "\\x0d"},
      {"sip:al\tice@example.com", "\\x09"},
      {"sip:al\x7fice@example.com", "\\x7f"},
      {"sip:\xc3\xa9@example.com", "\\xc3"},
      {"<sip:alice@example.com>", "\"<\""},
      {"sip:\"alice\"@example.com", "spaces"},
      {"sip:*98#@example.com", "escaped, as %23"},
      {"sip:alice@example.com:0", "1 to 65535"},
      {"sip:alice@example.com:65536", "1 to 65535"},
      {"sip:alice@example.com:", "1 to 65535"},
      {"sip:alice@example.com:+5", "1 to 65535"},
      {"sip:alice@example.com:506000", "1 to 65535"},
      {"sip:alice@example.com:50a", "1 to 65535"},
      {"sip:alice@[::1]5060", "1 to 65535"},
      {"sip:alice@[::1", "the host"},
      {"sip:alice@[fe80::1%25eth0]", "the host"},
      {"sip:alice@[192.0.2.1]", "the host"},
      {"sip:alice@2001:db8::1", "in brackets"},
      {"sip:alice@256.1.1.1", "the host"},
      {"sip:alice@1.2.3", "the host"},
      {"sip:alice@a..b", "the host"},
      {"sip:alice@.b", "the host"},
      {"sip:alice@ex%61mple.com", "the host"},
      {"sip://alice@example.com/", "the host"},
      {"sip:al%2@example.com", "bad escape"},
      {"sip:al%zz@example.com", "bad escape"},
      {"sip:alice@example.com;a=%4", "bad escape"},
      {"sip:alice@example.com;", "expected ;name"},
      {"sip:alice@example.com;;lr", "expected ;name"},
      {"sip:alice@example.com;a=", "expected ;name"},
      {"sip:alice@example.com;=a", "expected ;name"},
      {"sip:alice@example.com;a=b=c", "escaped, as %3D"},
      {"sip:alice@example.com;lr;LR", "twice"},
      {"sip:alice@example.com;lr;%6cr", "twice"},
      {"sip:alice@" + std::string(256, 'a'), "the host"},
      {"sip:" + std::string(2040, 'a') + "@b.cd", "at most 2048"},
      {"tel:", "the number"},
      {"tel:+", "the number"},
      {"tel:+12a", "the number"},
      {"tel:--", "the number"},
      {"tel:201", "phone-context"},
  };
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT(ParseUri(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(problem)))
        << text;
  }
}

// Both sides are one resource; the first is the canonical form.
TEST(CanonicalTargetTest, SameResourceHasOneForm) {
  const std::vector<Pair> cases = {
      {"sip:alice@example.com", "SIP:alice@Example.COM"},
      {"sip:alice@example.com", "sip:%61lice@example.com"},
      {"sip:alice@example.com", "sip:%61%6C%69c%65@example.com"},
      {"sip:a.b-c_d!e~f*g'h(i)@h", "sip:a%2Eb%2dc%5fd%21e%7Ef%2Ag%27h%28i%29@H"},
      {"sip:a%40b%2Fc@h", "sip:a%40b%2fc@h"},
      {"sip:%C3%A9@h", "sip:%c3%a9@h"},
      {"sip:alice@h;a=1;b=2;lr", "sip:alice@h;lr;b=2;a=1"},
      {"sip:alice@h;transport=TCP", "sip:alice@h;Transport=TCP"},
      {"sip:alice@h;transport=tcp", "sip:alice@h;tr%41nsport=t%63p"},
      {"sip:alice@[2001:db8::1]:5070", "sip:alice@[2001:DB8::1]:5070"},
      {"sip:Alice:Secret@h", "sip:%41lice:%53ecret@H"},
      {"sip:example.com", "sip:EXAMPLE.com"},
      {"pres:alice@example.com", "PRES:alice@EXAMPLE.com"},
      {"sips:alice@h", "SIPS:alice@h"},
      {"sip:+12015550123@tel.example;user=phone", "tel:+1-201-555-0123"},
      {"sip:+12015550123@tel.example;user=phone", "TEL:+1(201)555.0123"},
      {"sip:+12015550123@tel.example;user=phone", "sip:+12015550123@TEL.example;user=phone"},
      {"sip:+1201;ext=42;phone-context=a.example;a;b=C@tel.example;user=phone",
       "tel:+1201;b=C;phone-context=A.example;a;EXT=4-2"},
      {"sip:*9a%23;phone-context=+44@tel.example;user=phone", "tel:*9A#;phone-context=+4-4"},
      {"sip:+1;x=%5B%3A%5D@tel.example;user=phone", "tel:+1;x=[:]"},
  };
  for (const auto& [canonical, text] : cases) {
    EXPECT_THAT(CanonicalTarget(text, "Tel.Example"), IsOkAndHolds(canonical)) << text;
    EXPECT_THAT(CanonicalTarget(canonical, "tel.example"), IsOkAndHolds(canonical))
        << "of its own form: " << text;
  }
}

TEST(CanonicalTargetTest, DifferentResourcesStayDistinct) {
  const std::vector<Pair> cases = {
      {"sip:alice@h", "sip:Alice@h"},
      {"sip:alice@h", "sips:alice@h"},
      {"sip:alice@h", "pres:alice@h"},
      {"sip:alice@h", "sip:alice@h:5060"},
      {"sip:alice@h", "sip:alice@h;transport=udp"},
      {"sip:alice@h;transport=tcp", "sip:alice@h;transport=TCP"},
      {"sip:+1201@h", "sip:+1201@h;user=phone"},
      {"sip:+1-201@h", "sip:+1201@h"},
      {"sip:alice@h", "sip:alice:pw@h"},
      {"sip:alice@h", "sip:alice@h."},
      {"sip:alice@h", "sip:h"},
      {"sip:a%2Fb@h", "sip:a/b@h"},
      {"sip:a%3Bb@h", "sip:a;b@h"},
      {"sip:alice@[::1]", "sip:alice@[0::1]"},
      {"sip:alice@h;lr", "sip:alice@h;lr=on"},
      {"tel:+1201", "tel:+1202"},
      {"tel:+1201", "tel:+1201;ext=1"},
      {"tel:1201;phone-context=+1", "tel:1201;phone-context=h"},
  };
  for (const auto& [one, other] : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string first, CanonicalTarget(one, "h"));
    ASSERT_OK_AND_ASSIGN(const std::string second, CanonicalTarget(other, "h"));
    EXPECT_NE(first, second) << one << " and " << other;
  }
}

TEST(CanonicalTargetTest, TelNeedsAUsableDomain) {
  EXPECT_THAT(CanonicalTarget("tel:+1201", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("none is configured")));
  EXPECT_THAT(CanonicalTarget("tel:+1201", "a b"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("host or host:port")));
  EXPECT_THAT(CanonicalTarget("tel:+1201", "[::1]:5070"),
              IsOkAndHolds("sip:+1201@[::1]:5070;user=phone"));
}

TEST(CanonicalTargetTest, TelThatGrowsTooLongIsRefused) {
  const std::string number = "tel:" + std::string(1500, '#') + ";phone-context=h";

  EXPECT_THAT(CanonicalTarget(number, "h"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST(CanonicalTargetTest, HeadersAreRefused) {
  EXPECT_THAT(CanonicalTarget("sip:alice@h?Event=presence", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("headers")));
}

TEST(WireRequestUriTest, PresIsRoutedAsSip) {
  EXPECT_EQ(WireRequestUri("pres:alice@example.com"), "sip:alice@example.com");
  EXPECT_EQ(WireRequestUri("sips:alice@example.com"), "sips:alice@example.com");
  EXPECT_EQ(WireRequestUri("sip:pres:@example.com"), "sip:pres:@example.com");
}

}  // namespace
}  // namespace sipevents
