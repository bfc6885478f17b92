#include "sip/subscriber/condition_trust.h"

#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

constexpr bool kConditional = true;
constexpr bool kPlain = false;
constexpr bool kAnswered = false;
constexpr bool kMadeHere = true;

// CEN-09
TEST(ConditionTrustTest, RefusalOfTheRequestItselfEndsIt) {
  for (const int status : {400, 420, 493, 500, 513, 603}) {
    ConditionTrust trust;
    trust.OnAnswered(kConditional, status, kAnswered);
    EXPECT_FALSE(trust.may_ask()) << status;
  }
}

TEST(ConditionTrustTest, RefusalForAnotherReasonIsNoMatter) {
  for (const int status : {302, 401, 407, 423, 491}) {
    ConditionTrust trust;
    for (int i = 0; i < 5; ++i) trust.OnAnswered(kConditional, status, kAnswered);
    EXPECT_TRUE(trust.may_ask()) << status;
  }
}

TEST(ConditionTrustTest, RefusalOfARequestWithoutItIsNoMatter) {
  ConditionTrust trust;
  trust.OnAnswered(kPlain, 500, kAnswered);
  EXPECT_TRUE(trust.may_ask());
}

// A lost dialog or a peer that is down fails once, and then the resume may succeed.
TEST(ConditionTrustTest, FailureThatMayMeanAnotherIsForgivenOnce) {
  for (const int status : {408, 480, 481, 503}) {
    ConditionTrust trust;
    trust.OnAnswered(kConditional, status, kAnswered);
    EXPECT_TRUE(trust.may_ask()) << status;
    trust.OnAnswered(kConditional, 200, kAnswered);
    trust.OnAnswered(kConditional, status, kAnswered);
    EXPECT_TRUE(trust.may_ask()) << status;
    trust.OnAnswered(kConditional, status, kAnswered);
    EXPECT_FALSE(trust.may_ask()) << status;
  }
}

TEST(ConditionTrustTest, PeerThatFailsOnAnythingIsNotBlamed) {
  ConditionTrust trust;
  for (int i = 0; i < 2; ++i) trust.OnAnswered(kConditional, 408, kMadeHere);
  EXPECT_FALSE(trust.may_ask());
  trust.OnAnswered(kPlain, 408, kMadeHere);
  EXPECT_TRUE(trust.may_ask());
}

TEST(ConditionTrustTest, PeerThatTakesEverythingElseIsNotAskedAgain) {
  ConditionTrust trust;
  for (int i = 0; i < 2; ++i) trust.OnAnswered(kConditional, 408, kMadeHere);
  trust.OnAnswered(kPlain, 200, kAnswered);
  trust.OnAnswered(kPlain, 408, kMadeHere);
  EXPECT_FALSE(trust.may_ask());
}

TEST(ConditionTrustTest, MissingNotifyEndsItWhereItWasAsked) {
  ConditionTrust trust;
  trust.OnNoNotify(kPlain);
  EXPECT_TRUE(trust.may_ask());
  trust.OnNoNotify(kConditional);
  EXPECT_FALSE(trust.may_ask());
}

}  // namespace
}  // namespace sipevents::sip
