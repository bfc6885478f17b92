#include "sip/auth/user_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(UserTableTest, UsersAreFoundByRealmInAnyCase) {
  const auto table = UserTable::Parse(
      "# who may\r\n\nalice Example.com s3cret\r\n"
      "\tbob\texample.com  other publish=sips:desk@EXAMPLE.com publish=sip:b%61r@example.com\n"
      "alice example.org third publish=*",
      "users");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->size(), 3u);
  ASSERT_NE(table->Find("alice", "EXAMPLE.COM"), nullptr);
  EXPECT_EQ(table->Find("alice", "example.com")->password, "s3cret");
  EXPECT_THAT(table->Find("alice", "example.com")->publishes, IsEmpty());
  EXPECT_THAT(table->Find("bob", "example.com")->publishes,
              ElementsAre(HasSubstr("desk@example.com"), "sip:bar@example.com"));
  EXPECT_THAT(table->Find("alice", "example.org")->publishes, ElementsAre("*"));
  EXPECT_EQ(table->Find("Alice", "example.com"), nullptr);
  EXPECT_EQ(table->Find("bob", "example.org"), nullptr);
}

TEST(UserTableTest, NobodyIsKnownAtFirst) {
  EXPECT_EQ(UserTable().Find("alice", "example.com"), nullptr);
  const auto empty = UserTable::Parse("", "users");
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->size(), 0u);
}

TEST(UserTableTest, BadLineIsNamedWithoutItsPassword) {
  for (const char* line :
       {"alice example.com", "alice", "alice exa_mple/com s3cret",
        "alice example.com s3cret publish", "alice example.com s3cret watch=*",
        "alice example.com s3cret publish=http://x", "alice example.com s3cret publish="}) {
    const auto table = UserTable::Parse(absl::StrCat("# one\n", line, "\n"), "users.txt");
    ASSERT_FALSE(table.ok()) << line;
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(table.status().message()),
                testing::AllOf(HasSubstr("users.txt, line 2: expected"), Not(HasSubstr("s3cret"))))
        << line;
  }
}

TEST(UserTableTest, UserIsThereOnce) {
  const auto table = UserTable::Parse("a example.com x\na EXAMPLE.com y\n", "users");
  EXPECT_THAT(std::string(table.status().message()), HasSubstr("line 2"));
}

TEST(UserTableTest, FileIsRead) {
  const std::string path = testing::TempDir() + "/users";
  std::ofstream(path) << "alice example.com s3cret\n";
  const auto table = UserTable::Load(path);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->size(), 1u);
  std::remove(path.c_str());
  const auto missing = UserTable::Load(path);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(path));
}

}  // namespace
}  // namespace sipevents::sip
