#include "gateway/telemetry/log_format.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

using ::testing::HasSubstr;

LogRecord Record(absl::Span<const LogField> fields) {
  LogRecord record;
  record.time = absl::FromUnixMicros(1'700'000'000'000'042);
  record.severity = LogSeverity::kWarning;
  record.component = "subscriber";
  record.message = "moved on";
  record.fields = fields;
  return record;
}

TEST(LogFormatTest, TextLineReadsWell) {
  const std::vector<LogField> fields = {{"from", "pending"}, {"reason", "a b"}, {"empty", ""}};
  EXPECT_EQ(FormatLogLine(Record(fields), LogFormat::kText),
            "2023-11-14T22:13:20.000042Z WARNING subscriber: moved on from=pending reason=\"a b\" "
            "empty=\"\"\n");
}

TEST(LogFormatTest, JsonLineIsOneObject) {
  const std::vector<LogField> fields = {{"count", 3}, {"text", "say \"hi\" \\"}};
  EXPECT_EQ(FormatLogLine(Record(fields), LogFormat::kJson),
            R"({"time":"2023-11-14T22:13:20.000042Z","severity":"warning",)"
            R"("component":"subscriber","message":"moved on","count":"3",)"
            R"("text":"say \"hi\" \\"})"
            "\n");
}

TEST(LogFormatTest, SuppressedRecordsAreTold) {
  LogRecord record = Record({});
  record.suppressed = 12;
  EXPECT_THAT(FormatLogLine(record, LogFormat::kText), HasSubstr(" suppressed=12\n"));
  EXPECT_THAT(FormatLogLine(record, LogFormat::kJson), HasSubstr(",\"suppressed\":12}\n"));
}

TEST(LogFormatTest, WhatAPeerSentStaysInItsLineAndIsAscii) {
  // Given
  const std::vector<LogField> fields = {{"peer", "a\r\nb\t\x1b[2J\xff\xc3\xa9"}};
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    // When
    const std::string line = FormatLogLine(Record(fields), format);
    // Then
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    for (const char c : line.substr(0, line.size() - 1)) {
      EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
    }
  }
}

TEST(LogFormatTest, LongValuesAreCut) {
  const std::vector<LogField> fields = {{"body", std::string(100'000, 'x')}};
  const std::string line = FormatLogLine(Record(fields), LogFormat::kText);
  EXPECT_LT(line.size(), kMaxLogValueOctets + 200);
  EXPECT_THAT(line, HasSubstr("xxx...\n"));
}

}  // namespace
}  // namespace sipevents::gateway
