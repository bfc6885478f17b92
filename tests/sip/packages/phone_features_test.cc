#include "sip/packages/phone_features.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/phone_features.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/x-as-feature-event+xml";
constexpr char kMixed[] = "multipart/mixed;boundary=UniqueBoundary";

std::string DoNotDisturb(std::string_view on) {
  return absl::StrCat(R"(<?xml version="1.0" encoding="ISO-8859-1"?><DoNotDisturbEvent )",
                      R"(xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">)",
                      "<device/><doNotDisturbOn>", AbslView(on),
                      "</doNotDisturbOn></DoNotDisturbEvent>");
}

std::string Forwarding(std::string_view type, std::string_view status, std::string_view more) {
  return absl::StrCat(R"(<?xml version="1.0" encoding="ISO-8859-1"?><ForwardingEvent )",
                      R"(xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">)",
                      "<device>201</device><forwardingType>", AbslView(type),
                      "</forwardingType><forwardStatus>", AbslView(status), "</forwardStatus>",
                      AbslView(more), "</ForwardingEvent>");
}

std::string Mixed(const std::vector<std::string>& documents) {
  std::string body;
  for (const std::string& document : documents) {
    absl::StrAppend(&body, "--UniqueBoundary\r\nContent-Type:", kType,
                    "\r\nContent-Length:1\r\nContent-ID:<a@b>\r\n\r\n", document, "\r\n");
  }
  return absl::StrCat(body, "--UniqueBoundary--\r\n");
}

// What the server sends first: each feature in a part of its own.
TEST(PhoneFeaturesTest, PartsOfAMultipartAreOneState) {
  Merging merging(FindPackage("as-feature-event"), kType);

  const MergeResult result = merging.FeedTyped(
      kMixed, Mixed({DoNotDisturb("true"), Forwarding("forwardImmediate", "false", "<forwardTo/>"),
                     Forwarding("forwardBusy", "true", "<forwardTo>J\xfcrgen</forwardTo>"),
                     Forwarding("forwardNoAns", "true",
                                "<forwardTo>5550100</forwardTo><ringCount>4</ringCount>")}));

  EXPECT_FALSE(result.body_is_partial);
  const auto features = StateOf<v1::PhoneFeatures>(result);
  EXPECT_TRUE(features.do_not_disturb());
  EXPECT_TRUE(features.has_forward_immediate());
  EXPECT_FALSE(features.forward_immediate().active());
  EXPECT_TRUE(features.forward_busy().active());
  EXPECT_EQ(features.forward_busy().target(), "J\xc3\xbcrgen");
  EXPECT_FALSE(features.forward_busy().has_ring_count());
  EXPECT_TRUE(features.forward_no_answer().active());
  EXPECT_EQ(features.forward_no_answer().target(), "5550100");
  EXPECT_EQ(features.forward_no_answer().ring_count(), 4);
}

TEST(PhoneFeaturesTest, SingleDocumentReplacesItsFeatureOnly) {
  Merging merging(FindPackage("as-feature-event"), kType);
  merging.FeedTyped(kMixed, Mixed({DoNotDisturb("false"), Forwarding("forwardNoAns", "true",
                                                                     "<ringCount>4</ringCount>")}));

  const MergeResult changed = merging.Feed(DoNotDisturb("1"));
  EXPECT_TRUE(changed.body_is_partial);
  EXPECT_TRUE(StateOf<v1::PhoneFeatures>(changed).do_not_disturb());
  EXPECT_EQ(StateOf<v1::PhoneFeatures>(changed).forward_no_answer().ring_count(), 4);

  const auto off =
      StateOf<v1::PhoneFeatures>(merging.Feed(Forwarding("forwardNoAns", "false", "")));
  EXPECT_TRUE(off.do_not_disturb());
  EXPECT_FALSE(off.forward_no_answer().active());
  EXPECT_FALSE(off.forward_no_answer().has_ring_count());
  EXPECT_FALSE(off.has_forward_busy());
}

TEST(PhoneFeaturesTest, WhatIsNotToldIsAbsent) {
  Merging merging(FindPackage("as-feature-event"), kType);
  const auto features = StateOf<v1::PhoneFeatures>(
      merging.Feed(Forwarding("forwardBusy", "true", "<forwardTo>1</forwardTo>")));
  EXPECT_FALSE(features.has_do_not_disturb());
  EXPECT_FALSE(features.has_forward_immediate());
}

TEST(PhoneFeaturesTest, OtherFeaturesAndPartsArePassedOver) {
  Merging merging(FindPackage("as-feature-event"), kType);
  merging.Feed(DoNotDisturb("true"));

  const MergeResult other = merging.Feed(
      R"(<AgentLoggedOnEvent xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"/>)");
  EXPECT_TRUE(StateOf<v1::PhoneFeatures>(other).do_not_disturb());
  const MergeResult part = merging.FeedTyped(
      kMixed, "--UniqueBoundary\r\nContent-Type: text/plain\r\n\r\nhello\r\n--UniqueBoundary--");
  EXPECT_TRUE(StateOf<v1::PhoneFeatures>(part).do_not_disturb());
}

TEST(PhoneFeaturesTest, BadDocumentsLeaveTheStateAndAreAskedAboutOnce) {
  struct Row {
    std::string_view type;
    std::string body;
    std::string_view said;
  };
  const std::vector<Row> rows = {
      {kType, "<DoNotDisturbEvent", "XML"},
      {kType, "<DoNotDisturbEvent><doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>",
       "root element \"DoNotDisturbEvent\" is not of"},
      {kType, DoNotDisturb("perhaps"), "doNotDisturbOn is \"perhaps\""},
      {kType, DoNotDisturb(""), "doNotDisturbOn is \"\""},
      {kType, Forwarding("forwardSometimes", "true", ""), "forwardingType is \"forwardSometimes\""},
      {"text/plain", DoNotDisturb("false"), "content type"},
      {"multipart/mixed", Mixed({DoNotDisturb("false")}), "no boundary"},
      // One bad part: nothing of the others is taken.
      {kMixed, Mixed({DoNotDisturb("false"), "<x"}), "XML"},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("as-feature-event"), kType);
    merging.Feed(DoNotDisturb("true"));

    const MergeResult bad = merging.FeedTyped(row.type, row.body);

    EXPECT_EQ(bad.kind, Kind::kError) << row.body;
    EXPECT_THAT(bad.error, HasSubstr(std::string(row.said)));
    EXPECT_TRUE(bad.resync);
    EXPECT_FALSE(merging.FeedTyped(row.type, row.body).resync);
    const auto after = StateOf<v1::PhoneFeatures>(merging.Feed(Forwarding("forwardBusy", "0", "")));
    EXPECT_TRUE(after.do_not_disturb()) << row.body;
    EXPECT_TRUE(merging.FeedTyped(row.type, row.body).resync);
  }
}

TEST(PhoneFeaturesTest, NewDialogBeginsAnew) {
  Merging merging(FindPackage("as-feature-event"), kType);
  merging.Feed(DoNotDisturb("true"), 1);
  EXPECT_EQ(merging.Drop(1).kind, Kind::kUnchanged);
  const auto features =
      StateOf<v1::PhoneFeatures>(merging.Feed(Forwarding("forwardBusy", "true", ""), 2));
  EXPECT_FALSE(features.has_do_not_disturb());
  EXPECT_EQ(merging.Feed("", 2).kind, Kind::kUnchanged);
}

}  // namespace
}  // namespace sipevents::sip
