#include "sip/publisher/publication_state.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "gtest/gtest.h"
#include "tests/sip/publisher/publication_state_fixture.h"

namespace sipevents::sip {
namespace {

using Operation = EpaOperation;
using Phase = EpaPhase;

class PublicationStateTest : public PublicationStateFixture {};

// EPA-05
TEST_F(PublicationStateTest, FirstIsInitialWithBodyAndWithoutTag) {
  EpaStep step =
      BeginPublication(absl::Seconds(600), absl::InfiniteFuture(), /*is_event=*/false, At({}));

  EXPECT_TRUE(step.send);
  EXPECT_EQ(step.state.phase, Phase::kPublishing);
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
  const PublishContent content = FillPublish(step.state);
  EXPECT_EQ(content.operation, Operation::kInitial);
  EXPECT_TRUE(content.with_body);
  EXPECT_EQ(content.if_match, "");
  EXPECT_EQ(content.expires, 600u);
}

// EPA-07 to EPA-11
TEST_F(PublicationStateTest, EachOperationNamesTheTagOfTheLastAnswer) {
  // Given
  EpaState state = Active();
  EXPECT_EQ(state.phase, Phase::kActive);
  EXPECT_EQ(state.accepted_revision, 1u);
  // A refresh has no body.
  EpaStep step = OnEpaTick(state, At(absl::Seconds(570)));
  ASSERT_TRUE(step.send);
  PublishContent content = FillPublish(step.state);
  EXPECT_EQ(content.operation, Operation::kRefresh);
  EXPECT_FALSE(content.with_body);
  EXPECT_EQ(content.if_match, "t1");
  EXPECT_EQ(content.expires, 600u);
  step = OnPublishAnswered(step.state, Granted("T2", 600), At(absl::Seconds(570)));
  // A change has one.
  step = OnModified(step.state, At(absl::Seconds(580)));
  ASSERT_TRUE(step.send);
  content = FillPublish(step.state);
  EXPECT_EQ(content.operation, Operation::kModify);
  EXPECT_TRUE(content.with_body);
  EXPECT_EQ(content.if_match, "T2");
  step = OnPublishAnswered(step.state, Granted("T2", 600), At(absl::Seconds(580)));
  EXPECT_EQ(step.state.accepted_revision, 2u);
  // The end has none, and says so.
  step = OnUnpublished(step.state, absl::InfiniteFuture(), At(absl::Seconds(590)));
  ASSERT_TRUE(step.send);
  content = FillPublish(step.state);
  EXPECT_EQ(content.operation, Operation::kRemove);
  EXPECT_FALSE(content.with_body);
  EXPECT_EQ(content.if_match, "T2");
  EXPECT_EQ(content.expires, 0u);
  step = OnPublishAnswered(step.state, Granted("t4", 0), At(absl::Seconds(590)));
  EXPECT_EQ(step.state.phase, Phase::kEnded);
  EXPECT_EQ(step.state.reason, "unpublished");
  EXPECT_EQ(step.state.sip_status, 0);
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
}

// EPA-12
TEST_F(PublicationStateTest, GrantIsTheLifetimeAndNeverMoreThanWasAskedFor) {
  struct Case {
    std::optional<uint32_t> granted;
    absl::Duration lifetime;
  };
  for (const Case& test : {Case{30, absl::Seconds(30)}, Case{std::nullopt, absl::Seconds(600)},
                           Case{UINT32_MAX, absl::Seconds(600)}}) {
    PublishAnswered answer = Granted("t", 0);
    answer.granted = test.granted;
    const EpaState state = OnPublishAnswered(Sent(), answer, At({})).state;
    EXPECT_EQ(state.held_until, kStart + test.lifetime);
    EXPECT_LT(NextDeadline(state), kStart + test.lifetime);
    EXPECT_GE(NextDeadline(state), kStart + test.lifetime / 2);
  }
}

// EPA-03: what comes while a PUBLISH is under way goes as one.
TEST_F(PublicationStateTest, ChangesMeanwhileGoTogetherAfterTheAnswer) {
  EpaState state = Sent();
  for (int i = 0; i < 5; ++i) {
    EpaStep step = OnModified(state, At({}));
    EXPECT_FALSE(step.send);
    state = step.state;
  }

  EpaStep step = OnPublishAnswered(state, Granted("t1", 600), At({}));

  EXPECT_EQ(step.state.accepted_revision, 1u);
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kModify);
  step = OnPublishAnswered(step.state, Granted("t2", 600), At({}));
  EXPECT_EQ(step.state.accepted_revision, 6u);
  EXPECT_FALSE(step.send);
}

TEST_F(PublicationStateTest, RefreshThatStillWaitsBecomesTheChange) {
  EpaStep step = OnEpaTick(Active(), At(kRefreshing));
  step = OnModified(step.state, At(kRefreshing));
  EXPECT_FALSE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kModify);
}

// EPA-13
TEST_F(PublicationStateTest, ConditionalRequestFailedIsFollowedByOneInitial) {
  for (const EpaState& before : {Refreshing(), Modifying()}) {
    EpaStep step = OnPublishAnswered(before, Status(412), At(kRefreshing));

    ASSERT_TRUE(step.send);
    EXPECT_FALSE(step.failed);
    EXPECT_EQ(step.state.phase, Phase::kActive);
    const PublishContent content = FillPublish(step.state);
    EXPECT_EQ(content.operation, Operation::kInitial);
    EXPECT_TRUE(content.with_body);
    EXPECT_EQ(content.if_match, "");
    // What names no tag cannot fail so; it is not repeated at once.
    step = OnPublishAnswered(step.state, Status(412), At(kRefreshing));
    EXPECT_FALSE(step.send);
    EXPECT_EQ(step.state.phase, Phase::kRetrying);
    EXPECT_GE(step.state.retry_at, kStart + kRefreshing + absl::Seconds(15));
  }
}

// EPA-14
TEST_F(PublicationStateTest, IntervalTooBriefIsAskedAnewAtOnce) {
  struct Case {
    std::optional<uint32_t> min_expires;
    uint32_t asked;
  };
  for (const Case& test : {Case{1200, 1200}, Case{std::nullopt, 1200}, Case{601, 601}}) {
    PublishAnswered answer = Status(423);
    answer.min_expires = test.min_expires;

    EpaStep step = OnPublishAnswered(Refreshing(), answer, At(kRefreshing));

    ASSERT_TRUE(step.send);
    const PublishContent content = FillPublish(step.state);
    EXPECT_EQ(content.expires, test.asked);
    EXPECT_EQ(content.if_match, "t1");
    EXPECT_EQ(content.operation, Operation::kRefresh);
  }
}

// EPA-17
TEST_F(PublicationStateTest, WithoutATagTheNextOneIsInitial) {
  for (const EpaState& before : {Sent(), Refreshing()}) {
    EpaStep step = OnPublishAnswered(before, Granted("", 600), At(kRefreshing));
    EXPECT_EQ(step.state.phase, Phase::kActive);
    step = OnModified(step.state, At(absl::Seconds(600)));
    ASSERT_TRUE(step.send);
    const PublishContent content = FillPublish(step.state);
    EXPECT_EQ(content.operation, Operation::kInitial);
    EXPECT_TRUE(content.with_body);
  }
}

TEST_F(PublicationStateTest, WhatHasNoTagCannotBeRemoved) {
  EpaState state = OnPublishAnswered(Sent(), Granted("", 600), At({})).state;
  const EpaStep step = OnUnpublished(state, absl::InfiniteFuture(), At(absl::Seconds(1)));
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.state.phase, Phase::kEnded);
}

TEST_F(PublicationStateTest, GrantOfNothingIsAFailureForAState) {
  const EpaStep step = OnPublishAnswered(Sent(), Granted("t", 0), At({}));
  EXPECT_EQ(step.state.phase, Phase::kRetrying);
  EXPECT_EQ(step.state.reason, "not-kept");
  EXPECT_GE(step.state.retry_at, kStart + absl::Seconds(15));
}

// A report (RFC 6035) is told once.
TEST_F(PublicationStateTest, GrantOfNothingIsAllAnEventNeeds) {
  EpaState state =
      BeginPublication(absl::Seconds(600), absl::InfiniteFuture(), /*is_event=*/true, At({})).state;
  FillPublish(state);
  EpaStep step = OnPublishAnswered(state, Granted("t", 0), At({}));
  EXPECT_EQ(step.state.phase, Phase::kActive);
  EXPECT_EQ(step.state.accepted_revision, 1u);
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
  // The next one is another.
  step = OnModified(step.state, At(absl::Seconds(1)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kInitial);
}

// ---- Ends

TEST_F(PublicationStateTest, EndWaitsForTheAnswerThatIsDue) {
  EpaStep step = OnUnpublished(Modifying(), absl::InfiniteFuture(), At(absl::Seconds(1)));
  EXPECT_FALSE(step.send);

  step = OnPublishAnswered(step.state, Granted("t2", 600), At(absl::Seconds(2)));

  ASSERT_TRUE(step.send);
  const PublishContent content = FillPublish(step.state);
  EXPECT_EQ(content.operation, Operation::kRemove);
  EXPECT_EQ(content.if_match, "t2");
}

TEST_F(PublicationStateTest, EndRemovesWhatMayBeHeldAfterAFailure) {
  EpaStep step = OnUnpublished(Modifying(), absl::InfiniteFuture(), At(absl::Seconds(1)));
  step = OnPublishAnswered(step.state, NoAnswer(), At(absl::Seconds(33)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).if_match, "t1");
}

TEST_F(PublicationStateTest, EndOfWhatNobodyHoldsIsImmediate) {
  const EpaStep refused = OnPublishAnswered(Sent(), Status(500), At({}));
  EXPECT_EQ(OnUnpublished(refused.state, absl::InfiniteFuture(), At({})).state.phase,
            Phase::kEnded);
  // What was under way was refused.
  EpaStep step = OnUnpublished(Sent(), absl::InfiniteFuture(), At({}));
  EXPECT_EQ(step.state.phase, Phase::kPublishing);
  step = OnPublishAnswered(step.state, Status(403), At({}));
  EXPECT_EQ(step.state.phase, Phase::kEnded);
  EXPECT_EQ(step.state.reason, "unpublished");
  // Or was never held.
  step = OnUnpublished(Modifying(), absl::InfiniteFuture(), At({}));
  EXPECT_EQ(OnPublishAnswered(step.state, Status(412), At({})).state.phase, Phase::kEnded);
}

TEST_F(PublicationStateTest, WhatHasExpiredMeanwhileIsNotRemoved) {
  EpaStep step = OnUnpublished(Refreshing(), absl::InfiniteFuture(), At(kRefreshing));
  step = OnPublishAnswered(step.state, NoAnswer(), At(absl::Seconds(602)));
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.state.phase, Phase::kEnded);
}

// EPA-15
TEST_F(PublicationStateTest, RemoveThatIsRefusedForGoodIsNotRepeated) {
  for (const int status : {403, 404, 412, 423, 481, 489, 501, 604}) {
    EpaState state = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(1))).state;
    FillPublish(state);
    const EpaStep step = OnPublishAnswered(state, Status(status), At(absl::Seconds(1)));
    EXPECT_EQ(step.state.phase, Phase::kEnded) << status;
    EXPECT_EQ(step.state.reason, "unpublished");
    EXPECT_EQ(step.state.sip_status, status);
    EXPECT_FALSE(step.send);
  }
}

// EPA-15, EPA-16: nobody else would put out what the compositor still shows.
TEST_F(PublicationStateTest, FailedRemoveIsTriedAgainWhileTheStateIsHeld) {
  struct Case {
    const char* name;
    PublishAnswered answer;
    absl::Duration least;
    absl::Duration most;
  };
  for (const Case& test :
       {Case{"500", Status(500), absl::Seconds(15), absl::Seconds(45)},
        Case{"silence", NoAnswer(), absl::Seconds(15), absl::Seconds(45)},
        Case{"Retry-After", Hinted(503, 90), absl::Seconds(90), absl::Seconds(120)}}) {
    EpaState state = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(10))).state;
    FillPublish(state);

    EpaStep step = OnPublishAnswered(state, test.answer, At(absl::Seconds(10)));

    EXPECT_FALSE(step.send) << test.name;
    EXPECT_TRUE(step.failed) << test.name;
    EXPECT_EQ(step.state.phase, Phase::kRemoving) << test.name;
    const absl::Duration wait = NextDeadline(step.state) - kStart - absl::Seconds(10);
    EXPECT_GE(wait, test.least) << test.name;
    EXPECT_LE(wait, test.most) << test.name;
    step = OnEpaTick(step.state, At(absl::Seconds(10) + wait));
    ASSERT_TRUE(step.send) << test.name;
    const PublishContent content = FillPublish(step.state);
    EXPECT_EQ(content.operation, Operation::kRemove);
    EXPECT_EQ(content.if_match, "t1");
    EXPECT_EQ(content.expires, 0u);
    EXPECT_EQ(OnPublishAnswered(step.state, Granted("t2", 0), At(absl::Seconds(200))).state.phase,
              Phase::kEnded);
  }
}

TEST_F(PublicationStateTest, FailedRemoveEndsWithWhatIsHeld) {
  EpaStep step = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(10)));
  int removes = 0;
  while (step.state.phase != Phase::kEnded && removes < 100) {
    ASSERT_TRUE(step.send);
    FillPublish(step.state);
    ++removes;
    const absl::Time now = std::max(step.state.retry_at, kStart + absl::Seconds(10));
    EXPECT_LT(now, kStart + absl::Seconds(600));
    step = OnPublishAnswered(step.state, Status(500), At(now - kStart));
    if (step.state.phase != Phase::kEnded) {
      step = OnEpaTick(step.state, At(NextDeadline(step.state) - kStart));
    }
  }
  EXPECT_GE(removes, 3);
  EXPECT_LE(removes, 20);

  // A process that was asleep does not remove what has expired meanwhile.
  EpaState state = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(10))).state;
  FillPublish(state);
  state = OnPublishAnswered(state, Status(500), At(absl::Seconds(10))).state;
  step = OnEpaTick(state, At(absl::Seconds(601)));
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.state.phase, Phase::kEnded);
  EXPECT_EQ(step.state.sip_status, 500);
  // Nor is a silence kept that ends after that.
  state = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(10))).state;
  FillPublish(state);
  EXPECT_EQ(OnPublishAnswered(state, Hinted(503, 700), At(absl::Seconds(10))).state.phase,
            Phase::kEnded);
}

// EPA-10: a process that ends does not wait for what fails.
TEST_F(PublicationStateTest, FailedRemoveIsNotRepeatedAfterTheLatestTime) {
  const absl::Time now = kStart + absl::Seconds(10);
  for (const PublishAnswered& answer : {Status(500), Hinted(503, 5), NoAnswer()}) {
    EpaState state = OnUnpublished(Active(), now, At(absl::Seconds(10))).state;
    FillPublish(state);
    EXPECT_EQ(OnPublishAnswered(state, answer, At(absl::Seconds(10))).state.phase, Phase::kEnded);
    // Or it is to end while a Remove is under way.
    state = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(10))).state;
    FillPublish(state);
    state = OnUnpublished(state, now, At(absl::Seconds(10))).state;
    EXPECT_EQ(OnPublishAnswered(state, answer, At(absl::Seconds(10))).state.phase, Phase::kEnded);
  }
  // One that waits for its time has it now, for the last time.
  EpaState state = OnUnpublished(Active(), absl::InfiniteFuture(), At(absl::Seconds(10))).state;
  FillPublish(state);
  state = OnPublishAnswered(state, Status(500), At(absl::Seconds(10))).state;
  EpaStep step = OnUnpublished(state, now, At(absl::Seconds(11)));
  ASSERT_TRUE(step.send);
  FillPublish(step.state);
  EXPECT_EQ(OnPublishAnswered(step.state, Status(500), At(absl::Seconds(11))).state.phase,
            Phase::kEnded);
}

// EPA-16
TEST_F(PublicationStateTest, EndKeepsTheSilenceThatWasAskedFor) {
  struct Case {
    const char* name;
    uint32_t retry_after;
    absl::Duration latest;
    bool ends;
  };
  for (const Case& test : {Case{"waits", 15, absl::InfiniteDuration(), false},
                           Case{"must be over", 15, absl::Seconds(5), true},
                           Case{"expires before", 700, absl::InfiniteDuration(), true}}) {
    EpaStep step =
        OnPublishAnswered(Modifying(), Hinted(503, test.retry_after), At(absl::Seconds(1)));
    step = OnUnpublished(step.state, kStart + test.latest, At(absl::Seconds(2)));
    EXPECT_FALSE(step.send) << test.name;
    EXPECT_EQ(step.state.phase, test.ends ? Phase::kEnded : Phase::kRemoving) << test.name;
    if (test.ends) continue;
    // It may have to be over sooner.
    EXPECT_EQ(OnUnpublished(step.state, kStart, At(absl::Seconds(3))).state.phase, Phase::kEnded);
    EXPECT_FALSE(OnEpaTick(step.state, At(absl::Seconds(15))).send);
    step = OnEpaTick(step.state, At(absl::Seconds(18)));
    ASSERT_TRUE(step.send);
    EXPECT_EQ(FillPublish(step.state).operation, Operation::kRemove);
  }
  // Also where it is asked for after the end was.
  EpaStep step = OnUnpublished(Modifying(), absl::InfiniteFuture(), At(absl::Seconds(1)));
  step = OnPublishAnswered(step.state, Hinted(503, 15), At(absl::Seconds(1)));
  EXPECT_FALSE(step.send);
  EXPECT_EQ(NextDeadline(step.state), kStart + absl::Seconds(16));
}

TEST_F(PublicationStateTest, NothingFollowsTheEnd) {
  EpaState state = OnUnpublished(Active(), absl::InfiniteFuture(), At({})).state;
  EXPECT_FALSE(OnModified(state, At({})).send);
  FillPublish(state);
  state = OnPublishAnswered(state, Status(200), At({})).state;
  EXPECT_FALSE(OnModified(state, At({})).send);
  EXPECT_FALSE(OnUnpublished(state, absl::InfiniteFuture(), At({})).send);
  EXPECT_FALSE(OnEpaTick(state, At(absl::Hours(9))).send);
}

TEST_F(PublicationStateTest, EveryPhaseAndOperationHasAName) {
  for (const Phase phase :
       {Phase::kPublishing, Phase::kActive, Phase::kRetrying, Phase::kRemoving, Phase::kEnded}) {
    EXPECT_NE(EpaPhaseName(phase), "");
  }
  for (const Operation operation :
       {Operation::kInitial, Operation::kRefresh, Operation::kModify, Operation::kRemove}) {
    EXPECT_NE(EpaOperationName(operation), "");
  }
}

}  // namespace
}  // namespace sipevents::sip
