#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/scenarios/notifier_scenario.h"

// What each answer to a NOTIFY does to the subscription (6665 4.2.2, 5057 5).

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NotifyAnswerTest : public NotifierScenario, public ::testing::WithParamInterface<int> {
 protected:
  // Subscribes, and answers the NOTIFY of a change with this status.
  absl::Status AnswerAChange(int status, const ResponseOptions& options = {}) {
    if (absl::Status started = StartServer(); !started.ok()) return started;
    if (absl::Status begun = watcher_->Begin().status(); !begun.ok()) return begun;
    if (absl::Status published = Publish("refused"); !published.ok()) return published;
    const absl::StatusOr<Received> notify = watcher_->TakeNotify();
    if (notify.ok()) watcher_->peer().Respond(*notify, status, options);
    return notify.status();
  }
};

// ---- NOT-26, NOT-28, GEN-02: the subscription is over

class EndingAnswerTest : public NotifyAnswerTest {};

// 408 stands for no answer at all, 502 ends the dialog (5057).
INSTANTIATE_TEST_SUITE_P(Codes, EndingAnswerTest,
                         ::testing::Values(404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489,
                                           501, 604, 408, 502),
                         ::testing::PrintToStringParamName());

TEST_P(EndingAnswerTest, RemovesTheWatcherWithoutAnotherWord) {
  ASSERT_OK(AnswerAChange(GetParam()));

  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectGone());
  ASSERT_OK(Publish("after"));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// ---- NOT-27: the NOTIFY is lost, and nothing else

class KeepingAnswerTest : public NotifyAnswerTest {};

INSTANTIATE_TEST_SUITE_P(Codes, KeepingAnswerTest,
                         ::testing::Values(400, 402, 403, 413, 414, 420, 423, 486, 487, 488, 493,
                                           499, 500, 503, 504, 505, 513, 599, 600, 603, 606),
                         ::testing::PrintToStringParamName());

TEST_P(KeepingAnswerTest, LeavesTheWatcherWhoIsToldOfTheNextChange) {
  ASSERT_OK(AnswerAChange(GetParam()));

  ASSERT_OK(Publish("next"));

  // What was refused may come again before; a passing trouble may cost time. What was too large is
  // left out.
  const std::string body = GetParam() == 413 || GetParam() == 513 ? "" : "next";
  EXPECT_OK(watcher_->NotifyWith(body, absl::Seconds(20)).status());
  EXPECT_OK(watcher_->ExpectAlive());
}

// ---- NOT-27: what is tried again

class NotifierResponseScenarioTest : public NotifyAnswerTest {};

TEST_F(NotifierResponseScenarioTest, RetryAfterIsKeptAndThenTheCurrentStateIsTold) {
  ResponseOptions later;
  later.headers = {"Retry-After: 2"};
  ASSERT_OK(AnswerAChange(500, later));
  const absl::Time answered = absl::Now();
  ASSERT_OK(Publish("current"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_GE(notify.time - answered, absl::Milliseconds(1900));
  EXPECT_THAT(notify.sip.body(), HasSubstr("current"));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

TEST_F(NotifierResponseScenarioTest, UnavailableWatcherIsToldTheStateAfterItsTime) {
  ResponseOptions later;
  later.headers = {"Retry-After: 2 (starting);duration=60"};
  ASSERT_OK(AnswerAChange(503, later));
  const absl::Time answered = absl::Now();

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_GE(notify.time - answered, absl::Milliseconds(1900));
  EXPECT_THAT(notify.sip.body(), HasSubstr("refused"));
}

TEST_F(NotifierResponseScenarioTest, GlareIsTriedAgainOnceAfterTwoToFourSeconds) {
  ASSERT_OK(AnswerAChange(491));
  const absl::Time answered = absl::Now();

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify(absl::Seconds(10)));

  EXPECT_GE(notify.time - answered, absl::Seconds(2));
  EXPECT_THAT(notify.sip.body(), HasSubstr("refused"));
  EXPECT_OK(watcher_->ExpectAlive());
}

TEST_F(NotifierResponseScenarioTest, RedirectionIsFollowedOnce) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const elsewhere, NewWatcher());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("moved"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->TakeNotify());
  ResponseOptions moved;
  moved.headers = {absl::StrCat("Contact: <sip:watcher@127.0.0.1:", elsewhere->peer().port(), ">")};

  watcher_->peer().Respond(notify, 302, moved);

  ASSERT_OK_AND_ASSIGN(const Received again, elsewhere->peer().WaitFor("NOTIFY", kServerPatience));
  EXPECT_EQ(again.call_id(), notify.call_id());
  EXPECT_GT(again.sip.cseq(), notify.sip.cseq());
  EXPECT_THAT(again.sip.body(), HasSubstr("moved"));
  elsewhere->peer().Respond(again, 302, moved);
  EXPECT_OK(elsewhere->ExpectNoNotify());
}

TEST_F(NotifierResponseScenarioTest, StateThatIsTooLargeIsLeftOutAndTheNextOneIsTold) {
  ASSERT_OK(AnswerAChange(413));

  ASSERT_OK_AND_ASSIGN(const Received without, watcher_->NextNotify());
  ASSERT_OK(Publish("smaller"));

  EXPECT_THAT(without.sip.body(), IsEmpty());
  EXPECT_OK(watcher_->NotifyWith("smaller").status());
}

// It said in the SUBSCRIBE that it would take it; so it is told without.
TEST_F(NotifierResponseScenarioTest, BodyThatIsNotUnderstoodIsLeftOut) {
  ResponseOptions takes;
  takes.headers = {"Accept: text/foo"};
  ASSERT_OK(AnswerAChange(415, takes));

  const absl::StatusOr<Received> again = watcher_->NextNotify(absl::Seconds(2) * kSlowdown);

  if (again.ok()) {
    EXPECT_THAT(again->sip.body(), IsEmpty());
  }
  EXPECT_OK(watcher_->ExpectAlive());
}

// AUTH-08, DEV-03: watchers may want to know who tells them.
TEST_F(NotifierResponseScenarioTest, ChallengeIsMetAndKeepsTheWatcher) {
  const std::string file = WriteFile("notifier_credentials", "example.com gateway opensesame\n");
  ASSERT_OK(StartServer({"--sip_credentials_file=" + file}));
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->TakeNotify());
  DigestChallenge challenge;

  watcher_->peer().Challenge(first, challenge);

  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());
  EXPECT_EQ(second.sip.cseq(), first.sip.cseq() + 1);
  EXPECT_OK(
      CheckDigest(second.Header("Authorization"), challenge, "NOTIFY", "gateway", "opensesame"));
  EXPECT_THAT(second.sip.body(), HasSubstr("secret"));
}

// DEV-03: without credentials the NOTIFY is lost, not the watcher.
TEST_F(NotifierResponseScenarioTest, ChallengeThatCannotBeMetKeepsTheWatcher) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->TakeNotify());

  watcher_->peer().Challenge(notify, DigestChallenge());

  EXPECT_OK(watcher_->ExpectNoNotify());
  ASSERT_OK(Publish("next"));
  EXPECT_OK(watcher_->NotifyWith("next").status());
}

// DEV-01: it came before the answer to the SUBSCRIBE, for all that the phone knows.
TEST_F(NotifierResponseScenarioTest, RefusalOfTheFirstNotifyBlocksNobody) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Subscribe().status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->TakeNotify());
  watcher_->peer().Respond(notify, 481);

  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectGone());
  EXPECT_OK(watcher_->Begin().status());
}

// A provisional answer holds the NOTIFY, but not for ever.
TEST_F(NotifierResponseScenarioTest, ProvisionalAnswerIsNoAnswer) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(Publish("held"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->TakeNotify());

  watcher_->peer().Respond(notify, 100);
  ASSERT_OK(Publish("next"));

  EXPECT_OK(watcher_->ExpectNoNotify(absl::Seconds(1)));
  watcher_->peer().Respond(notify, 200);
  EXPECT_OK(watcher_->NotifyWith("next").status());
}

// GEN-14, DEV-12: 202 was right once.
TEST_F(NotifierResponseScenarioTest, AcceptedIsTakenAsOk) {
  ASSERT_OK(AnswerAChange(202));

  ASSERT_OK(Publish("next"));

  EXPECT_OK(watcher_->NotifyWith("next").status());
}

}  // namespace
}  // namespace sipevents::testing
