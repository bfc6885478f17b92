#include "sip/packages/package_table.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/agent.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;

TEST(PackageTableTest, TypedPackagesAreListedByName) {
  // when
  std::vector<std::string> names;
  for (const EventPackage& package : TypedPackages()) names.emplace_back(package.name);

  // then
  EXPECT_THAT(names, ElementsAre("dialog", "message-summary", "presence", "presence.winfo"));
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
  };
  const std::vector<Row> rows = {
      {"presence", {"application/pidf+xml"}, false, false, PackageKind::kState},
      {"dialog", {"application/dialog-info+xml"}, true, false, PackageKind::kState},
      {"message-summary", {"application/simple-message-summary"}, true, true, PackageKind::kState},
      {"presence.winfo", {"application/watcherinfo+xml"}, true, true, PackageKind::kState},
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
    EXPECT_EQ(package.default_expires, absl::Seconds(3600)) << row.name;
    EXPECT_NE(package.new_merger(), nullptr) << row.name;
  }
}

TEST(DescribePackageTest, TypedPackagesAreStatesAndOthersEvents) {
  EXPECT_TRUE(DescribePackage("presence").typed);
  EXPECT_FALSE(DescribePackage("presence").every_event);
  EXPECT_FALSE(DescribePackage("kpml").typed);
  EXPECT_TRUE(DescribePackage("kpml").every_event);
}

}  // namespace
}  // namespace sipevents::sip
