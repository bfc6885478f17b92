#include "sip/compositor/recent_reports.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

constexpr char kVq[] = "vq-rtcpxr";
const absl::Time kNow = absl::FromUnixSeconds(1700000000);

ComposedStatePtr Report(const std::string& body) {
  return std::make_shared<const ComposedState>(
      ComposedState{{"application/vq-rtcpxr", body}, body});
}

TEST(RecentReportsTest, ReportsOfAResourceComeOneByOneInTheirOrder) {
  RecentReports reports;
  EXPECT_EQ(reports.last(), 0u);
  for (const char* body : {"1", "2", "3"}) EXPECT_TRUE(reports.Put("a", kVq, Report(body), kNow));
  reports.Put("b", kVq, Report("other"), kNow);
  reports.Put("a", kVq, Report("4"), kNow);

  uint64_t told = 0;
  std::string all;
  bool more = true;
  while (more) {
    const NumberedReport next = reports.Next("a", kVq, told, kNow);
    ASSERT_NE(next.state, nullptr);
    ASSERT_GT(next.number, told);
    told = next.number;
    more = next.more;
    all += next.state->full.body;
  }
  EXPECT_EQ(all, "1234");
  EXPECT_EQ(told, reports.last());
  EXPECT_EQ(reports.Next("a", kVq, told, kNow).state, nullptr);
  EXPECT_EQ(reports.Next("a", "other", 0, kNow).state, nullptr);
  EXPECT_EQ(reports.Newest("a", kVq, kNow)->full.body, "4");
}

TEST(RecentReportsTest, NothingIsKeptPastItsTime) {
  RecentReports reports;
  const ComposedStatePtr old = Report("old");
  reports.Put("a", kVq, old, kNow);
  reports.Put("a", kVq, Report("new"), kNow + absl::Seconds(10));
  const absl::Time later = kNow + RecentReports::kKeptFor;

  EXPECT_EQ(reports.Next("a", kVq, 0, later).state->full.body, "new");
  EXPECT_FALSE(reports.Next("a", kVq, 0, later).more);
  EXPECT_EQ(reports.Next("a", kVq, 0, later + absl::Seconds(10)).state, nullptr);
  EXPECT_EQ(reports.Newest("a", kVq, later + absl::Seconds(10)), nullptr);
  // It goes when the next one comes.
  EXPECT_TRUE(reports.Put("b", kVq, Report("next"), later));
  EXPECT_EQ(old.use_count(), 1);
}

// SEC-08.
TEST(RecentReportsTest, TooManyForgetTheOldest) {
  RecentReports reports;
  reports.Put("a", kVq, Report("first"), kNow);
  for (size_t i = 0; i + 1 < RecentReports::kMost; ++i) {
    ASSERT_TRUE(reports.Put(absl::StrCat("r", i), kVq, Report("x"), kNow)) << i;
  }
  EXPECT_EQ(reports.Newest("a", kVq, kNow)->full.body, "first");
  EXPECT_FALSE(reports.Put("b", kVq, Report("last"), kNow));
  EXPECT_EQ(reports.Newest("a", kVq, kNow), nullptr);
  EXPECT_EQ(reports.Newest("b", kVq, kNow)->full.body, "last");
}

TEST(RecentReportsTest, TooLargeOnesForgetTheOldest) {
  RecentReports reports;
  const std::string body(RecentReports::kMostOctets / 2, 'x');
  EXPECT_TRUE(reports.Put("a", kVq, Report(body), kNow));
  EXPECT_TRUE(reports.Put("b", kVq, Report(body), kNow));
  EXPECT_FALSE(reports.Put("c", kVq, Report(body), kNow));
  EXPECT_EQ(reports.Newest("a", kVq, kNow), nullptr);
  EXPECT_NE(reports.Newest("b", kVq, kNow), nullptr);
}

}  // namespace
}  // namespace sipevents::sip
