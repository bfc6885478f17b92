#include "sip/auth/user_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

// The users file, with the file system and threads as they are.

namespace sipevents::sip {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

class UserFileTest : public testing::Test {
 protected:
  UserFileTest() : path_(absl::StrCat(testing::TempDir(), "/users")) {
    Replace("alice example.com one\n");
    first_ = std::make_shared<const UserTable>(*UserTable::Load(path_));
    file_ = std::make_unique<UserFile>(path_, absl::Milliseconds(5), first_,
                                       [this](UserFile::Users users) {
                                         MutexLock lock(mutex_);
                                         holders_of_first_ = first_.use_count();
                                         taken_.push_back(std::move(users));
                                         came_.NotifyAll();
                                       });
  }

  // As an operator should: another file takes its place at once.
  void Replace(const std::string& text) const {
    const std::string next = absl::StrCat(path_, ".next");
    std::ofstream(next) << text;
    ASSERT_EQ(std::rename(next.c_str(), path_.c_str()), 0);
  }
  // The users who came as the so manieth, from 1 on; null: they did not.
  UserFile::Users Taken(size_t number) {
    const absl::Time end = absl::Now() + kPatience;
    MutexLock lock(mutex_);
    while (taken_.size() < number && absl::Now() < end) {
      came_.WaitUntil(mutex_, absl::ToChronoTime(end));
    }
    return taken_.size() < number ? nullptr : taken_[number - 1];
  }
  static std::string PasswordOf(const UserFile::Users& users, const std::string& name) {
    const User* const user = users == nullptr ? nullptr : users->Find(name, "example.com");
    return user == nullptr ? "(nobody)" : user->password;
  }

  const std::string path_;
  UserFile::Users first_;
  Mutex mutex_;
  CondVar came_;
  std::vector<UserFile::Users> taken_;
  int64_t holders_of_first_ = 0;
  std::unique_ptr<UserFile> file_;
};

TEST_F(UserFileTest, FileThatTakesItsPlaceIsRead) {
  Replace("alice example.com two\nbob example.com b\n");
  EXPECT_EQ(PasswordOf(Taken(1), "alice"), "two");
  EXPECT_EQ(PasswordOf(Taken(1), "bob"), "b");
  Replace("bob example.com c\n");
  EXPECT_EQ(PasswordOf(Taken(2), "bob"), "c");
  EXPECT_EQ(PasswordOf(Taken(2), "alice"), "(nobody)");
}

TEST_F(UserFileTest, WrittenInPlaceItIsReadToo) {
  std::ofstream(path_, std::ios::app) << "bob example.com b\n";
  EXPECT_EQ(PasswordOf(Taken(1), "bob"), "b");
}

// The next one that can be read counts, also after the file was gone.
TEST_F(UserFileTest, WhatCannotBeUsedLeavesTheUsersOfBefore) {
  Replace("alice\n");
  std::remove(path_.c_str());
  Replace("alice example.com two\n");
  const UserFile::Users users = Taken(1);
  EXPECT_EQ(PasswordOf(users, "alice"), "two");
}

TEST_F(UserFileTest, FileThatStaysIsNotReadAgain) {
  Replace("alice example.com two\n");
  ASSERT_NE(Taken(1), nullptr);
  Replace("alice example.com three\n");
  EXPECT_EQ(PasswordOf(Taken(2), "alice"), "three");
  file_.reset();
  EXPECT_EQ(taken_.size(), 2u);
}

// Whoever serves must not be the one who takes a large table apart.
TEST_F(UserFileTest, LastReferenceIsDroppedByItsThread) {
  const std::weak_ptr<const UserTable> first = first_;
  Replace("alice example.com two\n");
  ASSERT_NE(Taken(1), nullptr);
  {
    MutexLock lock(mutex_);
    EXPECT_EQ(holders_of_first_, 2);  // the file still has them when others hear of the next ones
  }
  first_.reset();  // as who serves does
  const absl::Time end = absl::Now() + kPatience;
  while (!first.expired() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace sipevents::sip
