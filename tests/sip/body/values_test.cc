#include "sip/body/values.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sip/base/utf8.h"
#include "sip/body/media_type.h"

namespace sipevents::sip {
namespace {

TEST(ParseDateTimeTest, WellFormedTimesGiveTheInstant) {
  // given
  const std::vector<std::pair<std::string_view, std::string>> cases = {
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"},
      {" 2026-03-01T09:00:00z\n", "2026-03-01T09:00:00Z"},
      {"2026-03-01T09:00:00", "2026-03-01T09:00:00Z"},
      {"2026-03-01T09:00:00.5+01:00", "2026-03-01T08:00:00.5Z"},
      {"2026-03-01T00:30:00.1234567899-01:30", "2026-03-01T02:00:00.123456789Z"},
      {"2024-02-29T23:59:60Z", "2024-03-01T00:00:00Z"},
      {"2000-02-29T24:00:00Z", "2000-03-01T00:00:00Z"},
      {"1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.25Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& [text, expected] : cases) {
    // when
    const std::optional<absl::Time> time = ParseDateTime(text);

    // then
    absl::Time instant;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, expected, &instant, &error)) << error;
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(*time, instant) << text;
  }
}

TEST(ParseDateTimeTest, MalformedTimesGiveNothing) {
  for (const std::string_view text : {"",
                                      "now",
                                      "2026-03-01",
                                      "2026-03-01 09:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "1900-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-04-31T00:00:00Z",
                                      "2026-03-01T24:00:01Z",
                                      "2026-03-01T09:60:00Z",
                                      "2026-03-01T09:00:61Z",
                                      "2026-03-01T09:00:00.Z",
                                      "2026-03-01T09:00:00+15:00",
                                      "2026-03-01T09:00:00+01",
                                      "2026-03-01T09:00:00Zjunk",
                                      "20260-03-01T09:00:00Z",
                                      "0000-01-01T00:00:00Z",
                                      "-001-01-01T00:00:00Z",
                                      "0001-01-01T00:00:00+14:00",
                                      "9999-12-31T23:59:59-01:00"}) {
    // when
    const std::optional<absl::Time> time = ParseDateTime(text);

    // then
    EXPECT_FALSE(time.has_value()) << text;
  }
}

TEST(ParseDateTimeTest, EveryDayOfFourCenturiesAgreesWithAbseil) {
  // given
  const absl::TimeZone utc = absl::UTCTimeZone();
  absl::CivilDay day(1899, 12, 31);
  for (; day < absl::CivilDay(2300, 1, 2); ++day) {
    // when
    const std::optional<absl::Time> time = ParseDateTime(absl::FormatCivilTime(day) + "T00:00:00Z");

    // then
    ASSERT_TRUE(time.has_value()) << day;
    ASSERT_EQ(*time, absl::FromCivil(day, utc)) << day;
  }
}

TEST(ParseDecimalTest, DecimalsAreReadAndOthersRefused) {
  // given
  const std::vector<std::pair<std::string_view, std::optional<double>>> cases = {
      {"0.8", 0.8},          {"1", 1.0},
      {" 1.000 ", 1.0},      {".5", 0.5},
      {"+0.25", 0.25},       {"-2.5", -2.5},
      {"1.", 1.0},           {"0.1234567891234", 0.123456789},
      {"", std::nullopt},    {".", std::nullopt},
      {"-", std::nullopt},   {"1e3", std::nullopt},
      {"nan", std::nullopt}, {"0,8", std::nullopt},
      {"1.x", std::nullopt}, {"12345678901", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    // when
    const std::optional<double> value = ParseDecimal(text);

    // then
    ASSERT_EQ(value.has_value(), expected.has_value()) << text;
    EXPECT_NEAR(value.value_or(0), expected.value_or(0), 1e-12) << text;
  }
}

TEST(ParseClampedTest, LargeNumbersGiveTheMaximum) {
  EXPECT_EQ(ParseClamped("0", 10), 0U);
  EXPECT_EQ(ParseClamped("10", 10), 10U);
  EXPECT_EQ(ParseClamped("11", 10), 10U);
  EXPECT_EQ(ParseClamped("4294967295", UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(ParseClamped("4294967296", UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(ParseClamped(std::string(1000, '9'), UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(ParseClamped("9", 5), 5U);
  EXPECT_EQ(ParseClamped("", 10), std::nullopt);
  EXPECT_EQ(ParseClamped("-1", 10), std::nullopt);
  EXPECT_EQ(ParseClamped("1a", 10), std::nullopt);
}

TEST(IsUtf8Test, WellFormedTextIsTaken) {
  for (const std::string_view text :
       {"", "plain", "gr\xC3\xBC\xC3\x9F", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF",
        "\xF4\x8F\xBF\xBF",
        "thirty-one octets of plain text \xC3\xA4 and more, to leave the fast way at its end"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(IsUtf8Test, MalformedTextIsRefused) {
  for (const std::string_view text :
       {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF8\x88\x80\x80\x80", "\xE2\x82", "thirty-two octets of ASCII first \xFF then not"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(Latin1ToUtf8Test, HighOctetsBecomeTwo) {
  EXPECT_EQ(Latin1ToUtf8("gr\xFC\xDF"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_TRUE(IsUtf8(Latin1ToUtf8("\x80\xFF")));
}

TEST(MatchesMediaTypeTest, CaseBlanksAndParametersDoNotMatter) {
  for (const std::string_view same :
       {"application/pidf+xml", "Application/PIDF+XML", "application/pidf+xml;charset=\"UTF-8\"",
        " application/pidf+xml ; charset=utf-8", "application / pidf+xml"}) {
    EXPECT_TRUE(MatchesMediaType(same, "application/pidf+xml")) << same;
  }
  for (const std::string_view other :
       {"", "application", "application/", "application/pidf", "application/pidf+xmlx",
        "text/pidf+xml", "application/pidf-diff+xml", "*/*"}) {
    EXPECT_FALSE(MatchesMediaType(other, "application/pidf+xml")) << other;
  }
}

}  // namespace
}  // namespace sipevents::sip
