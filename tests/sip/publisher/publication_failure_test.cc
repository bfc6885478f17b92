#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "sip/publisher/publication_state.h"
#include "tests/sip/publisher/publication_state_fixture.h"

namespace sipevents::sip {
namespace {

using Operation = EpaOperation;
using Phase = EpaPhase;

// What follows refusals and silence, and that nobody is flooded.
class PublicationFailureTest : public PublicationStateFixture {};

TEST_F(PublicationFailureTest, IntervalThatIsNeverLongEnoughIsAFailure) {
  EpaState state = Sent();
  int sent = 0;
  for (; sent < 20; ++sent) {
    EpaStep step = OnPublishAnswered(state, Status(423), At({}));
    state = step.state;
    if (!step.send) break;
    FillPublish(state);
  }
  EXPECT_LE(sent, 3);
  EXPECT_EQ(state.phase, Phase::kRetrying);
  EXPECT_EQ(state.sip_status, 423);
  // One that asks for less than it got leads nowhere either.
  PublishAnswered less = Status(423);
  less.min_expires = 10;
  EXPECT_FALSE(OnPublishAnswered(Sent(), less, At({})).send);
}

// EPA-15, and the answers to PUBLISH of RFC 3261 section 21.
TEST_F(PublicationFailureTest, EachAnswerToTheFirstDoesWhatTheCatalogueSays) {
  const std::vector<int> final_ones = {305, 400, 401, 402, 403, 404, 405, 406, 407, 410, 413,
                                       414, 415, 416, 420, 421, 482, 483, 484, 485, 487, 488,
                                       489, 493, 494, 501, 505, 513, 600, 603, 604, 606, 499};
  for (const int status : final_ones) {
    const EpaStep step = OnPublishAnswered(Sent(), Status(status), At({}));
    EXPECT_EQ(step.state.phase, Phase::kEnded) << status;
    EXPECT_EQ(step.state.sip_status, status);
    EXPECT_EQ(step.state.reason, "response");
    EXPECT_TRUE(step.failed);
    EXPECT_FALSE(step.send);
  }
  for (const int status : {300, 302, 408, 412, 430, 480, 481, 486, 500, 502, 503, 504, 599}) {
    const EpaStep step = OnPublishAnswered(Sent(), Status(status), At({}));
    EXPECT_EQ(step.state.phase, Phase::kRetrying) << status;
    EXPECT_EQ(step.state.sip_status, status);
    EXPECT_GE(step.state.retry_at, kStart + absl::Seconds(15)) << status;
    EXPECT_LE(step.state.retry_at, kStart + absl::Seconds(30)) << status;
  }
  const EpaState glare = OnPublishAnswered(Sent(), Status(491), At({})).state;
  EXPECT_GE(glare.retry_at, kStart + absl::Seconds(2.1));
  EXPECT_LE(glare.retry_at, kStart + absl::Seconds(4));
}

// EPA-16
TEST_F(PublicationFailureTest, RetryAfterIsKeptWhateverChangesMeanwhile) {
  for (const int status : {404, 413, 480, 500, 503, 600, 603}) {
    EpaStep step = OnPublishAnswered(Modifying(), Hinted(status, 15), At(absl::Seconds(1)));
    EXPECT_EQ(step.state.phase, Phase::kActive) << status;
    step = OnModified(step.state, At(absl::Seconds(2)));
    EXPECT_FALSE(step.send) << status;
    EXPECT_FALSE(OnEpaTick(step.state, At(absl::Seconds(15))).send) << status;
    step = OnEpaTick(step.state, At(absl::Seconds(18)));
    ASSERT_TRUE(step.send) << status;
    EXPECT_EQ(FillPublish(step.state).operation, Operation::kModify);
    EXPECT_EQ(step.state.sent_revision, 3u);
  }
}

// EPA-15: whether it was taken is not known. EPA-06: the tag may still be good.
TEST_F(PublicationFailureTest, SilenceKeepsTheTagForTheNextTry) {
  EpaStep step = OnPublishAnswered(Modifying(), NoAnswer(), At(absl::Seconds(33)));
  EXPECT_EQ(step.state.phase, Phase::kActive);
  EXPECT_EQ(step.state.reason, "timeout");
  EXPECT_TRUE(step.failed);

  step = OnEpaTick(step.state, At(absl::Seconds(64)));

  ASSERT_TRUE(step.send);
  const PublishContent content = FillPublish(step.state);
  EXPECT_EQ(content.operation, Operation::kModify);
  EXPECT_EQ(content.if_match, "t1");
  // It had been taken, with another tag.
  step = OnPublishAnswered(step.state, Status(412), At(absl::Seconds(64)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kInitial);
  step = OnPublishAnswered(step.state, Granted("t9", 600), At(absl::Seconds(65)));
  EXPECT_EQ(step.state.reason, "");
  EXPECT_EQ(step.state.sip_status, 0);
  EXPECT_EQ(step.state.accepted_revision, 2u);
}

TEST_F(PublicationFailureTest, FailingRefreshIsTriedOnceMoreBeforeItExpires) {
  EpaState state = Active(100);
  for (int i = 0; i < 6; ++i) {
    // The waits double.
    state.history.failures = i;
    EpaState refreshing = OnEpaTick(state, At(absl::Seconds(92))).state;
    FillPublish(refreshing);
    const EpaStep step = OnPublishAnswered(refreshing, Status(500), At(absl::Seconds(92)));
    EXPECT_EQ(step.state.retry_at, kStart + absl::Seconds(95)) << i;
    EXPECT_EQ(step.state.phase, Phase::kActive);
  }
}

TEST_F(PublicationFailureTest, WhatCannotBeRefreshedExpiresAndBeginsAnew) {
  // Given
  EpaState state = OnPublishAnswered(Refreshing(), Hinted(503, 100), At(kRefreshing)).state;
  EXPECT_EQ(NextDeadline(state), kStart + absl::Seconds(600));
  // When
  EpaStep step = OnEpaTick(state, At(absl::Seconds(600)));
  // Then
  EXPECT_EQ(step.state.phase, Phase::kRetrying);
  EXPECT_EQ(step.state.sip_status, 503);
  EXPECT_FALSE(step.send);
  step = OnEpaTick(step.state, At(absl::Seconds(681)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kInitial);
}

TEST_F(PublicationFailureTest, ExpiryWhileTheRefreshIsUnderWayIsShown) {
  EpaStep step = OnEpaTick(Refreshing(), At(absl::Seconds(600)));
  EXPECT_EQ(step.state.phase, Phase::kRetrying);
  EXPECT_EQ(step.state.reason, "expired");
  EXPECT_FALSE(step.send);
  // It arrived in time after all.
  step = OnPublishAnswered(step.state, Granted("t2", 600), At(absl::Seconds(601)));
  EXPECT_EQ(step.state.phase, Phase::kActive);
  EXPECT_EQ(step.state.reason, "");
}

// A body that is refused leaves the one before where it is.
TEST_F(PublicationFailureTest, RefusedBodyLeavesTheEarlierOnePublished) {
  for (const int status : {400, 406, 413, 415, 488, 493, 513, 606}) {
    EpaStep step = OnPublishAnswered(Modifying(), Status(status), At(absl::Seconds(1)));
    EXPECT_EQ(step.state.phase, Phase::kActive) << status;
    EXPECT_EQ(step.state.sip_status, status);
    EXPECT_TRUE(step.failed);
    EXPECT_FALSE(step.send) << status;
    // It is not sent again: refreshes go on, and the next state is sent.
    step = OnEpaTick(step.state, At(kRefreshing));
    ASSERT_TRUE(step.send);
    EXPECT_EQ(FillPublish(step.state).operation, Operation::kRefresh) << status;
    step = OnPublishAnswered(step.state, Granted("t3", 600), At(kRefreshing));
    EXPECT_EQ(step.state.sip_status, status);
    EXPECT_EQ(step.state.accepted_revision, 1u);
    step = OnModified(step.state, At(absl::Seconds(580)));
    ASSERT_TRUE(step.send);
    FillPublish(step.state);
    step = OnPublishAnswered(step.state, Granted("t4", 600), At(absl::Seconds(580)));
    EXPECT_EQ(step.state.accepted_revision, 3u);
    EXPECT_EQ(step.state.reason, "");
  }
}

TEST_F(PublicationFailureTest, BodyRefusedInASecondTryIsNotTriedAThirdTime) {
  EpaStep step = OnPublishAnswered(Modifying(), NoAnswer(), At(absl::Seconds(33)));
  step = OnEpaTick(step.state, At(absl::Seconds(64)));
  FillPublish(step.state);

  step = OnPublishAnswered(step.state, Status(415), At(absl::Seconds(64)));

  EXPECT_EQ(step.state.retry_at, absl::InfinitePast());
  EXPECT_EQ(NextDeadline(step.state), step.state.refresh_at);
  EXPECT_FALSE(OnEpaTick(step.state, At(absl::Seconds(100))).send);
}

TEST_F(PublicationFailureTest, RefusalToPublishAtAllEndsIt) {
  for (const int status : {401, 403, 404, 405, 410, 489, 501, 604}) {
    EXPECT_EQ(OnPublishAnswered(Modifying(), Status(status), At({})).state.phase, Phase::kEnded)
        << status;
    EXPECT_EQ(OnPublishAnswered(Refreshing(), Status(status), At({})).state.phase, Phase::kEnded)
        << status;
  }
  EXPECT_EQ(OnPublishAnswered(Refreshing(), Status(400), At({})).state.phase, Phase::kEnded);
}

// EPA-15: fatal for what was sent.
TEST_F(PublicationFailureTest, NoDialogIsAnsweredByAnInitialLater) {
  EpaStep step = OnPublishAnswered(Refreshing(), Status(481), At(kRefreshing));
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.state.phase, Phase::kRetrying);
  step = OnEpaTick(step.state, At(kRefreshing + absl::Seconds(30)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kInitial);
}

TEST_F(PublicationFailureTest, ChangeThatHasNoRoomLeavesTheOneBefore) {
  EpaStep step = OnModifyRefused(Active(), "overload");
  EXPECT_TRUE(step.failed);
  EXPECT_FALSE(step.send);
  EXPECT_EQ(step.state.reason, "overload");
  step = OnEpaTick(step.state, At(kRefreshing));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, Operation::kRefresh);
  step = OnPublishAnswered(step.state, Granted("t2", 600), At(kRefreshing));
  EXPECT_EQ(step.state.reason, "overload");
  EXPECT_EQ(step.state.accepted_revision, 1u);
}

// ---- Storms

// A compositor that grants a second at a time is not asked more often than every other one.
TEST_F(PublicationFailureTest, TinyGrantsAreHeldBack) {
  EpaState state =
      BeginPublication(absl::Seconds(600), absl::InfiniteFuture(), /*is_event=*/false, At({}))
          .state;
  int sent = 0;
  for (absl::Duration now; now < absl::Seconds(60); now += absl::Milliseconds(100)) {
    if (state.outstanding) {
      FillPublish(state);
      state = OnPublishAnswered(state, Granted("t", 1), At(now)).state;
    }
    EpaStep step = OnEpaTick(state, At(now));
    sent += step.send ? 1 : 0;
    state = step.state;
  }
  EXPECT_LE(sent, 36);
  EXPECT_GE(sent, 25);
}

// Nor does one that forgets all tags at once get more than two for each of ours.
TEST_F(PublicationFailureTest, CompositorThatForgetsEachTagIsNotFlooded) {
  EpaState state =
      BeginPublication(absl::Seconds(600), absl::InfiniteFuture(), /*is_event=*/false, At({}))
          .state;
  int sent = 0;
  for (absl::Duration now; now < absl::Seconds(60); now += absl::Milliseconds(100)) {
    for (bool again = state.outstanding; again; ++sent) {
      const bool initial = FillPublish(state).operation == Operation::kInitial;
      EpaStep step = OnPublishAnswered(state, initial ? Granted("t", 1) : Status(412), At(now));
      state = step.state;
      again = step.send;
    }
    state = OnEpaTick(state, At(now)).state;
  }
  EXPECT_LE(sent, 72);
}

// However often the caller has news, refreshes and retries keep their time.
TEST_F(PublicationFailureTest, ManyChangesDoNotPutTheRefreshOff) {
  EpaState state = Active();
  for (int i = 0; i < 1000; ++i) {
    EpaStep step = OnModified(state, At(absl::Seconds(1)));
    ASSERT_TRUE(step.send);
    FillPublish(step.state);
    state = OnPublishAnswered(step.state, Granted("t", 600), At(absl::Seconds(1))).state;
  }
  EXPECT_LT(NextDeadline(state), kStart + absl::Seconds(600));
}

TEST_F(PublicationFailureTest, FailuresInARowAreWaitedForLonger) {
  EpaState state = Sent();
  absl::Duration now;
  for (int i = 0; i < 12; ++i) {
    const EpaStep failed = OnPublishAnswered(state, Status(500), At(now));
    const absl::Duration wait = failed.state.retry_at - (kStart + now);
    const absl::Duration whole = std::min(absl::Seconds(30) * (1 << i), absl::Minutes(30));
    EXPECT_GE(wait, whole / 2) << i;
    EXPECT_LE(wait, whole) << i;
    now += wait;
    state = OnEpaTick(failed.state, At(now)).state;
    FillPublish(state);
  }
}

}  // namespace
}  // namespace sipevents::sip
