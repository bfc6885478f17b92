#include <algorithm>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/publisher/publication_state.h"
#include "tests/sip/publisher/publication_state_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::SizeIs;

// Nothing is asked for past the end of a publication, so that a compositor forgets by then what
// nobody withdraws.
class PublicationTimeTest : public PublicationStateFixture {
 protected:
  struct Asked {
    absl::Duration at;
    uint32_t expires;
  };

  static EpaStep Begin(absl::Duration lasts, const EpaContext& context) {
    return BeginPublication(absl::Seconds(600), context.now + lasts, /*is_event=*/false, context);
  }

  // One that lasts so long and was granted as much.
  EpaState ActiveFor(absl::Duration lasts) {
    EpaState state = Begin(lasts, At({})).state;
    const PublishContent content = sip::FillPublish(state, kStart);
    return OnPublishAnswered(state, Granted("t1", content.expires), At({})).state;
  }

  // What is sent until nothing is due any more, by a compositor that grants so much at the most.
  std::vector<Asked> RunOut(absl::Duration lasts, uint32_t grants) {
    std::vector<Asked> all;
    absl::Duration now;
    EpaStep step = Begin(lasts, At(now));
    while (step.send && all.size() < 1000) {
      const PublishContent content = sip::FillPublish(step.state, kStart + now);
      all.push_back({now, content.expires});
      now += absl::Milliseconds(30);
      step =
          OnPublishAnswered(step.state, Granted("t", std::min(grants, content.expires)), At(now));
      const absl::Time due = NextDeadline(step.state);
      if (step.send || due == absl::InfiniteFuture()) continue;
      now = due - kStart;
      step = OnEpaTick(step.state, At(now));
    }
    return all;
  }
};

TEST_F(PublicationTimeTest, NoPublishAsksForMoreThanIsLeft) {
  for (const uint32_t grants : {1u, 3u, 600u}) {
    for (const double lasts : {0.4, 8.0, 100.5}) {
      const std::vector<Asked> all = RunOut(absl::Seconds(lasts), grants);
      for (const Asked& asked : all) {
        const absl::Duration left = absl::Seconds(lasts) - asked.at;
        EXPECT_GT(left, absl::ZeroDuration()) << lasts << " " << grants;
        EXPECT_EQ(absl::Seconds(asked.expires), absl::Ceil(left, absl::Seconds(1)));
      }
      // What was granted reaches the end: nobody refreshes it.
      if (grants > lasts) {
        EXPECT_THAT(all, SizeIs(1));
      }
      // A few at once, then one each two seconds.
      EXPECT_LE(all.size(), 6 + lasts / 2) << lasts << " " << grants;
    }
  }
}

TEST_F(PublicationTimeTest, ALongOneIsAskedForBitByBit) {
  const std::vector<Asked> all = RunOut(absl::Hours(1), 600);
  ASSERT_GE(all.size(), 6u);
  EXPECT_EQ(all[0].expires, 600u);
  EXPECT_EQ(all[1].expires, 600u);
  EXPECT_LT(all.back().expires, 600u);
}

TEST_F(PublicationTimeTest, ChangeAsksForWhatIsLeft) {
  EpaStep step = OnModified(ActiveFor(absl::Seconds(30)), At(absl::Seconds(5)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(sip::FillPublish(step.state, kStart + absl::Seconds(5)).expires, 25u);
  step = OnPublishAnswered(step.state, Granted("t2", 600), At(absl::Seconds(5)));
  EXPECT_EQ(step.state.held_until, kStart + absl::Seconds(30));
}

// EPA-14: there is no other way to have it published; its end withdraws it.
TEST_F(PublicationTimeTest, CompositorThatTakesNothingSoBriefIsAskedForWhatItTakes) {
  EpaState state = Begin(absl::Seconds(8), At({})).state;
  EXPECT_EQ(FillPublish(state).expires, 8u);
  PublishAnswered answer = Status(423);
  answer.min_expires = 60;

  EpaStep step = OnPublishAnswered(state, answer, At({}));

  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).expires, 60u);
  step = OnPublishAnswered(step.state, Granted("t1", 60), At({}));
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
  // It need not say so twice.
  step = OnModified(step.state, At(absl::Seconds(3)));
  EXPECT_EQ(sip::FillPublish(step.state, kStart + absl::Seconds(3)).expires, 60u);
  step = OnPublishAnswered(step.state, Granted("t2", 60), At(absl::Seconds(3)));
  step = OnUnpublished(step.state, absl::InfiniteFuture(), At(absl::Seconds(8)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, EpaOperation::kRemove);
}

// The compositor's time may run a moment longer than ours.
TEST_F(PublicationTimeTest, WhatIsGrantedUntilTheEndIsRemovedThen) {
  const EpaState state = ActiveFor(absl::Seconds(8));
  EXPECT_EQ(NextDeadline(state), absl::InfiniteFuture());
  EpaStep step = OnUnpublished(state, absl::InfiniteFuture(), At(absl::Seconds(8.01)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, EpaOperation::kRemove);
  EXPECT_EQ(OnPublishAnswered(step.state, Status(412), At(absl::Seconds(8.02))).state.phase,
            EpaPhase::kEnded);
}

TEST_F(PublicationTimeTest, MoreTimeIsAskedForWhenTheRefreshIsDue) {
  const EpaState brief = ActiveFor(absl::Seconds(8));

  EpaStep step = OnExpireTimeMoved(brief, kStart + absl::Hours(1), At(absl::Seconds(1)));

  EXPECT_FALSE(step.send);
  const absl::Time due = NextDeadline(step.state);
  EXPECT_GT(due, kStart + absl::Seconds(1));
  EXPECT_LT(due, kStart + absl::Seconds(8));
  step = OnEpaTick(step.state, At(due - kStart));
  ASSERT_TRUE(step.send);
  const PublishContent content = sip::FillPublish(step.state, due);
  EXPECT_EQ(content.operation, EpaOperation::kRefresh);
  EXPECT_EQ(content.expires, 600u);
}

TEST_F(PublicationTimeTest, LessTimeIsAskedForAtOnceByARefresh) {
  const absl::Time now = kStart + absl::Seconds(5);
  EpaStep step =
      OnExpireTimeMoved(ActiveFor(absl::Seconds(30)), now + absl::Seconds(5), At(now - kStart));

  ASSERT_TRUE(step.send);
  const PublishContent content = sip::FillPublish(step.state, now);
  EXPECT_EQ(content.operation, EpaOperation::kRefresh);
  EXPECT_EQ(content.expires, 5u);
  EXPECT_FALSE(content.with_body);
  // Once, however long the answer takes and whatever it grants.
  for (const uint32_t granted : {5u, 600u}) {
    const EpaStep after =
        OnPublishAnswered(step.state, Granted("t2", granted), At(absl::Seconds(8.5)));
    EXPECT_FALSE(after.send);
    EXPECT_EQ(NextDeadline(after.state), absl::InfiniteFuture());
  }
  // What was granted for less long anyway needs no word.
  EXPECT_FALSE(OnExpireTimeMoved(Active(6), kStart + absl::Seconds(8), At({})).send);
  EXPECT_FALSE(OnExpireTimeMoved(ActiveFor(absl::Seconds(30)), kStart + absl::Seconds(29.5),
                                 At(absl::Seconds(5)))
                   .send);
}

TEST_F(PublicationTimeTest, LessTimeWhileAPublishIsUnderWayIsAskedForAfterIt) {
  EpaState state = Sent();
  EpaStep step = OnExpireTimeMoved(state, kStart + absl::Seconds(20), At(absl::Seconds(1)));
  EXPECT_FALSE(step.send);

  step = OnPublishAnswered(step.state, Granted("t1", 600), At(absl::Seconds(2)));

  ASSERT_TRUE(step.send);
  const PublishContent content = sip::FillPublish(step.state, kStart + absl::Seconds(2));
  EXPECT_EQ(content.operation, EpaOperation::kRefresh);
  EXPECT_EQ(content.expires, 18u);
  // Also where what was under way is refused, and with a change, which goes as one with it.
  step = OnExpireTimeMoved(Modifying(), kStart + absl::Seconds(20), At(absl::Seconds(1)));
  const EpaStep refused = OnPublishAnswered(step.state, Status(415), At(absl::Seconds(2)));
  EXPECT_TRUE(refused.send);
  step = OnModified(step.state, At(absl::Seconds(1)));
  step = OnPublishAnswered(step.state, Granted("t2", 600), At(absl::Seconds(2)));
  ASSERT_TRUE(step.send);
  EXPECT_EQ(FillPublish(step.state).operation, EpaOperation::kModify);
}

// A try that would come too late is none.
TEST_F(PublicationTimeTest, NothingIsTriedAgainAfterTheEnd) {
  EpaState state = Begin(absl::Seconds(8), At({})).state;
  FillPublish(state);
  state = OnPublishAnswered(state, Status(500), At({})).state;
  EXPECT_EQ(state.phase, EpaPhase::kRetrying);
  EXPECT_EQ(NextDeadline(state), absl::InfiniteFuture());
  state = OnExpireTimeMoved(state, kStart + absl::Hours(1), At({})).state;
  EXPECT_EQ(NextDeadline(state), state.retry_at);
}

}  // namespace
}  // namespace sipevents::sip
