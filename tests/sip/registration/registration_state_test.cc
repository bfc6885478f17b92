#include "sip/registration/registration_state.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sip/base/backoff.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using Phase = RegistrationPhase;

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

class RegistrationStateTest : public testing::Test {
 protected:
  RegistrationContext At(absl::Duration since_start) {
    return {kStart + since_start, absl::Milliseconds(500), absl::Seconds(30), random_};
  }

  static RegisterAnswered Status(int status) {
    RegisterAnswered answer;
    answer.status = status;
    return answer;
  }
  static RegisterAnswered Granted(uint32_t seconds) {
    RegisterAnswered answer = Status(200);
    answer.granted = seconds;
    return answer;
  }

  RegistrationState Begun() { return BeginRegistration(absl::Seconds(600), At({})).state; }
  RegistrationState Registered(uint32_t seconds) {
    return OnRegisterAnswered(Begun(), Granted(seconds), At({})).state;
  }

  FakeRandom random_;
};

TEST_F(RegistrationStateTest, BeginSendsWhatIsWanted) {
  const RegistrationStep step = BeginRegistration(absl::Seconds(600), At({}));

  EXPECT_EQ(step.send_expires, 600u);
  EXPECT_EQ(step.state.phase, Phase::kRegistering);
  EXPECT_TRUE(step.state.outstanding);
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
}

TEST_F(RegistrationStateTest, AcceptedIsRefreshedBeforeItExpires) {
  const RegistrationStep step = OnRegisterAnswered(Begun(), Granted(300), At({}));

  EXPECT_EQ(step.state.phase, Phase::kRegistered);
  EXPECT_FALSE(step.send_expires.has_value());
  EXPECT_EQ(step.state.bound_until, kStart + absl::Seconds(300));
  // 64*T1 before the end, or up to a tenth sooner.
  EXPECT_GE(step.state.act_at, kStart + absl::Seconds(268) * 0.9);
  EXPECT_LE(step.state.act_at, kStart + absl::Seconds(268));

  const absl::Duration due = step.state.act_at - kStart;
  EXPECT_FALSE(OnRegistrationTick(step.state, At(due - absl::Seconds(1))).send_expires.has_value());
  EXPECT_EQ(OnRegistrationTick(step.state, At(due)).send_expires, 600u);
}

TEST_F(RegistrationStateTest, WithoutAnExpiresWhatWasAskedForIsGranted) {
  const RegistrationStep step = OnRegisterAnswered(Begun(), Status(200), At({}));
  EXPECT_EQ(step.state.bound_until, kStart + absl::Seconds(600));
}

// A registrar that grants a second at a time is not asked more often than every other one.
TEST_F(RegistrationStateTest, TinyGrantsAreHeldBack) {
  RegistrationState state = Begun();
  absl::Duration now;
  int sent = 0;
  for (; now < absl::Seconds(60); now += absl::Milliseconds(100)) {
    if (state.outstanding) state = OnRegisterAnswered(state, Granted(1), At(now)).state;
    const RegistrationStep step = OnRegistrationTick(state, At(now));
    sent += step.send_expires.has_value() ? 1 : 0;
    state = step.state;
  }
  EXPECT_LE(sent, 36);
  EXPECT_GE(sent, 25);
}

TEST_F(RegistrationStateTest, GrantOfNothingIsAFailure) {
  const RegistrationStep step = OnRegisterAnswered(Begun(), Granted(0), At({}));

  EXPECT_EQ(step.state.phase, Phase::kWaiting);
  EXPECT_TRUE(step.failed);
  EXPECT_EQ(step.state.reason, "not-bound");
  EXPECT_GE(step.state.act_at, kStart + absl::Seconds(15));
}

TEST_F(RegistrationStateTest, GrantOfYearsIsLookedAtDaily) {
  const RegistrationStep step = OnRegisterAnswered(Begun(), Granted(UINT32_MAX), At({}));
  EXPECT_EQ(step.state.bound_until, kStart + absl::Hours(24));
}

// OUT-03
TEST_F(RegistrationStateTest, FailuresBackOff) {
  struct Case {
    int status;
    absl::Duration shortest;
    absl::Duration longest;
  };
  const std::vector<Case> cases = {
      {500, absl::Seconds(15), absl::Seconds(30)},
      {503, absl::Seconds(15), absl::Seconds(30)},
      {430, absl::Seconds(15), absl::Seconds(30)},
      {480, absl::Seconds(15), absl::Seconds(30)},
      {302, absl::Seconds(15), absl::Seconds(30)},
      {423, absl::Seconds(15), absl::Seconds(30)},
      // What time alone does not mend.
      {403, absl::Minutes(15), absl::Minutes(30)},
      {404, absl::Minutes(15), absl::Minutes(30)},
      {401, absl::Minutes(15), absl::Minutes(30)},
      {603, absl::Minutes(15), absl::Minutes(30)},
      {400, absl::Minutes(15), absl::Minutes(30)},
      {699, absl::Seconds(15), absl::Minutes(30)},
  };
  for (const Case& test : cases) {
    RegistrationState begun = Begun();
    begun.requested = absl::Hours(1);  // which no 423 without Min-Expires makes longer
    const RegistrationStep step = OnRegisterAnswered(begun, Status(test.status), At({}));
    EXPECT_EQ(step.state.phase, Phase::kWaiting) << test.status;
    EXPECT_TRUE(step.failed) << test.status;
    EXPECT_FALSE(step.send_expires.has_value()) << test.status;
    EXPECT_EQ(step.state.sip_status, test.status);
    EXPECT_GE(step.state.act_at - kStart, test.shortest) << test.status;
    EXPECT_LE(step.state.act_at - kStart, test.longest) << test.status;
  }
}

TEST_F(RegistrationStateTest, EachFailureDoublesTheWaitUpToHalfAnHour) {
  RegistrationState state = Begun();
  absl::Duration now;
  for (int failures = 0; failures < 10; ++failures) {
    state = OnRegisterAnswered(state, Status(500), At(now)).state;
    const absl::Duration wait = state.act_at - (kStart + now);
    const absl::Duration most = std::min(absl::Seconds(30) * (1 << failures), absl::Seconds(1800));
    EXPECT_GE(wait, most / 2) << failures;
    EXPECT_LE(wait, most) << failures;
    now += wait;
    const RegistrationStep step = OnRegistrationTick(state, At(now));
    ASSERT_EQ(step.send_expires, 600u) << failures;
    state = step.state;
  }
}

TEST_F(RegistrationStateTest, RetryAfterIsWaitedFor) {
  RegisterAnswered answer = Status(503);
  answer.retry_after = 120;

  const RegistrationStep step = OnRegisterAnswered(Begun(), answer, At({}));

  EXPECT_GE(step.state.act_at, kStart + absl::Seconds(120));
  EXPECT_LE(step.state.act_at, kStart + absl::Seconds(132));
}

TEST_F(RegistrationStateTest, NoAnswerIsToldByItsCause) {
  RegisterAnswered answer = Status(503);
  answer.failure = SendFailure::kTransport;

  const RegistrationStep step = OnRegisterAnswered(Begun(), answer, At({}));

  EXPECT_EQ(step.state.reason, "transport");
  EXPECT_LE(step.state.act_at, kStart + absl::Seconds(30));
}

TEST_F(RegistrationStateTest, IntervalTooBriefIsAskedAnewAtOnce) {
  RegisterAnswered answer = Status(423);
  answer.min_expires = 3600;

  const RegistrationStep step = OnRegisterAnswered(Begun(), answer, At({}));

  EXPECT_EQ(step.send_expires, 3600u);
  EXPECT_FALSE(step.failed);
}

TEST_F(RegistrationStateTest, EndlessIntervalsAreGivenUp) {
  RegistrationState state = Begun();
  int sent = 0;
  while (sent < 100) {
    RegisterAnswered answer = Status(423);
    answer.min_expires = static_cast<uint32_t>(absl::ToInt64Seconds(state.requested)) + 1;
    RegistrationStep step = OnRegisterAnswered(state, answer, At({}));
    state = step.state;
    if (!step.send_expires.has_value()) break;
    ++sent;
  }
  EXPECT_LE(sent, 3);
  EXPECT_EQ(state.phase, Phase::kWaiting);
}

TEST_F(RegistrationStateTest, ProxyWithoutOutboundIsAskedWithoutOnce) {
  const RegistrationStep step = OnRegisterAnswered(Begun(), Status(439), At({}));
  EXPECT_EQ(step.send_expires, 600u);
  EXPECT_FALSE(step.state.with_outbound);

  const RegistrationStep again = OnRegisterAnswered(step.state, Status(439), At({}));
  EXPECT_FALSE(again.send_expires.has_value());
  EXPECT_EQ(again.state.phase, Phase::kWaiting);
}

TEST_F(RegistrationStateTest, FailedRefreshLeavesWhatIsBoundUntilItExpires) {
  RegistrationState state = Registered(300);
  const absl::Duration due = state.act_at - kStart;
  state = OnRegistrationTick(state, At(due)).state;

  const RegistrationStep failed = OnRegisterAnswered(state, Status(403), At(due));

  EXPECT_TRUE(failed.failed);
  EXPECT_EQ(failed.state.phase, Phase::kRegistered);
  EXPECT_EQ(NextDeadline(failed.state), kStart + absl::Seconds(300));
  const RegistrationStep expired = OnRegistrationTick(failed.state, At(absl::Seconds(300)));
  EXPECT_EQ(expired.state.phase, Phase::kWaiting);
  EXPECT_FALSE(expired.send_expires.has_value());
}

TEST_F(RegistrationStateTest, BindingThatExpiresDuringItsRefreshIsGone) {
  RegistrationState state = Registered(300);
  state = OnRegistrationTick(state, At(state.act_at - kStart)).state;

  const RegistrationStep expired = OnRegistrationTick(state, At(absl::Seconds(300)));

  EXPECT_EQ(expired.state.phase, Phase::kRegistering);
  EXPECT_FALSE(expired.send_expires.has_value());
}

// OUT-03
TEST_F(RegistrationStateTest, FlowThatFailsIsMadeAnewAfterTheBackoff) {
  const RegistrationStep step =
      OnFlowFailed(Registered(600), "flow-failed", At(absl::Seconds(100)));

  EXPECT_TRUE(step.failed);
  EXPECT_EQ(step.state.reason, "flow-failed");
  EXPECT_FALSE(step.send_expires.has_value());
  EXPECT_GE(step.state.act_at, kStart + absl::Seconds(115));
  EXPECT_LE(step.state.act_at, kStart + absl::Seconds(130));
}

TEST_F(RegistrationStateTest, FlowThatFailsJustBeforeARefreshDelaysItNot) {
  const RegistrationState state = Registered(600);
  const absl::Duration due = state.act_at - kStart;

  const RegistrationStep step = OnFlowFailed(state, "flow-failed", At(due - absl::Seconds(1)));

  EXPECT_EQ(step.state.act_at, kStart + due);
}

TEST_F(RegistrationStateTest, FlowThatFailsUnderARegisterIsFoundOutByIt) {
  const RegistrationStep step = OnFlowFailed(Begun(), "flow-failed", At({}));
  EXPECT_FALSE(step.failed);
  EXPECT_EQ(step.state.phase, Phase::kRegistering);
}

// Five minutes of peace make a failure the first one again.
TEST_F(RegistrationStateTest, StableRegistrationForgetsFailures) {
  for (const bool stable : {false, true}) {
    RegistrationState state = Begun();
    for (int failures = 0; failures < 3; ++failures) {
      state = OnRegisterAnswered(state, Status(500), At({})).state;
      state.outstanding = true;
    }
    state = OnRegisterAnswered(state, Granted(3600), At({})).state;

    const absl::Duration later = stable ? kStableAfter : absl::Seconds(61);
    state = OnFlowFailed(state, "flow-failed", At(later)).state;

    const absl::Duration wait = state.act_at - (kStart + later);
    EXPECT_EQ(wait <= absl::Seconds(30), stable) << wait;
  }
}

// The long peace before it does not make each failure the first one.
TEST_F(RegistrationStateTest, StableRegistrationThatFailsAgainAndAgainBacksOff) {
  RegistrationState state = Registered(3600);
  absl::Duration now = state.act_at - kStart;
  for (int failures = 0; failures < 6; ++failures) {
    state = OnRegistrationTick(state, At(now)).state;
    state = OnRegisterAnswered(state, Status(500), At(now)).state;
    const absl::Duration wait = state.act_at - (kStart + now);
    const bool is_last_try = state.act_at == state.bound_until - absl::Seconds(5);
    EXPECT_TRUE(is_last_try || wait >= absl::Seconds(15) * (1 << failures)) << failures;
    now += wait;
  }
}

// Of bindings that are short, the backoff would be the end.
TEST_F(RegistrationStateTest, FailedRefreshIsTriedOnceMoreBeforeTheBindingEnds) {
  RegistrationState state = Registered(20);
  const absl::Duration refresh = state.act_at - kStart;
  state = OnRegistrationTick(state, At(refresh)).state;

  state = OnRegisterAnswered(state, Status(503), At(refresh)).state;
  EXPECT_EQ(state.act_at, kStart + absl::Seconds(15));
  state = OnRegistrationTick(state, At(absl::Seconds(15))).state;
  state = OnRegisterAnswered(state, Status(503), At(absl::Seconds(15))).state;

  EXPECT_GE(state.act_at, kStart + absl::Seconds(30));
}

TEST_F(RegistrationStateTest, EndUnregistersWhatIsBound) {
  const RegistrationStep step = EndRegistration(Registered(600), At(absl::Seconds(1)));
  EXPECT_EQ(step.send_expires, 0u);
  EXPECT_EQ(step.state.phase, Phase::kUnregistering);

  for (const int status : {200, 403, 500, 408}) {
    const RegistrationStep last = OnRegisterAnswered(step.state, Status(status), At({}));
    EXPECT_EQ(last.state.phase, Phase::kEnded) << status;
    EXPECT_FALSE(last.send_expires.has_value()) << status;
  }
}

TEST_F(RegistrationStateTest, EndWithNothingBoundIsTheEnd) {
  const RegistrationState waiting = OnRegisterAnswered(Begun(), Status(500), At({})).state;

  const RegistrationStep step = EndRegistration(waiting, At({}));

  EXPECT_EQ(step.state.phase, Phase::kEnded);
  EXPECT_FALSE(step.send_expires.has_value());
  EXPECT_EQ(NextDeadline(step.state), absl::InfiniteFuture());
}

// RFC 3261 section 10.2: one REGISTER at a time.
TEST_F(RegistrationStateTest, EndWaitsForTheRegisterUnderWay) {
  const RegistrationStep ending = EndRegistration(Begun(), At({}));
  EXPECT_FALSE(ending.send_expires.has_value());
  EXPECT_EQ(ending.state.phase, Phase::kRegistering);

  EXPECT_EQ(OnRegisterAnswered(ending.state, Granted(600), At({})).send_expires, 0u);
  EXPECT_EQ(OnRegisterAnswered(ending.state, Status(500), At({})).state.phase, Phase::kEnded);
}

TEST_F(RegistrationStateTest, EndTwiceIsOnce) {
  const RegistrationStep first = EndRegistration(Registered(600), At({}));
  const RegistrationStep second = EndRegistration(first.state, At({}));
  EXPECT_FALSE(second.send_expires.has_value());
  EXPECT_EQ(second.state.phase, Phase::kUnregistering);
}

}  // namespace
}  // namespace sipevents::sip
