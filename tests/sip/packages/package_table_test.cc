#include "sip/packages/package_table.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/agent.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;

TEST(PackageTableTest, TypedPackagesAreListedByName) {
  // when
  std::vector<std::string> names;
  for (const EventPackage& package : TypedPackages()) names.emplace_back(package.name);

  // then
  EXPECT_THAT(
      names, ElementsAre("as-feature-event", "call-completion", "call-info", "conference", "dialog",
                         "kpml", "line-seize", "message-summary", "presence", "presence.winfo",
                         "refer", "reg", "ua-profile", "vq-rtcpxr", "xcap-diff"));
}

TEST(PackageTableTest, NamesAreComparedByteForByte) {
  // GEN-08: also templates are packages of their own.
  for (const std::string_view name : {"Presence", "presence ", "presence.winf", "x-acme", ""}) {
    EXPECT_EQ(FindPackage(name).name, "") << name;
    EXPECT_FALSE(IsTypedPackage(name)) << name;
  }
  EXPECT_EQ(FindPackage("presence").name, "presence");
  EXPECT_TRUE(IsTypedPackage("presence"));
}

TEST(PackageTableTest, EveryPackageDeclaresWhatItMust) {
  // PKG-01, PKG-04, PKG-05, PKG-10
  struct Row {
    std::string_view name;
    std::vector<std::string> accept;
    bool allows_forks;
    bool merges_forks;
    PackageKind kind;
    int64_t expires = 3600;  // seconds
  };
  const std::vector<Row> rows = {
      {"presence", {"application/pidf+xml"}, false, false, PackageKind::kState},
      {"dialog", {"application/dialog-info+xml"}, true, false, PackageKind::kState},
      {"message-summary", {"application/simple-message-summary"}, true, true, PackageKind::kState},
      {"presence.winfo", {"application/watcherinfo+xml"}, true, true, PackageKind::kState},
      {"reg", {"application/reginfo+xml"}, false, false, PackageKind::kState, 3761},
      {"conference", {"application/conference-info+xml"}, false, false, PackageKind::kState},
      {"refer", {"message/sipfrag;version=2.0"}, true, false, PackageKind::kEvent},
      {"ua-profile", {"message/external-body", "*/*"}, false, false, PackageKind::kState, 86400},
      {"kpml", {"application/kpml-response+xml"}, false, false, PackageKind::kEvent, 7200},
      {"call-completion", {"application/call-completion"}, true, false, PackageKind::kState},
      {"vq-rtcpxr", {"application/vq-rtcpxr"}, false, false, PackageKind::kEvent},
      {"as-feature-event",
       {"application/x-as-feature-event+xml", "multipart/mixed"},
       false,
       false,
       PackageKind::kState},
      {"call-info", {}, false, false, PackageKind::kState},
      {"line-seize", {}, false, false, PackageKind::kState, 15},
      {"x-acme", {}, false, false, PackageKind::kEvent},
  };
  for (const Row& row : rows) {
    // when
    const EventPackage& package = FindPackage(row.name);

    // then
    EXPECT_EQ(package.accept, row.accept) << row.name;
    EXPECT_EQ(package.allows_forks, row.allows_forks) << row.name;
    EXPECT_EQ(package.merges_forks, row.merges_forks) << row.name;
    EXPECT_EQ(package.kind, row.kind) << row.name;
    EXPECT_EQ(package.default_expires, absl::Seconds(row.expires)) << row.name;
    EXPECT_NE(package.new_merger(), nullptr) << row.name;
  }
}

// A state that is taken up on a new dialog is nothing that a merger knows: it must say which bodies
// are changes only, even of the first one.
TEST(PackageTableTest, PackagesThatMayBeResumedSayThatTheFirstBodyIsAChange) {
  struct Row {
    std::string_view name;
    std::string_view content_type;
    std::string_view body;
  };
  const std::vector<Row> rows = {
      {"conference", "application/conference-info+xml",
       R"(<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sip:c@example.com"
          state="partial" version="3"/>)"},
      {"dialog", "application/dialog-info+xml",
       R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" entity="sip:a@example.com"
          state="partial" version="3"/>)"},
      {"presence", "application/pidf-diff+xml",
       R"(<p:pidf-diff xmlns:p="urn:ietf:params:xml:ns:pidf-diff" version="3"/>)"},
      {"presence.winfo", "application/watcherinfo+xml",
       R"(<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" state="partial" version="3"/>)"},
      {"reg", "application/reginfo+xml",
       R"(<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" state="partial" version="3"/>)"},
  };
  for (const Row& row : rows) {
    const EventPackage& package = FindPackage(row.name);
    EXPECT_TRUE(package.resumable) << row.name;
    EXPECT_TRUE(Merging(package, row.content_type).Feed(row.body).body_is_partial) << row.name;
  }
  // Their bodies are no whole state, and do not say so.
  for (const std::string_view name : {"as-feature-event", "call-info", "xcap-diff", "x-acme"}) {
    EXPECT_FALSE(FindPackage(name).resumable) << name;
  }
}

TEST(DescribePackageTest, TypedPackagesAreStatesAndOthersEvents) {
  EXPECT_TRUE(DescribePackage("presence").typed);
  EXPECT_FALSE(DescribePackage("presence").every_event);
  EXPECT_FALSE(DescribePackage("x-acme").typed);
  EXPECT_TRUE(DescribePackage("x-acme").every_event);
  // Typed, and yet things that happen: none may be left out.
  EXPECT_TRUE(DescribePackage("kpml").typed);
  EXPECT_TRUE(DescribePackage("kpml").every_event);
}

}  // namespace
}  // namespace sipevents::sip
