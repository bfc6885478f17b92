#include "gateway/auth/permissions.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct GlobCase {
  const char* pattern;
  const char* text;
  bool matches;
};

TEST(GlobTest, Table) {
  const GlobCase cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "sip:alice@example.com", true},
      {"sip:*@example.com", "sip:alice@example.com", true},
      {"sip:*@example.com", "sip:@example.com", true},
      {"sip:*@example.com", "sips:alice@example.com", false},
      {"sip:*@example.com", "sip:alice@example.com.evil.org", false},
      {"sip:*@example.com", "sip:alice@example.com;maddr=evil", false},
      {"sip:alice@example.com", "sip:Alice@example.com", false},
      {"sip:10??@example.com", "sip:1042@example.com", true},
      {"sip:10??@example.com", "sip:104@example.com", false},
      {"*a*b*c*", "xxaxxbxxcxx", true},
      {"*a*b*c*", "xxaxxcxxbxx", false},
      {"**", "a", true},
      {"a*", "ba", false},
      {"*ab", "aab", true},
      {"[ab]", "a", false},
  };
  for (const GlobCase& c : cases) {
    EXPECT_EQ(GlobMatches(c.pattern, c.text), c.matches) << c.pattern << " on " << c.text;
  }
}

TEST(GlobTest, PatternMadeToBacktrackEndsSoon) {
  // Given what takes a naive matcher 2^40 steps
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  // Then
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(2000, 'a')));
}

TEST(PermissionsTest, EachKindIsRead) {
  ASSERT_OK_AND_ASSIGN(const Permissions read,
                       Permissions::Parse({"admin", "target=sip:*@a", "target=sip:*@b",
                                           "package=presence", "publish=sip:b*", "identity=*"}));
  EXPECT_TRUE(read.admin);
  EXPECT_THAT(read.published, ElementsAre("sip:b*"));
  EXPECT_THAT(read.targets, ElementsAre("sip:*@a", "sip:*@b"));
  EXPECT_THAT(read.packages, ElementsAre("presence"));
  EXPECT_THAT(read.identities, ElementsAre("*"));
}

TEST(PermissionsTest, NoneGrantsNoAdminAndNoIdentity) {
  ASSERT_OK_AND_ASSIGN(const Permissions read, Permissions::Parse({}));
  EXPECT_FALSE(read.admin);
  EXPECT_THAT(read.identities, IsEmpty());
}

TEST(PermissionsTest, WhatIsOutsideTheGrammarIsNamed) {
  for (const char* word : {"Admin", "admin=1", "target", "target=", "package =x", "other=*", "*"}) {
    EXPECT_THAT(Permissions::Parse({word}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(word)))
        << word;
  }
}

TEST(PermissionsTest, NumberAndLengthAreBounded) {
  EXPECT_OK(Permissions::Parse(std::vector<std::string>(64, "package=a")));
  EXPECT_THAT(Permissions::Parse(std::vector<std::string>(65, "package=a")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Permissions::Parse({"package=" + std::string(505, 'a')}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sipevents::gateway
