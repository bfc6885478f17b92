#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/sip/subscriber/subscriber_fixture.h"

// What depends on who asks: credentials, and the Contact of an identity that is registered.

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDesk[] = "sip:desk@example.com";
constexpr char kLobby[] = "sip:lobby@example.com";
constexpr char kGruu[] = "sip:desk@example.com;gr=1";

// Nobody listens.
class NoFetchObserver : public FetchObserver {
 public:
  void OnNotification(const Notification& /*notification*/) override {}
  void OnDone(const FetchResult& /*result*/) override {}
};

class IdentityTest : public SubscriberFixture {
 protected:
  IdentityTest() {
    const auto parsed = CredentialTable::Parse(
        "example.com general one\n"
        "example.com desk two identity=sip:desk@example.com",
        "test");
    EXPECT_TRUE(parsed.ok());
    credentials_ = *parsed;
  }

  static SubscribeRequest RequestOf(const std::string& identity) {
    SubscribeRequest request;
    request.target_uri = "sip:alice@example.com";
    request.event_package = "presence";
    request.identity = identity;
    return request;
  }
  void SubscribeAs(const std::string& identity) {
    subscriber().Subscribe(++last_id_, RequestOf(identity), std::make_shared<RecordingObserver>());
  }
  // One that is answered.
  void FetchAs(const std::string& identity) {
    subscriber().StartFetch(RequestOf(identity), std::make_shared<NoFetchObserver>());
  }

  std::string Authorization() const {
    const auto& values = sender_.last().authorization;
    return values.empty() ? std::string() : values.front().second;
  }
};

TEST_F(IdentityTest, CredentialsOfTheIdentityAreShown) {
  SubscribeAs(kDesk);
  Answer(DigestChallenge("n1"));
  EXPECT_THAT(Authorization(), HasSubstr("username=\"desk\""));

  SubscribeAs(kLobby);
  Answer(DigestChallenge("n2"));
  EXPECT_THAT(Authorization(), HasSubstr("username=\"general\""));

  SubscribeAs("");
  Answer(DigestChallenge("n3"));
  EXPECT_THAT(Authorization(), HasSubstr("username=\"general\""));
}

// What one identity was let in with is not shown for another one.
TEST_F(IdentityTest, FetchesOfTwoIdentitiesShareNoCredentials) {
  FetchAs(kDesk);
  Answer(DigestChallenge("n1"));
  Notify({.substate = "terminated", .reason = "timeout"});
  Answer(200);
  clock_.Advance(absl::Seconds(1));

  FetchAs(kLobby);
  EXPECT_THAT(Authorization(), IsEmpty());

  FetchAs(kDesk);
  EXPECT_THAT(Authorization(), HasSubstr("username=\"desk\""));
}

// GRUU-01
TEST_F(IdentityTest, GruuIsTheContactWhileThereIsOne) {
  std::string gruu = kGruu;
  contact_of_ = [&gruu](std::string_view identity) {
    return identity == kDesk ? gruu : std::string();
  };
  // Given
  SubscribeAs(kDesk);
  EXPECT_EQ(sender_.last().contact, kGruu);
  EXPECT_EQ(sender_.last().supported, "eventlist, gruu");
  Answer(200);
  Notify({});
  // When a refresh comes
  PassUntilSent(2);
  EXPECT_EQ(sender_.last().contact, kGruu);
  Answer(200);
  // And one when the registration is gone
  gruu.clear();
  PassUntilSent(3);
  // Then
  EXPECT_THAT(sender_.last().contact, IsEmpty());
  EXPECT_EQ(sender_.last().supported, "eventlist");

  SubscribeAs(kLobby);
  EXPECT_THAT(sender_.last().contact, IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
