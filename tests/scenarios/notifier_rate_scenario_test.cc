#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/scenarios/notifier_scenario.h"

// How often a watcher wants to be told (RFC 6446), at a notifier.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Timers are rounded, and this machine is busy.
constexpr absl::Duration kEarly = absl::Milliseconds(50);

double Rate(const Received& notify, const std::string& name) {
  return std::atof(StateParameter(notify, name).c_str());
}

class NotifierRateScenarioTest : public NotifierScenario {
 protected:
  absl::StatusOr<Received> BeginWith(const std::string& parameters,
                                     const std::string& expires = "600") {
    if (absl::Status started = StartServer(); !started.ok()) return started;
    return watcher_->Begin({.event = "presence;" + parameters, .expires = expires});
  }

  // Answers NOTIFYs for `span`; the times at which they came.
  std::vector<absl::Time> NotifyTimes(absl::Duration span) {
    std::vector<absl::Time> times;
    const absl::Time end = absl::Now() + span;
    while (absl::Now() < end) {
      const absl::StatusOr<Received> notify = watcher_->NextNotify(end - absl::Now());
      if (notify.ok()) times.push_back(notify->time);
    }
    return times;
  }
};

// RATE-01: changes in between are one, the last; the rate is echoed.
TEST_F(NotifierRateScenarioTest, MostOftenIsKeptAndTheLastStateIsTold) {
  ASSERT_OK_AND_ASSIGN(const Received first, BeginWith("max-rate=0.5"));
  EXPECT_DOUBLE_EQ(Rate(first, "max-rate"), 0.5);

  for (int i = 1; i <= 20; ++i) ASSERT_OK(Publish(absl::StrCat("[", i, "]")));

  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());
  EXPECT_GE(second.time - first.time, absl::Seconds(2) - kEarly);
  EXPECT_THAT(second.sip.body(), HasSubstr("[20]"));
  EXPECT_DOUBLE_EQ(Rate(second, "max-rate"), 0.5);
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// RATE-01: asked for by the answer to a NOTIFY.
TEST_F(NotifierRateScenarioTest, AnswerToANotifyChangesTheRate) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Subscribe().status());
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->TakeNotify());
  watcher_->peer().Respond(first, 200, {.headers = {"Event: presence;max-rate=0.5"}});

  for (int i = 1; i <= 20; ++i) ASSERT_OK(Publish(absl::StrCat("[", i, "]")));

  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());
  EXPECT_GE(second.time - first.time, absl::Seconds(2) - kEarly);
  EXPECT_THAT(second.sip.body(), HasSubstr("[20]"));
  EXPECT_DOUBLE_EQ(Rate(second, "max-rate"), 0.5);
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// RATE-01: what a SUBSCRIBE asks for does not wait, nor does the end.
TEST_F(NotifierRateScenarioTest, AnswersToSubscribeAndTheEndDoNotWait) {
  ASSERT_OK(BeginWith("max-rate=0.1").status());

  ASSERT_OK_AND_ASSIGN(const Received refresh, watcher_->Refresh());
  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());
  EXPECT_LE(second.time - refresh.time, absl::Seconds(1) * kSlowdown);
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, watcher_->Refresh("0"));
  ASSERT_OK_AND_ASSIGN(const Received last, watcher_->NextNotify());

  EXPECT_LE(last.time - unsubscribe.time, absl::Seconds(1) * kSlowdown);
  EXPECT_EQ(SubstateOf(last), "terminated");
}

// RATE-01: a NOTIFY that is repeated is still the same one.
TEST_F(NotifierRateScenarioTest, RepetitionsDoNotCount) {
  ASSERT_OK(BeginWith("max-rate=0.5").status());
  ASSERT_OK(Publish("repeated"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->TakeNotify());

  EXPECT_OK(
      watcher_->ExpectNoNotify(absl::Milliseconds(500)));  // but the same one, again and again

  EXPECT_GE(watcher_->peer().Retransmissions(notify), 2);
  watcher_->peer().Respond(notify, 200);
  EXPECT_OK(watcher_->ExpectNoNotify(absl::Milliseconds(500)));
}

// RATE-02: at least once before it expires.
TEST_F(NotifierRateScenarioTest, RateBelowOnceInALifetimeIsRaised) {
  ASSERT_OK_AND_ASSIGN(const Received notify, BeginWith("max-rate=0.001", "100"));

  EXPECT_GE(Rate(notify, "max-rate"), 0.01);
  EXPECT_LE(Rate(notify, "max-rate"), 0.011);
}

// RATE-03.
TEST_F(NotifierRateScenarioTest, LeastOftenIsKeptWithoutAnyChange) {
  ASSERT_OK_AND_ASSIGN(const Received first, BeginWith("min-rate=2"));
  EXPECT_DOUBLE_EQ(Rate(first, "min-rate"), 2);

  const std::vector<absl::Time> times = NotifyTimes(absl::Seconds(3));

  EXPECT_GE(times.size(), 4u);
  EXPECT_LE(times.size(), 7u);
  for (size_t i = 1; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], absl::Milliseconds(500) - 4 * kEarly);
  }
}

// RATE-03: a change counts as one of them.
TEST_F(NotifierRateScenarioTest, ChangePutsTheNextOneOff) {
  ASSERT_OK(BeginWith("min-rate=1").status());
  ASSERT_OK(watcher_->ExpectNoNotify(absl::Milliseconds(700)));
  ASSERT_OK(Publish("changed"));
  ASSERT_OK_AND_ASSIGN(const Received change, watcher_->NotifyWith("changed"));

  ASSERT_OK_AND_ASSIGN(const Received next, watcher_->NextNotify());

  EXPECT_GE(next.time - change.time, absl::Seconds(1) - 4 * kEarly);
}

// RATE-04: about so often in the mean, more often when it was quiet before.
TEST_F(NotifierRateScenarioTest, AdaptiveRateIsKeptInTheMean) {
  ASSERT_OK_AND_ASSIGN(const Received first, BeginWith("adaptive-min-rate=2"));
  EXPECT_DOUBLE_EQ(Rate(first, "adaptive-min-rate"), 2);

  const std::vector<absl::Time> times = NotifyTimes(absl::Seconds(5));

  EXPECT_GE(times.size(), 5u);
  EXPECT_LE(times.size(), 20u);
}

// RATE-05.
TEST_F(NotifierRateScenarioTest, LeastIsNoMoreThanMost) {
  ASSERT_OK_AND_ASSIGN(const Received notify, BeginWith("min-rate=5;max-rate=2"));

  EXPECT_DOUBLE_EQ(Rate(notify, "max-rate"), 2);
  EXPECT_DOUBLE_EQ(Rate(notify, "min-rate"), 2);
}

// RATE-05.
TEST_F(NotifierRateScenarioTest, AdaptiveIsNoMoreThanMost) {
  ASSERT_OK_AND_ASSIGN(const Received notify, BeginWith("adaptive-min-rate=5;max-rate=2"));

  EXPECT_DOUBLE_EQ(Rate(notify, "max-rate"), 2);
  EXPECT_DOUBLE_EQ(Rate(notify, "adaptive-min-rate"), 2);
}

// RATE-05.
TEST_F(NotifierRateScenarioTest, LeastAboveAdaptiveIsIgnored) {
  ASSERT_OK_AND_ASSIGN(const Received notify, BeginWith("min-rate=5;adaptive-min-rate=1"));

  EXPECT_DOUBLE_EQ(Rate(notify, "adaptive-min-rate"), 1);
  EXPECT_THAT(StateParameter(notify, "min-rate"), IsEmpty());
}

// RATE-06.
TEST_F(NotifierRateScenarioTest, RatesThatAreNoneAreIgnored) {
  ASSERT_OK(StartServer());
  for (const char* rate : {"0", "0.0", "100", "fast", "-1", "1.12345678901", ".5"}) {
    ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const watcher, NewWatcher());

    ASSERT_OK_AND_ASSIGN(const Received notify,
                         watcher->Begin({.event = absl::StrCat("presence;max-rate=", rate)}));

    EXPECT_THAT(StateParameter(notify, "max-rate"), IsEmpty()) << rate;
    EXPECT_FALSE(absl::StrContains(notify.Header("Subscription-State"), "max-rate")) << rate;
  }
}

// 6446 section 4: a SUBSCRIBE without it takes it back.
TEST_F(NotifierRateScenarioTest, RateIsGoneWithTheNextSubscribe) {
  ASSERT_OK(BeginWith("max-rate=0.1").status());

  ASSERT_OK(watcher_->Subscribe(watcher_->NextSubscribe("600").Set("Event", "presence")).status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(StateParameter(notify, "max-rate"), IsEmpty());
  ASSERT_OK(Publish("at once"));

  EXPECT_OK(watcher_->NotifyWith("at once", absl::Seconds(2) * kSlowdown).status());
}

}  // namespace
}  // namespace sipevents::testing
