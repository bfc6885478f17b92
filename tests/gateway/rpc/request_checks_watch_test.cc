#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/request_checks_fixture.h"

// Requests for watches, and for fetches.

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;

using RequestChecksWatchTest = RequestChecksTest;

TEST_F(RequestChecksWatchTest, WatchHasDefaults) {
  const absl::StatusOr<WatchOrder> order = checks_.Check(GoodWatch(), "acme");

  ASSERT_OK(order);
  EXPECT_EQ(order->name, order->wanted->name);
  EXPECT_FALSE(order->resume.has_value());
  EXPECT_FALSE(order->linger.has_value());
  EXPECT_EQ(order->heartbeat_interval, absl::Seconds(20));
  EXPECT_EQ(order->batch_linger, absl::Milliseconds(1));
  EXPECT_EQ(order->max_batch_items, 64);
}

TEST_F(RequestChecksWatchTest, WhoWantsEachEventWantsThemKept) {
  v1::WatchRequest request = GoodWatch();
  for (const v1::Delivery delivery : {v1::LATEST, v1::EVERY}) {
    request.set_delivery(delivery);
    const absl::StatusOr<WatchOrder> order = checks_.Check(request, "acme");
    ASSERT_OK(order);
    EXPECT_EQ(order->wanted->every, delivery == v1::EVERY);
  }
}

TEST_F(RequestChecksWatchTest, WatchOfNothingIsRefused) {
  EXPECT_THAT(WrongWatch([](v1::WatchRequest& request) { request.clear_subscription(); }),
              ElementsAre(Violation("subscription", "", "a name or a spec")));
}

TEST_F(RequestChecksWatchTest, ResumeTokenOfTheWatchedOneIsTaken) {
  v1::WatchRequest request = GoodWatch();
  const std::string name = checks_.Check(request, "acme")->name;
  request.set_resume_token(TokenOf(name));

  const absl::StatusOr<WatchOrder> by_spec = checks_.Check(request, "acme");
  request.set_name(name);
  const absl::StatusOr<WatchOrder> by_name = checks_.Check(request, "acme");

  ASSERT_OK(by_spec);
  ASSERT_OK(by_name);
  EXPECT_EQ(by_spec->resume->sequence(), 7u);
  EXPECT_EQ(by_name->resume->sequence(), 7u);
}

TEST_F(RequestChecksWatchTest, ResumeTokenThatDoesNotDecodeIsRefused) {
  EXPECT_THAT(WrongWatch([](v1::WatchRequest& request) { request.set_resume_token("junk"); }),
              ElementsAre(Violation("resume_token", "junk", "a token from an earlier WatchItem")));
}

TEST_F(RequestChecksWatchTest, ResumeTokenOfAnotherNameIsRefused) {
  v1::SubscriptionSpec bob = GoodSpec();
  bob.set_target_uri("sip:bob@example.com");
  const std::string token = TokenOf(namer_.NameOf(KeyOf(bob)));

  EXPECT_THAT(WrongWatch([&](v1::WatchRequest& request) { request.set_resume_token(token); }),
              ElementsAre(Violation("resume_token", token.substr(0, 40),
                                    "a token of the Subscription that is watched")));
}

// That process is gone, and with it the names: what the token was of is not known. A gap follows.
TEST_F(RequestChecksWatchTest, ResumeTokenOfAnEarlierProcessIsTaken) {
  const SubscriptionNamer earlier("another secret");
  v1::WatchRequest request = GoodWatch();
  const std::string name = checks_.Check(request, "acme")->name;
  const LogIdentity log{earlier.NameOf(KeyOf(GoodSpec())), "u", earlier.epoch()};
  request.set_resume_token(ResumeTokenEncoder(log).Encode(7));

  const absl::StatusOr<WatchOrder> order = checks_.Check(request, "acme");

  ASSERT_OK(order);
  ASSERT_TRUE(order->resume.has_value());
  EXPECT_FALSE(order->resume->IsForLog({name, "u", namer_.epoch()}));
}

TEST_F(RequestChecksWatchTest, PaceOutOfRangeIsRefused) {
  EXPECT_THAT(WrongWatch([](v1::WatchRequest& request) {
                request.mutable_linger()->set_seconds(-1);
                request.mutable_heartbeat_interval()->set_nanos(1);
                request.mutable_batch_linger()->set_seconds(2);
                request.set_max_batch_items(1025);
                request.set_delivery(static_cast<v1::Delivery>(7));
              }),
              ElementsAre(Violation("delivery", "7", "LATEST or EVERY"),
                          Violation("linger", "-1s", "0 to 720h"),
                          Violation("heartbeat_interval", "1ns", "1s to 1h"),
                          Violation("batch_linger", "2s", "0 to 1s"),
                          Violation("max_batch_items", "1025", "0 to 1024")));
}

TEST_F(RequestChecksWatchTest, StalenessOutOfRangeIsRefused) {
  v1::FetchStateRequest request;
  *request.mutable_spec() = GoodSpec();
  EXPECT_OK(checks_.Check(request, "acme"));
  request.mutable_max_staleness()->set_seconds(-1);

  EXPECT_THAT(ViolationsOf(checks_.Check(request, "acme").status()),
              ElementsAre(Violation("max_staleness", "-1s", "0 to 720h")));
}

}  // namespace
}  // namespace sipevents::gateway
