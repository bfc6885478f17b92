#include "gateway/auth/token_file.h"

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_clock.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(TokenTableTest, LinesGiveCallers) {
  // Given
  ASSERT_OK_AND_ASSIGN(const TokenTable table,
                       TokenTable::Parse("# who may call\n"
                                         "\n"
                                         "s3cret-1 backend acme target=sip:*@acme.example admin\n"
                                         "\t s3cret-2\tphone  acme \r\n"));
  // When
  const Caller* backend = table.FindToken("s3cret-1");
  const Caller* phone = table.FindToken("s3cret-2");
  // Then
  ASSERT_NE(backend, nullptr);
  EXPECT_EQ(backend->name, "backend");
  EXPECT_EQ(backend->tenant, "acme");
  EXPECT_TRUE(backend->permissions->admin);
  EXPECT_THAT(backend->permissions->targets, ElementsAre("sip:*@acme.example"));
  ASSERT_NE(phone, nullptr);
  EXPECT_FALSE(phone->permissions->admin);
}

TEST(TokenTableTest, OtherTokensAreUnknown) {
  ASSERT_OK_AND_ASSIGN(const TokenTable table, TokenTable::Parse("token-one a t\n#hidden b t"));
  for (const char* token : {"", "token-on", "token-one ", "Token-one", "#hidden", "a", "cert:x"}) {
    EXPECT_EQ(table.FindToken(token), nullptr) << token;
  }
  EXPECT_EQ(table.FindToken(std::string(1 << 20, 'x')), nullptr);
}

TEST(TokenTableTest, CertificateLinesAreNoTokens) {
  ASSERT_OK_AND_ASSIGN(const TokenTable table,
                       TokenTable::Parse("cert:spiffe://acme/backend backend acme admin"));
  EXPECT_TRUE(table.lists_certificates());
  EXPECT_EQ(table.FindToken("cert:spiffe://acme/backend"), nullptr);
  EXPECT_EQ(table.FindCertificate("spiffe://acme/other"), nullptr);
  ASSERT_NE(table.FindCertificate("spiffe://acme/backend"), nullptr);
  EXPECT_EQ(table.FindCertificate("spiffe://acme/backend")->tenant, "acme");
}

TEST(TokenTableTest, ErrorsNameTheLineAndNeverTheToken) {
  const std::pair<std::string, std::string> cases[] = {
      {"secret-token", "line 1: expected `token caller tenant"},
      {"\n\nsecret-token caller", "line 3: expected `token caller tenant"},
      {"secret-token a t target=", "line 1: permission \"target=\""},
      {"secret-token a t\nsecret-token b t", "line 2: the token stands in an earlier line"},
      {"secret-token\xc3\xa9 a t", "line 1: the token is not"},
      {absl::StrCat(std::string(513, 'x'), " a t"), "line 1: the token is not"},
      {absl::StrCat("secret-token ", std::string(257, 'x'), " t"), "line 1: caller or tenant"},
  };
  for (const auto& [text, said] : cases) {
    EXPECT_THAT(TokenTable::Parse(text),
                StatusIs(kInvalid, AllOf(HasSubstr(said), Not(HasSubstr("secret")))));
  }
}

TEST(TokenTableTest, SizeAndLinesAreBounded) {
  EXPECT_THAT(TokenTable::Parse(std::string((1 << 20) + 1, '#')), StatusIs(kInvalid));
  EXPECT_OK(TokenTable::Parse(std::string(9'999, '\n')));
  EXPECT_THAT(TokenTable::Parse(std::string(10'000, '\n')),
              StatusIs(kInvalid, HasSubstr("10000 lines")));
}

class TokenFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& content) { std::ofstream(path_) << content; }
  // Another inode: a change that is seen whatever the file system's time resolution is.
  void Replace(const std::string& content) {
    const std::string fresh = path_ + ".new";
    std::ofstream(fresh) << content;
    ASSERT_EQ(std::rename(fresh.c_str(), path_.c_str()), 0);
  }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/tokens-",
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  FakeClock clock_;
};

TEST_F(TokenFileTest, ChangeIsSeenAfterASecond) {
  // Given
  Write("one a t");
  ASSERT_OK_AND_ASSIGN(const auto file, TokenFile::Open(path_, clock_));
  // When
  Replace("two a t");
  // Then not yet: a call costs no look at the disk,
  clock_.Advance(absl::Milliseconds(999));
  EXPECT_NE(file->Current()->FindToken("one"), nullptr);
  // but after a second.
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(file->Current()->FindToken("one"), nullptr);
  EXPECT_NE(file->Current()->FindToken("two"), nullptr);
}

TEST_F(TokenFileTest, BadOrMissingFileLeavesTheOldTokensValid) {
  // Given
  Write("one a t");
  ASSERT_OK_AND_ASSIGN(const auto file, TokenFile::Open(path_, clock_));
  // When
  Replace("nonsense");
  clock_.Advance(absl::Seconds(2));
  // Then
  EXPECT_NE(file->Current()->FindToken("one"), nullptr);
  // When it is gone
  ASSERT_EQ(std::remove(path_.c_str()), 0);
  clock_.Advance(absl::Seconds(2));
  EXPECT_NE(file->Current()->FindToken("one"), nullptr);
  // and when it comes back
  Write("two a t");
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(file->Current()->FindToken("one"), nullptr);
}

TEST_F(TokenFileTest, MissingFileCannotBeOpened) {
  EXPECT_THAT(TokenFile::Open(path_ + "-none", clock_),
              StatusIs(kInvalid, HasSubstr("No such file")));
}

}  // namespace
}  // namespace sipevents::gateway
