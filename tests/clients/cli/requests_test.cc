#include "clients/cli/requests.h"

#include <string>
#include <vector>

#include "clients/cli/command_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Arguments Parsed(const std::vector<std::string>& args) {
  absl::StatusOr<Arguments> arguments = Arguments::Parse(SipeventsGrammar(), args);
  EXPECT_OK(arguments);
  return *std::move(arguments);
}

TEST(RequestsTest, MembersOfAListAreTakenInOrder) {
  const Arguments arguments = Parsed({"watch", "sip:lists@example.com", "--event=dialog",
                                      "--member=sip:202@example.com", "--member=tel:+15551"});

  ASSERT_OK_AND_ASSIGN(const v1::WatchRequest request,
                       WatchRequestFrom(arguments, "sip:lists@example.com"));

  EXPECT_THAT(request.spec().members(),
              ::testing::ElementsAre("sip:202@example.com", "tel:+15551"));
}

TEST(RequestsTest, AppearanceOfALineIsTaken) {
  const Arguments arguments =
      Parsed({"watch", "sip:line@example.com", "--event=line-seize", "--appearance=2"});

  ASSERT_OK_AND_ASSIGN(const v1::WatchRequest request,
                       WatchRequestFrom(arguments, "sip:line@example.com"));

  EXPECT_EQ(request.spec().appearance_index(), 2U);
}

TEST(RequestsTest, AppearanceBelowZeroIsNamedAsItWasGiven) {
  const Arguments arguments =
      Parsed({"watch", "sip:line@example.com", "--event=line-seize", "--appearance=-1"});

  EXPECT_THAT(WatchRequestFrom(arguments, "sip:line@example.com").status().message(),
              ::testing::HasSubstr("--appearance=-1: expected 0 or more"));
}

TEST(RequestsTest, WatchSaysAllThatItsFlagsSay) {
  const Arguments arguments =
      Parsed({"watch", "sip:alice@example.com", "--event=dialog", "--event_parameter=call-id=a=b",
              "--event_parameter=include-session-description", "--accept=a/b,c/d", "--accept=e/f",
              "--as=sip:me@example.com", "--expires=1h", "--linger=30s", "--heartbeat=1500ms",
              "--deliver=every", "--resume=token", "--fail_on_gap"});

  ASSERT_OK_AND_ASSIGN(const v1::WatchRequest request,
                       WatchRequestFrom(arguments, "sip:alice@example.com"));

  EXPECT_EQ(request.spec().target_uri(), "sip:alice@example.com");
  EXPECT_EQ(request.spec().event_package(), "dialog");
  EXPECT_EQ(request.spec().event_parameters().at("call-id"), "a=b");
  EXPECT_EQ(request.spec().event_parameters().at("include-session-description"), "");
  EXPECT_THAT(request.spec().accept(), ElementsAre("a/b", "c/d", "e/f"));
  EXPECT_EQ(request.spec().identity(), "sip:me@example.com");
  EXPECT_EQ(request.spec().expires().seconds(), 3600);
  EXPECT_EQ(request.linger().seconds(), 30);
  EXPECT_EQ(request.heartbeat_interval().seconds(), 1);
  EXPECT_EQ(request.heartbeat_interval().nanos(), 500'000'000);
  EXPECT_EQ(request.delivery(), v1::EVERY);
  EXPECT_EQ(request.resume_token(), "token");
  EXPECT_TRUE(request.fail_on_gap());
}

TEST(RequestsTest, WhatWasNotSaidIsLeftToTheGateway) {
  const Arguments arguments = Parsed({"watch", "sip:a", "--event=presence"});

  ASSERT_OK_AND_ASSIGN(const v1::WatchRequest request, WatchRequestFrom(arguments, "sip:a"));

  EXPECT_FALSE(request.has_linger());
  EXPECT_FALSE(request.has_heartbeat_interval());
  EXPECT_FALSE(request.spec().has_expires());
  EXPECT_EQ(request.delivery(), v1::DELIVERY_UNSPECIFIED);
  EXPECT_EQ(request.resume_token(), "");
}

TEST(RequestsTest, WhatTheGatewayMustJudgeIsPassedOn) {
  const Arguments arguments = Parsed({"watch", "not a uri", "--event=", "--linger=-5s"});

  ASSERT_OK_AND_ASSIGN(const v1::WatchRequest request, WatchRequestFrom(arguments, "not a uri"));

  EXPECT_EQ(request.spec().target_uri(), "not a uri");
  EXPECT_EQ(request.spec().event_package(), "");
  EXPECT_EQ(request.linger().seconds(), -5);
}

TEST(RequestsTest, WatchByNameNeedsNoEvent) {
  const Arguments arguments = Parsed({"watch", "subscriptions/1abc"});

  ASSERT_OK_AND_ASSIGN(const v1::WatchRequest request,
                       WatchRequestFrom(arguments, "subscriptions/1abc"));

  EXPECT_EQ(request.name(), "subscriptions/1abc");
  EXPECT_FALSE(request.has_spec());
}

TEST(RequestsTest, TargetWithoutEventIsAUsageError) {
  const Arguments watch = Parsed({"watch", "sip:a"});
  const Arguments fetch = Parsed({"fetch", "sip:a"});
  const Arguments create = Parsed({"subscriptions", "create", "sip:a"});

  EXPECT_THAT(WatchRequestFrom(watch, "sip:a"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--event")));
  EXPECT_THAT(FetchRequestFrom(fetch), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CreateRequestFrom(create), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(RequestsTest, FetchAndCreateSayTheirDurations) {
  const Arguments fetch = Parsed({"fetch", "sip:a", "--event=presence", "--max_staleness=2m"});
  const Arguments create =
      Parsed({"subscriptions", "create", "sip:a", "--event=presence", "--ttl=2h"});

  ASSERT_OK_AND_ASSIGN(const v1::FetchStateRequest fetch_request, FetchRequestFrom(fetch));
  ASSERT_OK_AND_ASSIGN(const v1::CreateSubscriptionRequest create_request,
                       CreateRequestFrom(create));

  EXPECT_EQ(fetch_request.max_staleness().seconds(), 120);
  EXPECT_EQ(create_request.ttl().seconds(), 7200);
  EXPECT_EQ(create_request.spec().target_uri(), "sip:a");
}

}  // namespace
}  // namespace sipevents::client
