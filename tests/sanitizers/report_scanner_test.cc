#include "tests/sanitizers/report_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sipevents::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kReport[] =
    "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n"
    "READ of size 1 at 0x602000000010 thread T0\n";

TEST(SanitizerReportScannerTest, OrdinaryOutputIsNoReport) {
  SanitizerReportScanner scanner;

  scanner.Read("12:00:00 warning a peer sent an ERROR\nSanitizer\n\n");
  scanner.Read(std::string(1 << 20, 'x'));

  EXPECT_THAT(scanner.report(), IsEmpty());
}

TEST(SanitizerReportScannerTest, ReportAmongOtherLinesIsKeptFromItsFirstLineOn) {
  SanitizerReportScanner scanner;

  scanner.Read(std::string("ready\n=====\n") + kReport);
  scanner.Read("the end\n");

  EXPECT_EQ(scanner.report(), std::string(kReport) + "the end\n");
}

TEST(SanitizerReportScannerTest, ReportThatComesOctetByOctetIsFound) {
  for (const std::string& text :
       {std::string(kReport), std::string("a.cc:1:2: runtime error: signed integer overflow\n"),
        std::string("WARNING: ThreadSanitizer: data race (pid=7)\n"),
        std::string("==7==ERROR: LeakSanitizer: detected memory leaks\n")}) {
    SanitizerReportScanner scanner;

    scanner.Read("before\n");
    for (const char c : text) scanner.Read(std::string(1, c));

    EXPECT_EQ(scanner.report(), text);
  }
}

TEST(SanitizerReportScannerTest, EndlessReportIsCut) {
  SanitizerReportScanner scanner;

  scanner.Read(kReport);
  for (int i = 0; i < 100; ++i) scanner.Read(std::string(4096, 'x'));

  EXPECT_THAT(scanner.report(), StartsWith(kReport));
  EXPECT_EQ(scanner.report().size(), SanitizerReportScanner::kMaxReportOctets);
}

}  // namespace
}  // namespace sipevents::testing
