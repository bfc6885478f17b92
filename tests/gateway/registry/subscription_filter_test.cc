#include "gateway/registry/subscription_filter.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

v1::Subscription Alice() {
  v1::Subscription subscription;
  subscription.set_name("subscriptions/abc");
  subscription.mutable_spec()->set_target_uri("sip:alice@example.com");
  subscription.mutable_spec()->set_event_package("presence");
  subscription.mutable_spec()->set_identity("sip:gateway@example.com");
  subscription.set_state(v1::Subscription::RETRYING);
  subscription.set_reason("response");
  subscription.set_sip_status(503);
  subscription.mutable_waiting_since()->set_seconds(1'700'000'000);
  return subscription;
}

bool Matches(const std::string& text) {
  const absl::StatusOr<SubscriptionFilter> filter = SubscriptionFilter::Parse(text);
  EXPECT_OK(filter) << text;
  return filter.ok() && filter->Matches(Alice());
}

TEST(SubscriptionFilterTest, TermsThatHoldMatch) {
  for (const char* text :
       {"", "   ", "state = RETRYING", "state=RETRYING", "state:RETRY",
        "event_package = \"presence\"", "state = RETRYING AND event_package = \"presence\"",
        "target_uri = sip:alice@example.com", "target_uri:alice", "target_uri : \"@example\"",
        "name=subscriptions/abc", "identity != \"\"", "reason=response AND sip_status=503",
        "sip_status != 200", "waiting = true", "waiting!=false",
        "state != ACTIVE\tAND\nname:abc"}) {
    EXPECT_TRUE(Matches(text)) << text;
  }
}

TEST(SubscriptionFilterTest, TermsThatDoNotHoldDoNotMatch) {
  for (const char* text :
       {"state = ACTIVE", "state != RETRYING", "target_uri = alice", "target_uri:bob",
        "event_package = \"presence\" AND sip_status = 200", "waiting = false", "waiting != true",
        "identity = \"\"", "reason = \"resp\\\"onse\"", "name = \"a\\\\b\""}) {
    EXPECT_FALSE(Matches(text)) << text;
  }
}

TEST(SubscriptionFilterTest, WhatIsNotTheGrammarSaysWhatIsExpected) {
  const std::pair<std::string, std::string> kCases[] = {
      {"colour = red", "one of name"},
      {"= ACTIVE", "one of name"},
      {"state", "=, != or :"},
      {"state > ACTIVE", "=, != or :"},
      {"state =", "a word or a text"},
      {"state = ACTIVE OR name:a", "joined by AND"},
      {"state = ACTIVE name:a", "joined by AND"},
      {"state = ACTIVE AND", "one of name"},
      {"target_uri = \"sip:a", "closing double quote"},
      {"target_uri = \"sip:a\\", "closing double quote"},
      {"state = LAZY", "SUBSCRIBING, PENDING"},
      {"sip_status = many", "a number"},
      {"sip_status : 5", "a number"},
      {"waiting = maybe", "true or false"},
      {"waiting : t", "true or false"},
      {std::string(5000, ' '), "4096 octets"},
  };

  for (const auto& [text, expectation] : kCases) {
    EXPECT_THAT(SubscriptionFilter::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(expectation)))
        << text;
  }
}

TEST(SubscriptionFilterTest, TooManyTermsAreRefused) {
  std::string text = "name:a";
  for (int i = 1; i < 16; ++i) text += " AND name:a";

  EXPECT_OK(SubscriptionFilter::Parse(text));
  EXPECT_THAT(SubscriptionFilter::Parse(text + " AND name:a"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("16 terms")));
}

}  // namespace
}  // namespace sipevents::gateway
