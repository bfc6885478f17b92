// The JSON in docs/packages.md is what the packages make of the NOTIFYs beside it, and no package
// is forgotten. With --update=FILE, writes the page with the right JSON to FILE.

#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "tests/docs/packages_page.h"

namespace sipevents::testing {
namespace {

std::string& PagePath() {
  static auto& path = *new std::string();
  return path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The right JSON of each example.
std::vector<std::string> RightJson(const PackagesPage& page) {
  // The examples of a package are the story of one Subscription.
  std::map<std::string, std::vector<std::string>> notifies;
  for (const PageExample& example : page.examples) {
    notifies[example.event_package].push_back(example.notify);
  }
  std::map<std::string, std::vector<std::string>> jsons;
  for (const auto& [package, story] : notifies) jsons[package] = JsonOfNotifies(package, story);
  std::map<std::string, size_t> told;
  std::vector<std::string> right;
  for (const PageExample& example : page.examples) {
    right.push_back(jsons[example.event_package][told[example.event_package]++]);
  }
  return right;
}

TEST(PackagesPageTest, ExamplesShowWhatThePackagesMakeOfThem) {
  const PackagesPage page = ReadPackagesPage(ReadFile(PagePath()));
  const std::vector<std::string> right = RightJson(page);
  ASSERT_FALSE(right.empty());
  for (size_t i = 0; i < right.size(); ++i) {
    EXPECT_EQ(page.examples[i].json, right[i]) << page.examples[i].event_package;
    EXPECT_TRUE(absl::StartsWith(right[i], "{")) << right[i];
  }
}

TEST(PackagesPageTest, EveryPackageHasASectionWithAnExample) {
  const PackagesPage page = ReadPackagesPage(ReadFile(PagePath()));
  for (const sip::EventPackage& package : sip::TypedPackages()) {
    EXPECT_THAT(page.packages, ::testing::Contains(std::string(package.name)));
    EXPECT_THAT(page.examples, ::testing::Contains(::testing::Field(&PageExample::event_package,
                                                                    std::string(package.name))));
  }
}

int Update(const std::string& target) {
  std::string text = ReadFile(PagePath());
  const PackagesPage page = ReadPackagesPage(text);
  const std::vector<std::string> right = RightJson(page);
  for (size_t i = right.size(); i-- > 0;) {
    const PageExample& example = page.examples[i];
    text.replace(example.json_begin, example.json_end - example.json_begin,
                 absl::StrCat("\n```json\n", right[i], "\n```\n"));
  }
  std::ofstream(target) << text;
  return 0;
}

}  // namespace
}  // namespace sipevents::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc < 2) {
    std::cerr << "usage: packages_test PAGE [--update=FILE]\n";
    return 1;
  }
  sipevents::testing::PagePath() = argv[1];
  constexpr std::string_view kUpdate = "--update=";
  if (argc > 2 && std::string_view(argv[2]).substr(0, kUpdate.size()) == kUpdate) {
    return sipevents::testing::Update(argv[2] + kUpdate.size());
  }
  return RUN_ALL_TESTS();
}
