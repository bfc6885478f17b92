#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/matchers.h"
#include "tests/sip/compositor/compositor_fixture.h"

// How much may be published, and what becomes of more (ESC-25, and phones that never say which of
// their publications they mean).

namespace sipevents::sip {
namespace {

using ::sipevents::testing::IsOk;
using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CompositorBoundsTest : public CompositorTest {
 protected:
  CompositorBoundsTest()
      : CompositorTest({.publications = 5, .octets = 2000, .per_resource = 4, .per_publisher = 2}) {
  }
  IncomingRequest From(const char* host, std::string body) {
    IncomingRequest request = Initial(std::move(body));
    request.source.via_host = host;
    return request;
  }
};

// Phones that never send SIP-If-Match.
TEST_F(CompositorBoundsTest, LeastRecentPublicationOfTheSamePhoneGoesEsc25) {
  // Given a phone with as many as it may have, the first one refreshed, and another phone
  std::string first = TagOf(Send(From("phone1", PresenceBody("a", "open"))));
  const std::string other = TagOf(Send(From("phone2", PresenceBody("x", "open"))));
  const std::string second = TagOf(Send(From("phone1", PresenceBody("b", "open"))));
  first = TagOf(Send(Refresh(first)));
  // When
  EXPECT_EQ(Send(From("phone1", PresenceBody("c", "open"))).status, 200);
  // Then
  EXPECT_THAT(Shown(), AllOf(HasSubstr("\"a\""), Not(HasSubstr("\"b\"")), HasSubstr("\"c\""),
                             HasSubstr("\"x\"")));
  EXPECT_EQ(Send(Refresh(second)).status, 412);
  EXPECT_EQ(Send(Refresh(first)).status, 200);
  EXPECT_EQ(Send(Refresh(other)).status, 200);
  EXPECT_EQ(metrics_.bounds["publications_per_publisher"], 1);
  EXPECT_EQ(metrics_.publications["presence"], 3);
}

TEST_F(CompositorBoundsTest, PublishersDifferByWhoTheyAreAndWhere) {
  const std::vector<std::function<void(IncomingRequest&, std::string&)>> differences = {
      [](IncomingRequest& r, std::string&) { r.from_uri = kBob; },
      [](IncomingRequest& r, std::string&) { r.user_agent = "another"; },
      [](IncomingRequest& r, std::string&) { r.source.via_host = "phone2"; },
      [](IncomingRequest& r, std::string&) { r.contact_uri = "sip:alice@phone1"; },
      [](IncomingRequest&, std::string& identity) { identity = kBob; },
  };
  for (size_t i = 0; i < differences.size(); ++i) {
    SCOPED_TRACE(i);
    // Given a phone with all that it may have
    Compositor compositor({clock_, timers_, random_}, TestRules(), {.per_publisher = 1});
    IncomingRequest phone = From("phone1", PresenceBody("a", "open"));
    std::string identity;
    ASSERT_EQ(compositor.OnPublish(phone, identity).status, 200);
    ASSERT_EQ(compositor.OnPublish(phone, identity).status, 200);
    ASSERT_EQ(compositor.publications().size(), 1u);
    // When another one comes
    differences[i](phone, identity);
    ASSERT_EQ(compositor.OnPublish(phone, identity).status, 200);
    // Then
    EXPECT_EQ(compositor.publications().size(), 2u);
  }
}

TEST_F(CompositorBoundsTest, FullResourceRefusesNewPhonesOnlyEsc25) {
  // Given
  const std::string tag = TagOf(Send(From("phone1", PresenceBody("a", "open"))));
  for (const char* host : {"phone2", "phone3", "phone4"}) {
    ASSERT_EQ(Send(From(host, PresenceBody(host, "open"))).status, 200);
  }
  const ComposedStatePtr before = compositor_.Current(kAlice, "presence");
  // When
  const RequestAnswer answer = Send(From("phone5", PresenceBody("e", "open")));
  // Then
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(HeaderOf(answer, "Retry-After"), "60");
  EXPECT_EQ(compositor_.Current(kAlice, "presence"), before);
  EXPECT_EQ(metrics_.bounds["publications_per_resource"], 1);
  EXPECT_THAT(
      compositor_.SetState(Local(1, PresenceBody("f", "open"))),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("publications_per_resource")));
  // Who is there may go on, and one of his gives way to the next
  EXPECT_EQ(Send(Modify(tag, PresenceBody("a", "closed"))).status, 200);
  EXPECT_EQ(Send(From("phone1", PresenceBody("g", "open"))).status, 200);
  EXPECT_EQ(compositor_.publications().size(), 4u);
}

TEST_F(CompositorBoundsTest, PublicationsInAllAreBoundedEsc25) {
  // Given
  for (int i = 0; i < 5; ++i) {
    IncomingRequest request = Initial(PresenceBody("a", "open"));
    request.request_uri = absl::StrCat("sip:u", i, "@example.com");
    ASSERT_EQ(Send(request).status, 200);
  }
  // When
  const RequestAnswer answer = Send(Initial(PresenceBody("a", "open")));
  // Then
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(metrics_.bounds["publications"], 1);
  EXPECT_EQ(Shown(), Neutral());
  EXPECT_THAT(compositor_.SetState(Local(1, PresenceBody("a", "open"))),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("publications")));
}

TEST_F(CompositorBoundsTest, OctetsInAllAreBoundedEsc25) {
  // Given one that fills the room
  const std::string large =
      PresenceBody(std::string(2000 - PresenceBody("", "open").size(), 'a'), "open");
  ASSERT_EQ(large.size(), 2000u);
  std::string tag = TagOf(Send(From("phone1", large)));
  // When
  const RequestAnswer answer = Send(From("phone2", large));
  // Then
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(metrics_.bounds["publication_octets"], 1);
  // A larger body is refused, and the old one stays
  EXPECT_EQ(Send(Modify(tag, PresenceBody(std::string(1990, 'b'), "open"))).status, 503);
  EXPECT_EQ(compositor_.publications().octets(), large.size());
  EXPECT_THAT(Shown(), HasSubstr("aaa"));
  // Where it shrinks there is room again
  tag = TagOf(Send(Modify(tag, PresenceBody("a", "open"))));
  EXPECT_EQ(Send(From("phone2", PresenceBody("b", "open"))).status, 200);
  EXPECT_THAT(compositor_.SetState(Local(1, large)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("publication_octets")));
}

TEST_F(CompositorBoundsTest, WhatGoesMakesRoomForOctets) {
  // Given a phone whose publications fill all the room
  const std::string half = PresenceBody(std::string(800, 'a'), "open");
  ASSERT_LE(2 * half.size(), 2000u);
  ASSERT_GT(3 * half.size(), 2000u);
  Send(From("phone1", half));
  Send(From("phone1", half));
  // When
  const RequestAnswer answer = Send(From("phone1", PresenceBody(std::string(800, 'b'), "open")));
  // Then
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(compositor_.publications().octets(), 2 * half.size());
  EXPECT_THAT(Shown(), HasSubstr("bbb"));
}

TEST_F(CompositorBoundsTest, RefusedStateOfACallerLeavesTheOneBefore) {
  ASSERT_THAT(compositor_.SetState(Local(1, PresenceBody("a", "open"))), IsOk());
  EXPECT_THAT(compositor_.SetState(Local(1, PresenceBody(std::string(2000, 'b'), "open"))),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Shown(), HasSubstr("\"a\""));
  LocalPublication elsewhere = Local(1, PresenceBody(std::string(2000, 'b'), "open"));
  elsewhere.resource_uri = kBob;
  EXPECT_THAT(compositor_.SetState(elsewhere), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Shown(), HasSubstr("\"a\""));
}

}  // namespace
}  // namespace sipevents::sip
