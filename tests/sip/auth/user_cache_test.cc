#include "sip/auth/user_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_user_directory.h"

// Whom the file names, whom the directory knows, and what becomes of its answers (NOT-05, ESC-02).

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Verdict = UserCache::Verdict;

class CountingMetrics : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnUserLookup(std::string_view result, absl::Duration) override {
    results.emplace_back(result);
  }
  void OnOldUserUsed() override { ++old_used; }
  void OnBoundReached(std::string_view bound) override { bounds.emplace_back(bound); }
  std::vector<std::string> results;
  std::vector<std::string> bounds;
  int old_used = 0;
};

class UserCacheTest : public testing::Test {
 protected:
  UserCacheTest() {
    clock_.Attach(&timers_);
    Start(&directory_);
  }

  void Start(UserDirectory* directory) {
    cache_ = std::make_unique<UserCache>(UserCache::Parts{
        .directory = directory,
        .clock = clock_,
        .timers = timers_,
        .post = [this](std::function<void()> action) { posted_.push_back(action); },
        .on_answer = [this](uint64_t id) { answered_.push_back(id); },
        .metrics = &metrics_});
    cache_->SetTable(table_);
  }
  UserCache::Finding Find(const std::string& user, const std::string& realm = "example.com") {
    return cache_->Find(user, realm);
  }
  // The password of a user who is known.
  std::string PasswordOf(const std::string& user) {
    const UserCache::Finding finding = Find(user);
    return finding.verdict == Verdict::kKnown ? finding.user->password : "not known";
  }
  // Runs what was posted to the SIP thread.
  void Work() {
    while (!posted_.empty()) {
      const auto action = std::move(posted_.front());
      posted_.pop_front();
      action();
    }
  }
  // Asks, and has the directory answer.
  void Learn(const std::string& user, const std::string& password,
             std::optional<absl::Duration> keep = std::nullopt) {
    ASSERT_EQ(Find(user).verdict, Verdict::kAsked);
    UserDirectory::Answer answer;
    answer.user.password = password;
    answer.keep = keep;
    directory_.Answer(answer);
    Work();
  }
  void Fail(const std::string& user) {
    ASSERT_EQ(Find(user).verdict, Verdict::kAsked);
    directory_.Answer(absl::UnavailableError("no connection"));
    Work();
  }

  FakeClock clock_;
  TimerQueue timers_;
  std::shared_ptr<const UserTable> table_ =
      std::make_shared<const UserTable>(*UserTable::Parse("listed example.com file\n", "users"));
  FakeUserDirectory directory_;
  CountingMetrics metrics_;
  std::deque<std::function<void()>> posted_;
  std::vector<uint64_t> answered_;
  std::unique_ptr<UserCache> cache_;
};

TEST_F(UserCacheTest, UserOfTheFileIsNotAskedFor) {
  EXPECT_EQ(PasswordOf("listed"), "file");
  EXPECT_THAT(directory_.asked, IsEmpty());
}

TEST_F(UserCacheTest, WithoutADirectoryNobodyElseIsKnown) {
  Start(nullptr);
  EXPECT_EQ(Find("alice").verdict, Verdict::kNobody);
  EXPECT_EQ(PasswordOf("listed"), "file");
}

TEST_F(UserCacheTest, UserIsKnownOnceTheDirectoryHasAnswered) {
  const UserCache::Finding first = Find("alice", "EXAMPLE.com");
  ASSERT_EQ(first.verdict, Verdict::kAsked);
  ASSERT_THAT(directory_.asked, SizeIs(1));
  EXPECT_EQ(directory_.asked[0].user, "alice");
  EXPECT_EQ(directory_.asked[0].realm, "example.com");
  EXPECT_THAT(answered_, IsEmpty());

  directory_.AnswerPassword("wonder");
  Work();

  EXPECT_THAT(answered_, ElementsAre(first.lookup));
  EXPECT_EQ(PasswordOf("alice"), "wonder");
  EXPECT_EQ(Find("Alice").verdict, Verdict::kAsked);  // somebody else
  EXPECT_THAT(metrics_.results, ElementsAre("found"));
}

TEST_F(UserCacheTest, OneLookUpServesAllWhoWaitForTheUser) {
  const uint64_t lookup = Find("alice").lookup;
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Find("alice").lookup, lookup);
  EXPECT_THAT(directory_.asked, SizeIs(1));
}

TEST_F(UserCacheTest, AnswerOfAnotherThreadArrivesOnTheSipThread) {
  Find("alice");
  std::thread([this] { directory_.AnswerPassword("wonder"); }).join();
  EXPECT_EQ(Find("alice").verdict, Verdict::kAsked);
  Work();
  EXPECT_EQ(PasswordOf("alice"), "wonder");
}

TEST_F(UserCacheTest, AnswerIsKeptForAMinuteUnlessItSaysOtherwise) {
  Learn("alice", "a");
  Learn("short", "s", absl::Seconds(5));
  Learn("none", "n", absl::ZeroDuration());
  Learn("long", "l", absl::Hours(100));

  clock_.Advance(UserCache::kLeastKeep - absl::Milliseconds(1));
  EXPECT_EQ(PasswordOf("none"), "n");  // whoever waited for it
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Find("none").verdict, Verdict::kAsked);
  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(Find("short").verdict, Verdict::kAsked);
  clock_.Advance(absl::Seconds(54.9));
  EXPECT_EQ(PasswordOf("alice"), "a");
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(Find("alice").verdict, Verdict::kAsked);
  clock_.Advance(absl::Minutes(58));
  EXPECT_EQ(PasswordOf("long"), "l");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Find("long").verdict, Verdict::kAsked);
}

TEST_F(UserCacheTest, NobodyIsRememberedForTenSeconds) {
  Find("mallory");
  directory_.Answer(absl::NotFoundError(""));
  Work();
  EXPECT_EQ(Find("mallory").verdict, Verdict::kNobody);
  clock_.Advance(absl::Seconds(9.9));
  EXPECT_EQ(Find("mallory").verdict, Verdict::kNobody);
  EXPECT_THAT(directory_.asked, SizeIs(1));
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(Find("mallory").verdict, Verdict::kAsked);
  EXPECT_THAT(metrics_.results, ElementsAre("none"));
}

TEST_F(UserCacheTest, UserWhoIsGoneIsNobodyAtTheNextAnswer) {
  Learn("alice", "a");
  clock_.Advance(UserCache::kUsualKeep);
  Find("alice");
  directory_.Answer(absl::NotFoundError(""));
  Work();
  EXPECT_EQ(Find("alice").verdict, Verdict::kNobody);
  EXPECT_EQ(cache_->known(), 0u);
}

TEST_F(UserCacheTest, ChangedPasswordTakesThePlaceOfTheOldOne) {
  Learn("alice", "old");
  clock_.Advance(UserCache::kUsualKeep);
  Learn("alice", "new");
  EXPECT_EQ(PasswordOf("alice"), "new");
  EXPECT_EQ(cache_->known(), 1u);
}

TEST_F(UserCacheTest, AnswerThatIsDoubtedIsAskedForAgainUnlessItIsFresh) {
  EXPECT_EQ(cache_->AskAgain("listed", "example.com"), 0u);
  EXPECT_EQ(cache_->AskAgain("alice", "example.com"), 0u);
  Learn("alice", "old");
  clock_.Advance(UserCache::kFresh - absl::Milliseconds(1));
  EXPECT_EQ(cache_->AskAgain("alice", "example.com"), 0u);
  clock_.Advance(absl::Milliseconds(1));

  const uint64_t lookup = cache_->AskAgain("alice", "EXAMPLE.com");

  EXPECT_NE(lookup, 0u);
  EXPECT_EQ(cache_->AskAgain("alice", "example.com"), lookup);
  EXPECT_EQ(PasswordOf("alice"), "old");  // for who shows that
  directory_.AnswerPassword("new");
  Work();
  EXPECT_EQ(PasswordOf("alice"), "new");
  EXPECT_EQ(cache_->AskAgain("alice", "example.com"), 0u);
}

TEST_F(UserCacheTest, DoubtIsOfNoUseWhileTheDirectoryFails) {
  Learn("alice", "a");
  clock_.Advance(UserCache::kFresh);
  cache_->AskAgain("alice", "example.com");
  directory_.Answer(absl::UnavailableError(""));
  Work();
  EXPECT_EQ(cache_->AskAgain("alice", "example.com"), 0u);
  EXPECT_EQ(PasswordOf("alice"), "a");
}

TEST_F(UserCacheTest, FailureIsRememberedForASecond) {
  Fail("alice");
  EXPECT_EQ(Find("alice").verdict, Verdict::kUnavailable);
  EXPECT_THAT(answered_, SizeIs(1));
  clock_.Advance(absl::Milliseconds(999));
  EXPECT_EQ(Find("alice").verdict, Verdict::kUnavailable);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Find("alice").verdict, Verdict::kAsked);
  EXPECT_THAT(metrics_.results, ElementsAre("failed"));
}

TEST_F(UserCacheTest, OldAnswerServesForAnHourWhileTheDirectoryFails) {
  Learn("alice", "a");
  clock_.Advance(UserCache::kUsualKeep);
  Fail("alice");
  EXPECT_EQ(PasswordOf("alice"), "a");
  EXPECT_EQ(metrics_.old_used, 1);

  clock_.Advance(UserCache::kGrace - absl::Seconds(1));
  Fail("alice");
  EXPECT_EQ(PasswordOf("alice"), "a");
  clock_.Advance(absl::Seconds(1));
  Fail("alice");
  EXPECT_EQ(Find("alice").verdict, Verdict::kUnavailable);
}

TEST_F(UserCacheTest, SilentDirectoryHasFailedAfterThreeSeconds) {
  const uint64_t lookup = Find("alice").lookup;
  clock_.Advance(absl::Milliseconds(2999));
  EXPECT_EQ(Find("alice").verdict, Verdict::kAsked);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(answered_, ElementsAre(lookup));
  EXPECT_EQ(Find("alice").verdict, Verdict::kUnavailable);
  // What comes after that is too late.
  directory_.AnswerPassword("wonder");
  Work();
  EXPECT_THAT(answered_, SizeIs(1));
  EXPECT_EQ(cache_->lookups(), 0u);
}

TEST_F(UserCacheTest, NamesThatNobodyHasAreNotAskedFor) {
  EXPECT_EQ(Find("").verdict, Verdict::kNobody);
  EXPECT_EQ(Find(std::string(257, 'x')).verdict, Verdict::kNobody);
  EXPECT_EQ(Find("no\xffutf8").verdict, Verdict::kNobody);
  EXPECT_THAT(directory_.asked, IsEmpty());
  EXPECT_EQ(Find(std::string(256, 'x')).verdict, Verdict::kAsked);
}

TEST_F(UserCacheTest, LookUpsAreBounded) {
  for (size_t i = 0; i < UserCache::kMostLookups; ++i) {
    ASSERT_EQ(Find(absl::StrCat("u", i)).verdict, Verdict::kAsked);
  }
  EXPECT_EQ(Find("one more").verdict, Verdict::kUnavailable);
  EXPECT_THAT(metrics_.bounds, ElementsAre("sip_user_lookups"));
  directory_.AnswerPassword("x");
  Work();
  EXPECT_EQ(Find("one more").verdict, Verdict::kAsked);
}

TEST_F(UserCacheTest, OldestUserMakesRoom) {
  for (size_t i = 0; i <= UserCache::kMostKnown; ++i) {
    Learn(absl::StrCat("u", i), "x", absl::Hours(1));
  }
  EXPECT_EQ(cache_->known(), UserCache::kMostKnown);
  EXPECT_EQ(Find("u1").verdict, Verdict::kKnown);
  EXPECT_EQ(Find("u0").verdict, Verdict::kAsked);
  EXPECT_THAT(metrics_.bounds, ElementsAre("sip_users"));
}

TEST_F(UserCacheTest, NamesThatStrangersTryPushOutNobody) {
  Learn("alice", "a");
  for (size_t i = 0; i < UserCache::kMostKnown; ++i) {
    Find(absl::StrCat("guess", i));
    directory_.Answer(absl::NotFoundError(""));
    Work();
  }
  EXPECT_EQ(PasswordOf("alice"), "a");
}

TEST_F(UserCacheTest, SecretsThatAreOfNoUseAnyMoreAreForgotten) {
  Learn("alice", "a");
  Learn("bob", "b");
  clock_.Advance(UserCache::kUsualKeep + UserCache::kGrace);
  Learn("carol", "c");
  EXPECT_EQ(cache_->known(), 1u);
}

TEST_F(UserCacheTest, AnswerAfterTheEndDoesNoHarm) {
  Find("alice");
  Find("bob");
  directory_.asked[0].done(absl::NotFoundError(""));  // on its way
  cache_.reset();
  Work();
  directory_.asked[1].done(absl::NotFoundError(""));
  EXPECT_THAT(posted_, IsEmpty());
  EXPECT_EQ(timers_.size(), 0u);
}

}  // namespace
}  // namespace sipevents::sip
