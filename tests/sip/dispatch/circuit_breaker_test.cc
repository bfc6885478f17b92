#include "sip/dispatch/circuit_breaker.h"

#include "gtest/gtest.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using Change = CircuitBreaker::Change;
using Kind = RequestOutcome::Kind;

constexpr absl::Duration kT1 = absl::Milliseconds(500);

class CircuitBreakerTest : public ::testing::Test {
 protected:
  // A request that is no probe, or the probe, ends.
  Change End(Kind kind, std::optional<absl::Duration> retry_after = {}) {
    return breaker_.OnOutcome({kind, retry_after}, /*probe=*/false, kT1, now_, random_);
  }
  Change EndProbe(Kind kind, std::optional<absl::Duration> retry_after = {}) {
    return breaker_.OnOutcome({kind, retry_after}, /*probe=*/true, kT1, now_, random_);
  }
  // Five failures; the chance is the greatest, so that it stays open for all of the time.
  void Trip(Kind kind = Kind::kTimedOut, std::optional<absl::Duration> retry_after = {}) {
    for (int i = 0; i < 4; ++i) ASSERT_EQ(End(kind), Change::kNone);
    random_.PushUniform(1 - 0x1p-50);
    ASSERT_EQ(End(kind, retry_after), Change::kOpened);
  }
  void ExpectOpenFor(absl::Duration open) {
    EXPECT_NEAR(absl::ToDoubleSeconds(breaker_.PassesAt() - now_), absl::ToDoubleSeconds(open),
                1e-6);
  }
  void AwaitOpen() {
    now_ = breaker_.PassesAt();
    breaker_.OnProbeSent();
  }

  FakeRandom random_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  CircuitBreaker breaker_;
};

TEST_F(CircuitBreakerTest, FiveFailuresInARowOpenIt) {
  for (const Kind kind : {Kind::kOverloaded, Kind::kTimedOut, Kind::kUnreachable}) {
    breaker_ = CircuitBreaker();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(End(kind), Change::kNone);
    EXPECT_TRUE(breaker_.is_closed());
    EXPECT_EQ(breaker_.PassesAt(), absl::InfinitePast());
    EXPECT_EQ(End(kind), Change::kOpened);
    EXPECT_FALSE(breaker_.is_closed());
    EXPECT_GT(breaker_.PassesAt(), now_);
  }
}

// OVL-01: a 503 may be about one resource; an answer in between shows that the server lives.
TEST_F(CircuitBreakerTest, AnswerInBetweenKeepsItClosed) {
  for (int i = 0; i < 20; ++i) {
    for (int failure = 0; failure < 4; ++failure) {
      EXPECT_EQ(End(Kind::kOverloaded), Change::kNone);
    }
    EXPECT_EQ(End(Kind::kAnswered), Change::kNone);
  }
  EXPECT_TRUE(breaker_.is_closed());
}

TEST_F(CircuitBreakerTest, UnknownEndIsNoAnswerInBetween) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(End(Kind::kTimedOut), Change::kNone);
  EXPECT_EQ(End(Kind::kForgotten), Change::kNone);
  EXPECT_EQ(End(Kind::kTimedOut), Change::kOpened);
}

TEST_F(CircuitBreakerTest, TimeOpenDoublesUpTo64T1) {
  Trip();
  ExpectOpenFor(4 * kT1);
  for (const int factor : {8, 16, 32, 64, 64, 64}) {
    AwaitOpen();
    random_.PushUniform(1 - 0x1p-50);
    EXPECT_EQ(EndProbe(Kind::kTimedOut), Change::kOpened);
    ExpectOpenFor(factor * kT1);
  }
}

TEST_F(CircuitBreakerTest, TimeOpenIsAtLeastHalf) {
  for (int i = 0; i < 4; ++i) End(Kind::kTimedOut);
  random_.PushUniform(0);
  End(Kind::kTimedOut);
  ExpectOpenFor(2 * kT1);
}

// OVL-01: nothing to this server until the time that it asked for has passed.
TEST_F(CircuitBreakerTest, RetryAfterIsKeptIfLonger) {
  Trip(Kind::kOverloaded, absl::Seconds(60));
  ExpectOpenFor(absl::Seconds(60));
  // The probe's own answer counts as well.
  AwaitOpen();
  random_.PushUniform(0);
  EndProbe(Kind::kOverloaded, absl::Seconds(90));
  ExpectOpenFor(absl::Seconds(90));
}

// One 503 may be about one resource: it holds back the others for a short time only.
TEST_F(CircuitBreakerTest, OneRetryAfterIsKeptForFiveSecondsAtMost) {
  EXPECT_EQ(End(Kind::kOverloaded, absl::Seconds(3)), Change::kOpened);
  EXPECT_EQ(breaker_.PassesAt(), now_ + absl::Seconds(3));
  now_ += absl::Seconds(3);
  breaker_.OnProbeSent();
  EXPECT_EQ(EndProbe(Kind::kAnswered), Change::kClosed);

  EXPECT_EQ(End(Kind::kOverloaded, absl::Seconds(60)), Change::kOpened);
  EXPECT_EQ(breaker_.PassesAt(), now_ + absl::Seconds(5));
}

TEST_F(CircuitBreakerTest, MoreOverloadMeanwhileMakesItWhole) {
  End(Kind::kOverloaded, absl::Seconds(60));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(End(Kind::kOverloaded, absl::Seconds(60)), Change::kNone);

  EXPECT_EQ(End(Kind::kOverloaded, absl::Seconds(60)), Change::kOpened);

  EXPECT_EQ(breaker_.PassesAt(), now_ + absl::Seconds(60));
}

TEST_F(CircuitBreakerTest, ProbeThatMeetsOverloadAgainMakesItWhole) {
  End(Kind::kOverloaded, absl::Seconds(60));
  now_ += absl::Seconds(5);
  breaker_.OnProbeSent();

  EXPECT_EQ(EndProbe(Kind::kOverloaded, absl::Seconds(60)), Change::kOpened);

  EXPECT_EQ(breaker_.PassesAt(), now_ + absl::Seconds(60));
}

TEST_F(CircuitBreakerTest, RetryAfterIsKeptForFiveMinutesAtMost) {
  Trip(Kind::kOverloaded, absl::Hours(10));
  ExpectOpenFor(absl::Minutes(5));
}

TEST_F(CircuitBreakerTest, ShortRetryAfterDoesNotShorten) {
  Trip(Kind::kOverloaded, absl::ZeroDuration());
  ExpectOpenFor(4 * kT1);
}

TEST_F(CircuitBreakerTest, OneProbePassesAtATime) {
  Trip();
  AwaitOpen();
  EXPECT_EQ(breaker_.PassesAt(), absl::InfiniteFuture());
  EXPECT_EQ(EndProbe(Kind::kAnswered), Change::kClosed);
  EXPECT_EQ(breaker_.PassesAt(), absl::InfinitePast());
}

TEST_F(CircuitBreakerTest, FailuresOfEarlierRequestsDoNotLengthenIt) {
  // Given one that is open, with 500 requests under way since before
  Trip();
  const absl::Time open_until = breaker_.PassesAt();
  // When they all fail, before and while the probe is under way
  for (int i = 0; i < 250; ++i) EXPECT_EQ(End(Kind::kTimedOut), Change::kNone);
  EXPECT_EQ(breaker_.PassesAt(), open_until);
  AwaitOpen();
  for (int i = 0; i < 250; ++i) EXPECT_EQ(End(Kind::kTimedOut), Change::kNone);
  // Then the probe alone decides, and failures start to count from there.
  EXPECT_EQ(EndProbe(Kind::kAnswered), Change::kClosed);
  EXPECT_EQ(End(Kind::kTimedOut), Change::kNone);
}

TEST_F(CircuitBreakerTest, AnswerToAnEarlierRequestClosesItAfterTimeouts) {
  Trip(Kind::kTimedOut);
  EXPECT_EQ(End(Kind::kAnswered), Change::kClosed);
  // Also while the probe is under way, whose end then tells nothing new.
  Trip(Kind::kUnreachable);
  AwaitOpen();
  EXPECT_EQ(End(Kind::kAnswered), Change::kClosed);
  EXPECT_EQ(EndProbe(Kind::kTimedOut), Change::kNone);
  EXPECT_TRUE(breaker_.is_closed());
}

TEST_F(CircuitBreakerTest, AnswerToAnEarlierRequestDoesNotEndOverload) {
  Trip(Kind::kOverloaded);
  EXPECT_EQ(End(Kind::kAnswered), Change::kNone);
  EXPECT_FALSE(breaker_.is_closed());
}

TEST_F(CircuitBreakerTest, ProbeThatTellsNothingIsFollowedByAnother) {
  Trip();
  AwaitOpen();
  EXPECT_EQ(EndProbe(Kind::kForgotten), Change::kNone);
  EXPECT_FALSE(breaker_.is_closed());
  EXPECT_LE(breaker_.PassesAt(), now_);
}

TEST_F(CircuitBreakerTest, EndOfAProbeThatDecidesNothingAnyMoreLeavesItClosed) {
  Trip(Kind::kTimedOut);
  AwaitOpen();
  ASSERT_EQ(End(Kind::kAnswered), Change::kClosed);
  EXPECT_EQ(EndProbe(Kind::kForgotten), Change::kNone);
  EXPECT_TRUE(breaker_.is_closed());
}

TEST_F(CircuitBreakerTest, FailingAgainSoonAfterBeingBackOpensItForLonger) {
  // Given one that was open twice and closed
  Trip();
  AwaitOpen();
  EndProbe(Kind::kTimedOut);
  AwaitOpen();
  EndProbe(Kind::kAnswered);
  // When it opens again within 64*T1, then longer than the time before
  now_ += 63 * kT1;
  Trip();
  ExpectOpenFor(16 * kT1);
  // and after a good time from the start again.
  AwaitOpen();
  EndProbe(Kind::kAnswered);
  now_ += 64 * kT1;
  Trip();
  ExpectOpenFor(4 * kT1);
}

TEST_F(CircuitBreakerTest, ForgettableOnceItHasNoNews) {
  EXPECT_EQ(breaker_.ForgettableAt(kT1), absl::InfinitePast());
  End(Kind::kTimedOut);
  EXPECT_EQ(breaker_.ForgettableAt(kT1), now_ + 64 * kT1);
  End(Kind::kAnswered);
  Trip(Kind::kOverloaded, absl::Seconds(100));
  EXPECT_EQ(breaker_.ForgettableAt(kT1), breaker_.PassesAt() + 64 * kT1);
}

}  // namespace
}  // namespace sipevents::sip
