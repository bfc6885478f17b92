#include "gateway/config/value_readers.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::IsOkAndHolds;
using sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ReadSwitchTest, WordsForTrueAndFalseAreTaken) {
  EXPECT_THAT(ReadSwitch("true"), IsOkAndHolds(true));
  EXPECT_THAT(ReadSwitch("1"), IsOkAndHolds(true));
  EXPECT_THAT(ReadSwitch("no"), IsOkAndHolds(false));
}

TEST(ReadSwitchTest, OtherWordsAreRefused) {
  for (const char* value : {"", "maybe", "2", "true "}) {
    EXPECT_THAT(ReadSwitch(value), StatusIs(kInvalid, HasSubstr("true or false"))) << value;
  }
}

TEST(ReadNumberTest, BoundsAreIncluded) {
  EXPECT_THAT(ReadNumber("1", 1, 64), IsOkAndHolds(1));
  EXPECT_THAT(ReadNumber("64", 1, 64), IsOkAndHolds(64));
}

TEST(ReadNumberTest, WhatIsNoNumberInTheRangeIsRefused) {
  for (const char* value : {"", "0", "65", "-1", "1.5", "0x10", "99999999999999999999", "a"}) {
    EXPECT_THAT(ReadNumber(value, 1, 64), StatusIs(kInvalid, HasSubstr("from 1 to 64"))) << value;
  }
}

TEST(ReadDurationTest, UnitsAreTaken) {
  const auto read = [](const char* value) {
    return ReadDuration(value, absl::ZeroDuration(), absl::Hours(2));
  };
  EXPECT_THAT(read("500ms"), IsOkAndHolds(absl::Milliseconds(500)));
  EXPECT_THAT(read("1h30m"), IsOkAndHolds(absl::Minutes(90)));
  EXPECT_THAT(read("0"), IsOkAndHolds(absl::ZeroDuration()));
}

TEST(ReadDurationTest, NegativeAbsurdAndUnitlessValuesAreRefused) {
  for (const char* value : {"", "-1s", "3h", "inf", "-inf", "10", "1 s x", "abc", "1e300h"}) {
    EXPECT_THAT(ReadDuration(value, absl::ZeroDuration(), absl::Hours(2)),
                StatusIs(kInvalid, HasSubstr("from 0 to 2h")))
        << value;
  }
}

TEST(ReadOctetsTest, UnitsArePowersOfTwo) {
  EXPECT_THAT(ReadOctets("1048576", 1, 1 << 30), IsOkAndHolds(1 << 20));
  EXPECT_THAT(ReadOctets("3KiB", 1, 1 << 30), IsOkAndHolds(3 << 10));
  EXPECT_THAT(ReadOctets("256MiB", 1, 1 << 30), IsOkAndHolds(256 << 20));
  EXPECT_THAT(ReadOctets("1GiB", 1, 1 << 30), IsOkAndHolds(1 << 30));
}

TEST(ReadOctetsTest, OverflowAndOtherUnitsAreRefused) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (const char* value : {"", "GiB", "-1MiB", "1GB", "1G", "9223372036854775807GiB", "0"}) {
    EXPECT_THAT(ReadOctets(value, 1, most), StatusIs(kInvalid, HasSubstr("a size from"))) << value;
  }
}

TEST(ReadPortsTest, ListIsTaken) {
  EXPECT_THAT(ReadPorts(""), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(ReadPorts("5070, 65535"), IsOkAndHolds(ElementsAre(5070, 65535)));
}

TEST(ReadPortsTest, ZeroRepeatedAndTooLargePortsAreRefused) {
  for (const char* value : {"0", "5070,5070", "65536", "5070,", ",", "a"}) {
    EXPECT_THAT(ReadPorts(value), StatusIs(kInvalid)) << value;
  }
}

TEST(ReadAdvertisedTest, HostsWithAndWithoutPortAreTaken) {
  EXPECT_THAT(ReadAdvertised("sip.example.com, 192.0.2.1:5062,[2001:db8::1]:0,[2001:db8::1]"),
              IsOkAndHolds(ElementsAre("sip.example.com", "192.0.2.1:5062", "[2001:db8::1]:0",
                                       "[2001:db8::1]")));
}

TEST(ReadAdvertisedTest, WildcardsAndWhatIsNoHostAreRefused) {
  for (const char* value : {"0.0.0.0", "0.0.0.0:5060", "[::]:5060", "[::]", "a b", "host:port"}) {
    EXPECT_THAT(ReadAdvertised(value), StatusIs(kInvalid, HasSubstr("host"))) << value;
  }
}

TEST(ReadSipUriTest, OnlySipAndSipsAreTaken) {
  EXPECT_THAT(ReadSipUri("sip:127.0.0.1:5090;lr"), IsOkAndHolds("sip:127.0.0.1:5090;lr"));
  EXPECT_THAT(ReadSipUri("sips:gateway@example.com"), IsOkAndHolds("sips:gateway@example.com"));
  for (const char* value : {"", "gateway@example.com", "tel:+123", "pres:a@b", "sip:", "sip:a b"}) {
    EXPECT_THAT(ReadSipUri(value), StatusIs(kInvalid, HasSubstr("sip: or sips:"))) << value;
  }
}

}  // namespace
}  // namespace sipevents::gateway
