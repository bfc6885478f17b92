#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sip/auth/user_cache.h"
#include "sip/event_service.h"
#include "tests/fakes/fake_user_directory.h"
#include "tests/sip/event_service_fixture.h"

// Requests of users whom a directory knows (NOT-05, ESC-02).

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

class DirectoryUserTest : public EventServiceTest {
 protected:
  DirectoryUserTest() { Start(true, &directory_); }

  // A request of carol's, of whom nobody has heard yet.
  IncomingRequest Carols(const std::string& method = "SUBSCRIBE") {
    const IncomingRequest request = Request(method, "sip:carol@example.com");
    return WithCredentials(request, Serve(request), "carol", "c");
  }

  void Answer(const absl::StatusOr<UserDirectory::Answer>& answer) {
    directory_.Answer(answer);
    clock_.Advance(absl::ZeroDuration());
  }
  void AnswerPassword(const std::string& password) {
    UserDirectory::Answer answer;
    answer.user.password = password;
    Answer(answer);
  }

  FakeUserDirectory directory_;
};

TEST_F(DirectoryUserTest, RequestIsPutOffAndServedOnceTheUserIsKnown) {
  const IncomingRequest request = Carols();
  EXPECT_THAT(directory_.asked, SizeIs(0));  // for the challenge
  const RequestAnswer later = Serve(request);
  EXPECT_NE(later.waits_for, 0u);
  ASSERT_THAT(directory_.asked, SizeIs(1));
  EXPECT_EQ(directory_.asked[0].user, "carol");
  EXPECT_EQ(directory_.asked[0].realm, "example.com");
  EXPECT_THAT(service_->notifier().List({}, "", 9), SizeIs(0));

  AnswerPassword("c");

  EXPECT_EQ(resumed_, std::vector<uint64_t>{later.waits_for});
  const RequestAnswer answer = Serve(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.waits_for, 0u);
  ASSERT_THAT(service_->notifier().List({}, "", 9), SizeIs(1));
  EXPECT_EQ(service_->notifier().List({}, "", 9)[0].watcher_uri, "sip:carol@example.com");
  // The count was taken then, and not before.
  EXPECT_EQ(Serve(request).status, 401);
}

TEST_F(DirectoryUserTest, StrangersAndUsersOfTheFileAreNotAskedFor) {
  EXPECT_EQ(ServeAs(Request("SUBSCRIBE", "sip:bob@example.com"), "bob", "b").status, 200);
  IncomingRequest forged = Request("SUBSCRIBE", "sip:carol@example.com");
  forged.authorization = {
      "Digest username=\"carol\", realm=\"example.com\", nonce=\"1\", uri=\"sip:x\", "
      "response=\"0\", cnonce=\"c\", nc=00000001, qop=auth"};
  EXPECT_EQ(Serve(forged).status, 401);
  EXPECT_THAT(directory_.asked, SizeIs(0));
}

TEST_F(DirectoryUserTest, NobodyAndAWrongPasswordAreChallengedAgain) {
  const IncomingRequest request = Carols();
  Serve(request);
  Answer(absl::NotFoundError(""));
  EXPECT_EQ(Serve(request).status, 401);

  clock_.Advance(UserCache::kNobodyKeep);
  Serve(request);
  AnswerPassword("other");
  EXPECT_EQ(Serve(request).status, 401);
}

TEST_F(DirectoryUserTest, ChangedPasswordIsTakenAtOnce) {
  const IncomingRequest before = Request("SUBSCRIBE", "sip:carol@example.com");
  Serve(WithCredentials(before, Serve(before), "carol", "old"));
  AnswerPassword("old");
  clock_.Advance(UserCache::kFresh);

  const IncomingRequest changed = Carols();
  EXPECT_NE(Serve(changed).waits_for, 0u);
  AnswerPassword("c");

  EXPECT_EQ(Serve(changed).status, 200);
  // Who guesses has nobody asked about every time.
  EXPECT_EQ(Serve(WithCredentials(before, Serve(before), "carol", "guess")).status, 401);
  EXPECT_THAT(directory_.asked, SizeIs(2));
}

TEST_F(DirectoryUserTest, WhileNobodyCanTellThePhoneIsToComeAgain) {
  const IncomingRequest request = Carols();
  Serve(request);
  Answer(absl::UnavailableError(""));
  const RequestAnswer answer = Serve(request);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.headers, ElementsAre(Pair("Retry-After", "5")));
  // The same credentials are good when the directory is back.
  clock_.Advance(UserCache::kFailureKeep);
  EXPECT_NE(Serve(request).waits_for, 0u);
  AnswerPassword("c");
  EXPECT_EQ(Serve(request).status, 200);
}

TEST_F(DirectoryUserTest, RequestHasOneUserLookedUpHoweverManyItNames) {
  IncomingRequest request = Request("SUBSCRIBE", "sip:carol@example.com");
  const RequestAnswer challenge = Serve(request);
  for (const char* user : {"u1", "u2", "u3"}) {
    request.authorization.push_back(
        WithCredentials(Request("SUBSCRIBE", "sip:carol@example.com"), challenge, user, "x")
            .authorization.front());
  }
  EXPECT_NE(Serve(request).waits_for, 0u);
  EXPECT_THAT(directory_.asked, SizeIs(1));
}

// AUTH-01: the hash must be of the algorithm that the phone chose.
TEST_F(DirectoryUserTest, HashServesInPlaceOfAPassword) {
  UserDirectory::Answer known;
  known.user.md5_hash = DigestUserHash(DigestAlgorithm::kMd5, "carol", "example.com", "c");
  const IncomingRequest by_sha256 = Carols();
  Serve(by_sha256);
  Answer(known);
  EXPECT_EQ(Serve(by_sha256).status, 401);

  Start(true, &directory_, /*only_md5=*/true);
  const IncomingRequest by_md5 = Carols();
  Serve(by_md5);
  Answer(known);
  EXPECT_EQ(Serve(by_md5).status, 200);

  Start(true, &directory_);
  const IncomingRequest again = Carols();
  Serve(again);
  known.user.sha256_hash = DigestUserHash(DigestAlgorithm::kSha256, "carol", "example.com", "c");
  Answer(known);
  EXPECT_EQ(Serve(again).status, 200);
}

// ESC-02.
TEST_F(DirectoryUserTest, PublishesWhatTheDirectorySays) {
  const IncomingRequest request = Carols("PUBLISH");  // of alice's state
  Serve(request);
  AnswerPassword("c");
  EXPECT_EQ(Serve(request).status, 403);

  clock_.Advance(UserCache::kUsualKeep);
  const IncomingRequest again = Carols("PUBLISH");
  Serve(again);
  UserDirectory::Answer known;
  known.user.password = "c";
  known.user.publishes = {kAlice};
  Answer(known);
  EXPECT_EQ(Serve(again).status, 200);
}

}  // namespace
}  // namespace sipevents::sip
