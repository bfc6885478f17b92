#include "sip/packages/profile.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/profile.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

constexpr char kReference[] =
    "message/external-body; access-type=\"URL\"; expiration=\"Mon, 02 Mar 2026 09:00:00 GMT\"; "
    "URL=\"https://cfg.example.net/\r\n p/42;v=1\"; size=1024; "
    "hash=10AB568E91245681AC1B";

TEST(ProfileTest, ReferenceToContentIsTold) {
  Merging merging(FindPackage("ua-profile"), kReference);

  const auto profile = StateOf<v1::Profile>(
      merging.FeedHeaders("effective-by=3600", "",
                          "Content-Type: application/x-acme-profile+xml\r\n"
                          "Content-ID: <p42@cfg.example.net>\r\n\r\nContent-Type: none\r\n"));

  EXPECT_EQ(profile.effective_by().seconds(), 3600);
  EXPECT_EQ(profile.reference().url(), "https://cfg.example.net/p/42;v=1");
  EXPECT_EQ(profile.reference().expire_time().seconds(), 1772442000);
  EXPECT_EQ(profile.reference().size(), 1024);
  EXPECT_EQ(profile.reference().hash(), "10AB568E91245681AC1B");
  EXPECT_EQ(profile.reference().content_type(), "application/x-acme-profile+xml");
  EXPECT_EQ(profile.reference().content_id(), "p42@cfg.example.net");
}

TEST(ProfileTest, WhatIsNotToldOfAReferenceIsAbsent) {
  // The body may be empty: the Content-Type tells where the content is.
  Merging merging(FindPackage("ua-profile"), "");

  const auto profile = StateOf<v1::Profile>(merging.FeedTyped(
      "Message/External-Body;ACCESS-TYPE=url;url=\"http://a.example\";size=big;expiration=\"soon\"",
      ""));

  EXPECT_FALSE(profile.has_effective_by());
  EXPECT_EQ(profile.reference().url(), "http://a.example");
  EXPECT_FALSE(profile.reference().has_size());
  EXPECT_FALSE(profile.reference().has_expire_time());
  EXPECT_EQ(profile.reference().content_id(), "");
}

TEST(ProfileTest, DirectContentIsLeftToTheBody) {
  Merging merging(FindPackage("ua-profile"), "application/x-acme-profile+xml");

  const auto profile = StateOf<v1::Profile>(
      merging.FeedHeaders("profile-type=device;Effective-By=0", "", "<profile/>"));

  EXPECT_TRUE(profile.has_effective_by());
  EXPECT_EQ(profile.effective_by().seconds(), 0);
  EXPECT_FALSE(profile.has_reference());
}

// RFC 6080 section 6.7: it must not be refused.
TEST(ProfileTest, EmptyNotifyIsNoError) {
  Merging merging(FindPackage("ua-profile"), "application/x-acme-profile+xml");
  const MergeResult result = merging.FeedHeaders("effective-by=20", "");
  EXPECT_EQ(result.kind, Kind::kUnchanged);
  EXPECT_EQ(result.error, "");
}

TEST(ProfileTest, UnusableReferencesAreRefused) {
  struct Row {
    std::string_view type;
    std::string_view said;
  };
  const std::vector<Row> rows = {
      {"message/external-body;access-type=FTP;URL=\"ftp://a\"", "access-type \"FTP\""},
      {"message/external-body;URL=\"http://a\"", "access-type \"\" instead of \"URL\""},
      {"message/external-body;access-type=URL", "without URL"},
      {"message/external-body;access-type=URL;URL=\" \"", "without URL"},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("ua-profile"), row.type);

    const MergeResult result = merging.Feed("Content-Type: text/plain\r\n\r\n");

    EXPECT_EQ(result.kind, Kind::kError) << row.type;
    EXPECT_THAT(result.error, HasSubstr(std::string(row.said)));
  }
}

}  // namespace
}  // namespace sipevents::sip
