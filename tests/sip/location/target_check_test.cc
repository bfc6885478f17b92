#include "sip/location/target_check.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

constexpr SendingMeans kUdpAndTcp = {.ipv6 = true};

absl::Status Check(const std::string& uri, const std::string& allowed = "",
                   const SendingMeans& means = kUdpAndTcp) {
  const absl::StatusOr<DestinationPolicy> policy = DestinationPolicy::Parse(allowed);
  return policy.ok() ? CheckTarget(uri, means, *policy) : policy.status();
}

TEST(TargetCheckTest, WhatCanBeThereIsFine) {
  for (const std::string uri : {
           "sip:phone@192.0.2.7",
           "sip:phone@192.0.2.7:5070;transport=tcp",
           "sip:phone@[2001:db8::7]:5070",
           "sip:127.0.0.1:9",
           "sip:phone@223.255.255.255",
           "sip:phone@phone.example.com",  // DNS knows more
           "sip:phone@0.0.0.0.example.com",
       }) {
    EXPECT_OK(Check(uri)) << uri;
  }
}

TEST(TargetCheckTest, AddressThatNoHostHasIsRefusedWhateverThePolicy) {
  for (const std::string uri : {
           "sip:phone@0.0.0.0:5060",
           "sip:phone@[::]",
           "sip:phone@[::ffff:0.0.0.0]",
           "sip:phone@224.0.1.75",
           "sip:phone@239.255.255.255;transport=udp",
           "sip:phone@255.255.255.255",
           "sip:phone@[ff02::1]:5060",
           "sip:phone@192.0.2.7;maddr=224.0.1.75",
       }) {
    EXPECT_THAT(Check(uri), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no host")))
        << uri;
    EXPECT_THAT(Check(uri, "0.0.0.0/0,::/0"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no host")))
        << uri;
  }
}

TEST(TargetCheckTest, WhatIsNoUriIsRefused) {
  for (const std::string uri : {"sip:phone@192.0.2.7:0", "sip:phone@192.0.2.7:65536", "tel:+1",
                                "sip:", "", "sip:a b@192.0.2.7"}) {
    EXPECT_THAT(Check(uri), StatusIs(absl::StatusCode::kInvalidArgument)) << uri;
  }
}

TEST(TargetCheckTest, WhatCannotBeSentIsRefusedWithTheReason) {
  EXPECT_THAT(Check("sip:phone@192.0.2.7;transport=carrier-pigeon"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("carrier-pigeon")));
  EXPECT_THAT(Check("sips:phone@192.0.2.7"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("tls is not enabled")));
  EXPECT_OK(Check("sips:phone@192.0.2.7", "", {.tls = true}));
  EXPECT_THAT(Check("sip:phone@[2001:db8::7]", "", {.ipv6 = false}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("IPv6 is not enabled")));
}

// SEC-09: by the address, where it stands in the URI.
TEST(TargetCheckTest, PolicyIsAskedWhereDnsIsNotNeeded) {
  EXPECT_THAT(Check("sip:phone@169.254.169.254"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Check("sip:phone@192.0.2.7", "10.0.0.0/8"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("192.0.2.7")));
  EXPECT_OK(Check("sip:phone@10.1.2.3", "10.0.0.0/8"));
  EXPECT_OK(Check("sip:phone@phone.example.com", "10.0.0.0/8"));
}

}  // namespace
}  // namespace sipevents::sip
