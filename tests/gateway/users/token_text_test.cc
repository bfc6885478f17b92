#include "gateway/users/token_text.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_clock.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

class TokenTextTest : public ::testing::Test {
 protected:
  void Write(const std::string& content) { std::ofstream(path_) << content; }

  const std::string path_ = ::testing::TempDir() + "/token";
  FakeClock clock_;
};

TEST_F(TokenTextTest, TokenIsReadWithoutTheLineEnd) {
  Write("abc.def\n");
  ASSERT_OK_AND_ASSIGN(const auto token, TokenText::Open(path_, clock_));
  EXPECT_EQ(token->Current(), "abc.def");
}

TEST_F(TokenTextTest, ChangeIsSeenAtTheNextLook) {
  Write("old");
  ASSERT_OK_AND_ASSIGN(const auto token, TokenText::Open(path_, clock_));
  Write("new");
  token->LookAgain();
  EXPECT_EQ(token->Current(), "old");
  clock_.Advance(TokenText::kInterval);
  EXPECT_EQ(token->Current(), "old");
  token->LookAgain();
  EXPECT_EQ(token->Current(), "new");
}

TEST_F(TokenTextTest, WhatCannotBeUsedLeavesTheOldToken) {
  Write("old");
  ASSERT_OK_AND_ASSIGN(const auto token, TokenText::Open(path_, clock_));
  for (const char* content : {"", "two words", "\x01"}) {
    Write(content);
    clock_.Advance(TokenText::kInterval);
    token->LookAgain();
    EXPECT_EQ(token->Current(), "old") << content;
  }
}

TEST_F(TokenTextTest, WhatIsNoTokenIsRefusedWithoutShowingIt) {
  for (const std::string& content :
       {std::string(), std::string("SECRET words"), std::string(20000, 'S')}) {
    Write(content);
    EXPECT_THAT(TokenText::Open(path_, clock_),
                StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("SECRET"))));
  }
  EXPECT_THAT(TokenText::Open("/does/not/exist", clock_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sipevents::gateway
