#include "sip/packages/refer_progress.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/refer_progress.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

constexpr char kType[] = "message/sipfrag;version=2.0";

TEST(ReferProgressTest, StatusLineIsTold) {
  struct Row {
    std::string_view body;
    int status;
    std::string_view phrase;
  };
  const std::vector<Row> rows = {
      {"SIP/2.0 100 Trying", 100, "Trying"},
      {"SIP/2.0 180 Ringing\r\n", 180, "Ringing"},
      {"SIP/2.0 200 OK\r\n\r\n", 200, "OK"},
      {"\r\nsip/2.0 503  Service Unavailable \n", 503, "Service Unavailable"},
      {"SIP/2.0 603", 603, ""},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("refer"), kType);

    const auto progress = StateOf<v1::ReferProgress>(merging.Feed(row.body));

    EXPECT_EQ(progress.sip_status(), row.status) << row.body;
    EXPECT_EQ(progress.reason_phrase(), row.phrase) << row.body;
    EXPECT_FALSE(progress.has_refer_cseq());
    EXPECT_EQ(progress.headers_size(), 0);
  }
}

// RFC 3515 section 2.4.6.
TEST(ReferProgressTest, EventIdIsTheCseqOfTheRefer) {
  Merging merging(FindPackage("refer"), kType);

  const MergeResult first = merging.FeedHeaders("id=42", "", "SIP/2.0 180 Ringing");
  EXPECT_EQ(StateOf<v1::ReferProgress>(first).refer_cseq(), 42);
  EXPECT_FALSE(first.body_is_partial);
  const MergeResult odd = merging.FeedHeaders("id=a1", "", "SIP/2.0 180 Ringing");
  EXPECT_FALSE(StateOf<v1::ReferProgress>(odd).has_refer_cseq());
  const MergeResult later = merging.FeedHeaders("x=1; ID = 0", "", "SIP/2.0 180 Ringing");
  EXPECT_TRUE(StateOf<v1::ReferProgress>(later).has_refer_cseq());
}

TEST(ReferProgressTest, HeadersAreToldInOrderAndUnfolded) {
  Merging merging(FindPackage("refer"), kType);

  const auto progress = StateOf<v1::ReferProgress>(
      merging.Feed("SIP/2.0 302 Moved\r\nContact: <sip:a@example.com>,\r\n <sip:b@example.com>\r\n"
                   "no header\r\nTo:\r\n\r\nv=0\r\n"));

  ASSERT_EQ(progress.headers_size(), 2);
  EXPECT_EQ(progress.headers(0).name(), "Contact");
  EXPECT_EQ(progress.headers(0).value(), "<sip:a@example.com>, <sip:b@example.com>");
  EXPECT_EQ(progress.headers(1).name(), "To");
  EXPECT_EQ(progress.headers(1).value(), "");
}

TEST(ReferProgressTest, WhatIsNoStatusIsRefused) {
  struct Row {
    std::string body;
    std::string_view said;
    std::string_view type = kType;
    bool lenient = true;
  };
  std::string many = "SIP/2.0 200 OK\r\n";
  for (int i = 0; i <= 64; ++i) absl::StrAppend(&many, "A: ", i, "\r\n");
  const std::vector<Row> rows = {
      {"INVITE sip:a@example.com SIP/2.0\r\n", "begins with \"INVITE sip:a@example.com SIP/2.0\""},
      {"To: <sip:a@example.com>\r\n", "instead of the status line"},
      {"SIP/2.0 99 Low\r\n", "\"SIP/2.0 99 Low\""},
      {"SIP/2.0 700 High\r\n", "\"SIP/2.0 700 High\""},
      {"SIP/2.0 2000 Long\r\n", "status line"},
      {"SIP/2.0 20x OK\r\n", "status line"},
      {std::string("SIP/2.0 200 OK\0\r\n", 17), "octet 0"},
      {many, "more than 64 headers"},
      {"SIP/2.0 200 OK\r\nx\r\n", "without colon: \"x\"", kType, false},
      {"SIP/2.0 200 \xff\r\n", "not UTF-8", kType, false},
      {"SIP/2.0 200 OK\r\n", "content type \"text/plain\"", "text/plain"},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("refer"), kType, row.lenient);

    const MergeResult result = merging.FeedTyped(row.type, row.body);

    EXPECT_EQ(result.kind, Kind::kError) << row.body;
    EXPECT_THAT(result.error, HasSubstr(std::string(row.said)));
    EXPECT_FALSE(result.resync);
  }
}

TEST(ReferProgressTest, NotifyWithoutBodyTellsNothing) {
  Merging merging(FindPackage("refer"), kType);
  EXPECT_EQ(merging.FeedHeaders("id=1", "").kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Drop(1).kind, Kind::kUnchanged);
}

}  // namespace
}  // namespace sipevents::sip
