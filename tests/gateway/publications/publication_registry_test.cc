#include "gateway/publications/publication_registry.h"

#include <string>
#include <vector>

#include "gateway/rpc/errors.h"
#include "gmock/gmock.h"
#include "sip/base/bound_error.h"
#include "tests/gateway/publications/registry_fixture.h"

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PublicationRegistryTest : public PublicationFixture {};

TEST_F(PublicationRegistryTest, RemoteOneIsPublishedAtOnceAndSaysWhatSipSays) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  ASSERT_THAT(publisher_.requests(), SizeIs(1));
  EXPECT_EQ(publisher_.requests()[0].target_uri, "sip:desk@example.com");
  EXPECT_EQ(publisher_.requests()[0].body, "open");
  EXPECT_EQ(publisher_.requests()[0].expire_time, clock_.Now() + absl::Hours(1));
  EXPECT_EQ(made->Describe().state(), v1::Publication::PUBLISHING);
  EXPECT_TRUE(made->Describe().reconciling());

  publisher_.TellActive(1, 1);

  const v1::Publication shown = made->Describe();
  EXPECT_EQ(shown.state(), v1::Publication::ACTIVE);
  EXPECT_FALSE(shown.reconciling());
  EXPECT_EQ(shown.route(), v1::Publication::REMOTE);
  EXPECT_EQ(shown.body().data(), "open");
  EXPECT_EQ(shown.expire_time().seconds(), absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
}

TEST_F(PublicationRegistryTest, LocalOneIsThereWhenItIsServed) {
  server_.HoldAnswers();
  absl::StatusOr<PublicationRegistry::Publication> answer = absl::UnknownError("none");
  registry_->Create(Alice(), Order("open", /*local=*/true), [&](auto made) { answer = made; });
  executor_.RunReady();
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kUnknown));

  server_.AnswerHeld();
  executor_.RunReady();

  ASSERT_OK(answer.status());
  EXPECT_EQ((*answer)->Describe().state(), v1::Publication::ACTIVE);
  ASSERT_THAT(server_.states(), SizeIs(1));
  EXPECT_EQ(server_.states().begin()->second.body, "open");
  EXPECT_THAT(publisher_.requests(), IsEmpty());
}

TEST_F(PublicationRegistryTest, LocalOneThatTheServerRefusesIsNotThere) {
  server_.RefuseWith(sip::BoundError("publications", "no room for sip:alice@example.com"));

  const absl::Status refused = Create(Order("open", /*local=*/true)).status();

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("no room for")));
  EXPECT_EQ(ErrorReasonOf(refused), "BOUND_REACHED");
  EXPECT_EQ(registry_->size(), 0u);
  server_.RefuseWith(absl::OkStatus());
  EXPECT_OK(Create(Order("open", /*local=*/true)).status());
}

TEST_F(PublicationRegistryTest, OwnerAndAdminSeeItAndNobodyElse) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));

  EXPECT_OK(registry_->Find(Alice(), made->name()).status());
  EXPECT_OK(registry_->Find(Admin(), made->name()).status());
  EXPECT_THAT(registry_->Find(Bob(), made->name()), StatusIs(absl::StatusCode::kNotFound));
  ResourceAsker stranger = Admin();
  stranger.tenant = "other";
  EXPECT_THAT(registry_->Find(stranger, made->name()), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Update(made->name(), {}, Bob()), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(made->name(), "", Bob()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PublicationRegistryTest, ChangeReplacesTheStateAndTheEtag) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  publisher_.TellActive(1, 1);
  const std::string etag = made->Describe().etag();
  clock_.Advance(absl::Seconds(5));

  ASSERT_OK_AND_ASSIGN(const auto changed,
                       Update(made->name(), {.content = Content("closed"), .etag = etag}));

  EXPECT_EQ(publisher_.requests()[0].body, "closed");
  EXPECT_EQ(publisher_.changes(1), 1);
  const v1::Publication shown = changed->Describe();
  EXPECT_NE(shown.etag(), etag);
  EXPECT_TRUE(shown.reconciling());
  EXPECT_EQ(shown.update_time().seconds() - shown.create_time().seconds(), 5);
  publisher_.TellActive(1, 2);
  EXPECT_FALSE(changed->Describe().reconciling());
}

TEST_F(PublicationRegistryTest, StaleEtagChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  const std::string stale = made->Describe().etag();
  ASSERT_OK(Update(made->name(), {.content = Content("closed")}).status());

  const absl::Status update =
      Update(made->name(), {.content = Content("open"), .etag = stale}).status();

  EXPECT_THAT(update, StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(ErrorReasonOf(update), "ETAG_MISMATCH");
  EXPECT_THAT(Delete(made->name(), stale), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(publisher_.requests()[0].body, "closed");
  EXPECT_THAT(publisher_.unpublished(), IsEmpty());
}

TEST_F(PublicationRegistryTest, EtagStaysWhenOnlySipSpeaks) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  const std::string etag = made->Describe().etag();

  publisher_.TellActive(1, 1);

  EXPECT_EQ(made->Describe().etag(), etag);
}

TEST_F(PublicationRegistryTest, MoreTimeAloneIsSaidAndChangesNoState) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));

  ASSERT_OK(Update(made->name(), {.expire_time = clock_.Now() + absl::Hours(2)}).status());

  EXPECT_EQ(publisher_.changes(1), 0);
  EXPECT_EQ(publisher_.requests()[0].expire_time, clock_.Now() + absl::Hours(2));
  Pass(absl::Minutes(90));
  EXPECT_EQ(registry_->size(), 1u);
  Pass(absl::Minutes(31));
  EXPECT_EQ(registry_->size(), 0u);
  EXPECT_THAT(publisher_.unpublished(), ElementsAre(1u));
}

TEST_F(PublicationRegistryTest, TimeThatIsOverWithdrawsIt) {
  ASSERT_OK_AND_ASSIGN(const auto remote, Create(Order("open")));
  ASSERT_OK_AND_ASSIGN(const auto local, Create(Order("open", /*local=*/true)));

  Pass(absl::Hours(1));

  EXPECT_THAT(publisher_.unpublished(), ElementsAre(1u));
  EXPECT_THAT(server_.states(), IsEmpty());
  EXPECT_EQ(remote->Describe().state(), v1::Publication::ENDED);
  EXPECT_EQ(local->Describe().reason(), "expired");
  EXPECT_THAT(registry_->Find(Alice(), local->name()), StatusIs(absl::StatusCode::kNotFound));
}

// A report is told once.
TEST_F(PublicationRegistryTest, LocalChangeOfTheTimeAloneIsSaidToBeThat) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open", /*local=*/true)));
  EXPECT_FALSE(server_.states().begin()->second.only_time);

  ASSERT_OK(Update(made->name(), {.expire_time = clock_.Now() + absl::Hours(2)}).status());
  EXPECT_TRUE(server_.states().begin()->second.only_time);
  EXPECT_EQ(server_.states().begin()->second.expire_time, clock_.Now() + absl::Hours(2));

  ASSERT_OK(Update(made->name(),
                   {.content = Content("open"), .expire_time = clock_.Now() + absl::Hours(3)})
                .status());
  EXPECT_FALSE(server_.states().begin()->second.only_time);
}

TEST_F(PublicationRegistryTest, LocalChangeThatIsRefusedLeavesWhatWasThere) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open", /*local=*/true)));
  const std::string etag = made->Describe().etag();
  server_.RefuseWith(sip::BoundError("publication_octets", "too many"));

  EXPECT_THAT(Update(made->name(), {.content = Content("closed")}),
              StatusIs(absl::StatusCode::kResourceExhausted));

  EXPECT_EQ(made->Describe().body().data(), "open");
  EXPECT_EQ(made->Describe().etag(), etag);
  EXPECT_FALSE(made->Describe().reconciling());
}

TEST_F(PublicationRegistryTest, RefusedOneStaysToBeSeenAndIsPublishedAnewByAnUpdate) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));

  publisher_.TellEnded(1, "response", 403);

  EXPECT_EQ(made->Describe().state(), v1::Publication::ENDED);
  EXPECT_EQ(made->Describe().sip_status(), 403);
  ASSERT_OK(Update(made->name(), {.content = Content("closed")}).status());
  ASSERT_THAT(publisher_.requests(), SizeIs(2));
  EXPECT_EQ(publisher_.requests()[1].body, "closed");
  EXPECT_EQ(made->Describe().state(), v1::Publication::PUBLISHING);
  // What is still said of the first round is not about the second one.
  publisher_.TellEnded(1, "response", 500);
  EXPECT_EQ(made->Describe().state(), v1::Publication::PUBLISHING);
}

TEST_F(PublicationRegistryTest, RefusedOneIsNotWithdrawnOverSip) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  publisher_.TellEnded(1, "response", 403);

  ASSERT_OK(Delete(made->name()));

  EXPECT_THAT(publisher_.unpublished(), IsEmpty());
}

TEST_F(PublicationRegistryTest, SameRequestIdGivesTheSamePublication) {
  PublicationOrder order = Order("open");
  order.request_id = "r1";
  order.digest = "d1";
  ASSERT_OK_AND_ASSIGN(const auto made, Create(order));

  ASSERT_OK_AND_ASSIGN(const auto again, Create(order));
  ASSERT_OK_AND_ASSIGN(const auto of_bob, Create(order, Bob()));

  EXPECT_EQ(again->name(), made->name());
  EXPECT_NE(of_bob->name(), made->name());
  EXPECT_EQ(registry_->size(), 2u);
}

TEST_F(PublicationRegistryTest, RequestIdOfAnotherRequestIsRefused) {
  PublicationOrder order = Order("open");
  order.request_id = "r1";
  order.digest = "d1";
  ASSERT_OK(Create(order).status());
  order.digest = "d2";

  EXPECT_THAT(Create(order),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("request_id is \"r1\"")));

  Pass(absl::Minutes(10));
  EXPECT_OK(Create(order).status());
}

TEST_F(PublicationRegistryTest, RepetitionDoesNotBringBackWhatWasDeleted) {
  PublicationOrder order = Order("open");
  order.request_id = "r1";
  order.digest = "d1";
  ASSERT_OK_AND_ASSIGN(const auto made, Create(order));
  ASSERT_OK(Delete(made->name()));

  EXPECT_THAT(Create(order), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PublicationRegistryTest, RepetitionWhileItIsCreatedWaitsForTheSameAnswer) {
  server_.HoldAnswers();
  PublicationOrder order = Order("open", /*local=*/true);
  order.request_id = "r1";
  order.digest = "d1";
  std::vector<std::string> names;
  for (int i = 0; i < 2; ++i) {
    registry_->Create(Alice(), order, [&](auto made) { names.push_back((*made)->name()); });
  }
  EXPECT_THAT(names, IsEmpty());

  server_.AnswerHeld();
  executor_.RunReady();

  ASSERT_THAT(names, SizeIs(2));
  EXPECT_EQ(names[0], names[1]);
}

TEST_F(PublicationRegistryTest, BoundsRefuseAndSayWhich) {
  Build({.max_publications = 2, .max_publication_bytes = 100, .max_request_ids = 1});
  PublicationOrder named = Order("open");
  named.request_id = "r1";
  ASSERT_OK_AND_ASSIGN(const auto made, Create(named));

  named.request_id = "r2";
  EXPECT_THAT(Create(named),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_request_ids")));
  EXPECT_THAT(Create(Order(std::string(80, 'x'))),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_publication_bytes")));
  EXPECT_THAT(Update(made->name(), {.content = Content(std::string(101, 'x'))}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_publication_bytes")));
  ASSERT_OK(Create(Order("open")).status());
  EXPECT_THAT(Create(Order("open")),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_publications")));
  // What is withdrawn leaves room.
  ASSERT_OK(Delete(made->name()));
  EXPECT_OK(Create(Order("open")).status());
}

TEST_F(PublicationRegistryTest, AgentThatGoesAwayLeavesNoAnswerBehind) {
  server_.HoldAnswers();
  auto witness = std::make_shared<int>(0);
  registry_->Create(Alice(), Order("open", /*local=*/true), [witness](const auto&) { ++*witness; });

  server_.DropHeld();

  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(*witness, 0);
}

TEST_F(PublicationRegistryTest, FeedTellsThatTheNewestStateWaitsAndOfNoRefreshThatDoes) {
  // Given
  std::vector<bool> waiting;
  const auto member = registry_->feed()->Join({.tenant = "acme"}, [&](const auto& publication) {
    waiting.push_back(publication->Describe().has_waiting_since());
  });
  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  publisher_.TellActive(1, 1);
  executor_.RunReady();
  waiting.clear();
  sip::PublicationStatus status;
  status.state = sip::PublicationState::kActive;
  status.accepted_revision = 1;
  status.waiting_since = clock_.Now();
  // When a refresh waits
  publisher_.Tell(1, status);
  executor_.RunReady();
  // Then who asks reads it
  EXPECT_THAT(waiting, IsEmpty());
  EXPECT_TRUE(made->Describe().has_waiting_since());
  // When a change waits, and is sent
  publisher_.TellActive(1, 1);
  ASSERT_OK(Update(made->name(), {.content = Content("closed")}).status());
  publisher_.Tell(1, status);
  executor_.RunReady();
  publisher_.TellActive(1, 1);
  executor_.RunReady();
  // Then
  EXPECT_THAT(waiting, ElementsAre(false, true, false));
}

TEST_F(PublicationRegistryTest, FeedTellsOfWhatTheScopeCovers) {
  std::vector<std::string> heard;
  const auto hear = [&](const PublicationRegistry::Publication& publication) {
    heard.push_back(v1::Publication::State_Name(publication->Describe().state()));
  };
  const auto of_alice = registry_->feed()->Join({.tenant = "acme", .owner = "alice"}, hear);
  auto of_bob = registry_->feed()->Join({.tenant = "acme", .owner = "bob"}, hear);

  ASSERT_OK_AND_ASSIGN(const auto made, Create(Order("open")));
  publisher_.TellActive(1, 1);
  publisher_.TellActive(1, 1);  // no news
  executor_.RunReady();
  ASSERT_OK(Delete(made->name()));

  EXPECT_THAT(heard, ElementsAre("PUBLISHING", "ACTIVE", "ENDED"));
  of_bob.reset();
  ASSERT_OK(Create(Order("open"), Bob()).status());
  EXPECT_THAT(heard, SizeIs(3));
}

TEST_F(PublicationRegistryTest, MetricsCountByRoutePackageAndState) {
  ASSERT_OK_AND_ASSIGN(const auto remote, Create(Order("open")));
  ASSERT_OK_AND_ASSIGN(const auto local, Create(Order("open", /*local=*/true)));
  const auto gauge = [](const char* route, const char* state, int value) {
    return HasSubstr(std::string("sipevents_publications{package=\"presence\",route=\"") + route +
                     "\",state=\"" + state + "\"} " + std::to_string(value));
  };
  EXPECT_THAT(metrics_.Text(), gauge("remote", "publishing", 1));
  EXPECT_THAT(metrics_.Text(), gauge("local", "active", 1));

  publisher_.TellActive(1, 1);
  ASSERT_OK(Delete(local->name()));

  EXPECT_THAT(metrics_.Text(), gauge("remote", "publishing", 0));
  EXPECT_THAT(metrics_.Text(), gauge("remote", "active", 1));
  EXPECT_THAT(metrics_.Text(), gauge("local", "active", 0));
}

}  // namespace
}  // namespace sipevents::gateway
