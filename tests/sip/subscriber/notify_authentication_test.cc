#include <gtest/gtest.h>

#include "sip/auth/digest.h"
#include "sip/subscriber/subscriber.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// SUB-28: NOTIFYs that must bear credentials.

namespace sipevents::sip {
namespace {

class NotifyAuthenticationTest : public SubscriberFixture {
 protected:
  NotifyAuthenticationTest() {
    HaveCredentials();
    notify_auth_ = &server_;
  }

  // What the notifier says to the challenge, with this password.
  std::vector<std::string> Answer401(const NotifyAnswer& challenge, const std::string& password) {
    std::vector<std::string> values;
    for (const auto& [name, value] : challenge.headers) values.push_back(value);
    EXPECT_TRUE(client_
                    .Accept(values, {},
                            [&](std::string_view) {
                              return Credentials{"gateway", password};
                            })
                    .ok());
    return Authorize();
  }

  std::vector<std::string> Authorize() {
    std::vector<std::string> values;
    for (const auto& header : client_.Authorize("NOTIFY", "sip:gateway@192.0.2.9", "")) {
      values.push_back(header.value);
    }
    return values;
  }

  DigestServer server_{random_};
  ClientDigestSession client_{random_};
};

TEST_F(NotifyAuthenticationTest, NotifyWithoutCredentialsIsChallengedAndTheRetryTakenSub28) {
  auto observer = Subscribe("presence");

  const NotifyAnswer challenge = NotifyTo(0, {});
  EXPECT_EQ(challenge.status, 401);
  ASSERT_EQ(challenge.headers.size(), 2u);
  EXPECT_EQ(challenge.headers[0].first, "WWW-Authenticate");
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);

  EXPECT_EQ(Notify({.cseq = 2, .authorization = Answer401(challenge, "s3cret")}), 200);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_EQ(Notify({.cseq = 3, .authorization = Authorize()}), 200);
}

TEST_F(NotifyAuthenticationTest, WrongPasswordIsRefusedSub28) {
  auto observer = Subscribe("presence");
  const NotifyAnswer challenge = NotifyTo(0, {});
  EXPECT_EQ(Notify({.cseq = 2, .authorization = Answer401(challenge, "guess")}), 401);
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
}

// AUTH-08: neither ends it nor moves its CSeq.
TEST_F(NotifyAuthenticationTest, ForgedNotifyChangesNothingSub28) {
  auto observer = Subscribe("presence");
  const NotifyAnswer challenge = NotifyTo(0, {});
  Notify({.cseq = 2, .authorization = Answer401(challenge, "s3cret")});

  EXPECT_EQ(Notify({.cseq = 1000, .substate = "terminated", .reason = "rejected"}), 401);

  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_EQ(Notify({.cseq = 3, .authorization = Authorize()}), 200);
}

TEST_F(NotifyAuthenticationTest, RepeatedNotifyIsAnsweredAsBefore) {
  Subscribe("presence");
  const NotifyAnswer challenge = NotifyTo(0, {});
  const NotifySpec spec{.cseq = 2, .authorization = Answer401(challenge, "s3cret")};
  EXPECT_EQ(Notify(spec), 200);
  EXPECT_EQ(Notify(spec), 200);
}

TEST_F(NotifyAuthenticationTest, CountThatWasTakenIsStaleElsewhere) {
  Subscribe("presence");
  const NotifyAnswer challenge = NotifyTo(0, {});
  NotifySpec spec{.cseq = 2, .authorization = Answer401(challenge, "s3cret")};
  Notify(spec);
  spec.cseq = 3;
  const NotifyAnswer again = NotifyTo(0, spec);
  EXPECT_EQ(again.status, 401);
  EXPECT_NE(again.headers[0].second.find("stale=true"), std::string::npos);
}

TEST_F(NotifyAuthenticationTest, NobodyCanProveToBeADomainThatWeHaveNoAccountWith) {
  credentials_ = CredentialTable();
  Subscribe("presence");
  const NotifyAnswer challenge = NotifyTo(0, {});
  EXPECT_EQ(Notify({.cseq = 2, .authorization = Answer401(challenge, "")}), 401);
}

}  // namespace
}  // namespace sipevents::sip
