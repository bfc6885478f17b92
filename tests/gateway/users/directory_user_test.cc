#include "gateway/users/directory_user.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMd5[] = "939e7578ed9e3c518a452acee763bce9";

TEST(DirectoryUserTest, EverythingSaidIsTaken) {
  v1::DirectoryUser said;
  said.set_password("p");
  said.set_md5_hash(kMd5);
  said.set_sha256_hash(std::string(64, 'a'));
  said.add_publishes("sip:Desk@EXAMPLE.com");
  said.add_publishes("*");
  said.mutable_cache_duration()->set_seconds(5);
  said.mutable_cache_duration()->set_nanos(500'000'000);

  ASSERT_OK_AND_ASSIGN(const sip::UserDirectory::Answer answer, ReadDirectoryUser(said));

  EXPECT_EQ(answer.user.password, "p");
  EXPECT_EQ(answer.user.md5_hash, kMd5);
  EXPECT_EQ(answer.user.sha256_hash, std::string(64, 'a'));
  EXPECT_THAT(answer.user.publishes, ElementsAre("sip:Desk@example.com", "*"));
  EXPECT_EQ(answer.keep, absl::Seconds(5.5));
}

TEST(DirectoryUserTest, OneSecretIsEnough) {
  v1::DirectoryUser said;
  said.set_md5_hash(kMd5);
  ASSERT_OK_AND_ASSIGN(const sip::UserDirectory::Answer answer, ReadDirectoryUser(said));
  EXPECT_EQ(answer.keep, std::nullopt);
  EXPECT_EQ(answer.user.password, "");
}

TEST(DirectoryUserTest, DurationOutOfRangeIsStillADuration) {
  for (const int64_t seconds : {int64_t{-5}, INT64_MIN, INT64_MAX}) {
    v1::DirectoryUser said;
    said.set_password("p");
    said.mutable_cache_duration()->set_seconds(seconds);
    ASSERT_OK_AND_ASSIGN(const sip::UserDirectory::Answer answer, ReadDirectoryUser(said));
    EXPECT_EQ(*answer.keep <= absl::ZeroDuration(), seconds < 0) << seconds;
    EXPECT_NE(*answer.keep, absl::InfiniteDuration()) << seconds;
  }
}

struct BadUser {
  const char* field;  // named in the error
  void (*change)(v1::DirectoryUser& user);
};

TEST(DirectoryUserTest, WhatCannotBeUsedIsNamedWithoutItsValue) {
  const BadUser cases[] = {
      {"password", [](v1::DirectoryUser& user) { user.set_password(std::string(1025, 'S')); }},
      {"password, md5_hash or sha256_hash", [](v1::DirectoryUser& user) { user.Clear(); }},
      {"md5_hash", [](v1::DirectoryUser& user) { user.set_md5_hash("SSSS"); }},
      {"md5_hash", [](v1::DirectoryUser& user) { user.set_md5_hash(std::string(32, 'S')); }},
      {"md5_hash",
       [](v1::DirectoryUser& user) { user.set_md5_hash("939E7578ED9E3C518A452ACEE763BCE9"); }},
      {"sha256_hash", [](v1::DirectoryUser& user) { user.set_sha256_hash(kMd5); }},
      {"publishes[1]",
       [](v1::DirectoryUser& user) {
         user.add_publishes("*");
         user.add_publishes("SSSS");
       }},
      {"publishes",
       [](v1::DirectoryUser& user) {
         for (int i = 0; i < 1001; ++i) user.add_publishes("*");
       }},
  };
  for (const BadUser& bad : cases) {
    v1::DirectoryUser said;
    said.set_password("p");
    bad.change(said);
    EXPECT_THAT(ReadDirectoryUser(said),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(bad.field), HasSubstr("expected"), Not(HasSubstr("SSSS")),
                               Not(HasSubstr("939")))))
        << bad.field;
  }
}

}  // namespace
}  // namespace sipevents::gateway
