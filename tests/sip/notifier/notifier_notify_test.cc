#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// NOTIFYs, and what their answers lead to.

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

class NotifierNotifyTest : public NotifierTest {};

// NOT-19.
TEST_F(NotifierNotifyTest, ChangeIsToldToAllWhoWatchAndNobodyElse) {
  Subscribe(kBob);
  Subscribe(kCarol);
  Subscribe(kBob, "dialog");
  SetPresence("new");
  ASSERT_EQ(sent(), 5u);
  EXPECT_EQ(sender_.sent[3].request.event, "presence");
  EXPECT_EQ(sender_.sent[4].request.event, "presence");
  EXPECT_EQ(sender_.sent[3].request.cseq, 2u);
  EXPECT_EQ(sender_.sent[3].priority, RequestPriority::kNotify);
}

// NOT-46.
TEST_F(NotifierNotifyTest, OneIsUnderWayAndTheNextHasTheLatestState) {
  Send(Initial());
  for (int i = 0; i < 5; ++i) SetPresence(absl::StrCat("change ", i));
  EXPECT_EQ(sent(), 1u);
  Answer(0, 200);
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, HasSubstr("change 4"));
  Answer(1, 200);
  EXPECT_EQ(sent(), 2u);
}

TEST_F(NotifierNotifyTest, NotifyThatWaitsForItsTurnTellsTheStateOfThatMoment) {
  sender_.hold = true;
  Send(Initial());
  SetPresence("while it waited");
  sender_.Release();
  EXPECT_THAT(last().body, HasSubstr("while it waited"));
  AnswerAll();
  EXPECT_EQ(sender_.waiting.size(), 0u);
}

// Many watchers of one state: all are told, a part at a time.
TEST_F(NotifierNotifyTest, LargeAudienceIsToldWholly) {
  for (int i = 0; i < 300; ++i) Subscribe(absl::StrCat("sip:w", i, "@example.com"));
  SetPresence("new");
  EXPECT_EQ(sent(), 600u);
}

// NOT-25, NOT-26.
TEST_F(NotifierNotifyTest, RefusedNotifyRemovesTheSubscription) {
  const Dialog dialog = Send(Initial());
  Answer(0, 481);
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(Send(Next(dialog)).answer.status, 481);
  SetPresence("new");
  EXPECT_EQ(sent(), 1u);
}

// NOT-27.
TEST_F(NotifierNotifyTest, RefusedBodyIsLeftOutUntilTheNextSubscribe) {
  for (const int status : {406, 413, 415, 513}) {
    const Dialog dialog = Send(Initial());
    Answer(sent() - 1, status);
    EXPECT_EQ(last().body, "") << status;
    EXPECT_EQ(last().content_type, "") << status;
    EXPECT_EQ(last().entity_tag, "none") << status;
    AnswerAll();
    Send(Next(dialog));
    EXPECT_NE(last().body, "") << status;
    AnswerAll();
  }
}

// NOT-27: what was too large is not what is sent in its place.
TEST_F(NotifierNotifyTest, StateThatFollowsOneTooLargeIsTold) {
  Send(Initial());
  SetPresence("small");  // while the large one is under way
  Answer(0, 413);
  EXPECT_THAT(last().body, HasSubstr("small"));
}

TEST_F(NotifierNotifyTest, StateAfterABodyThatWasLeftOutIsTold) {
  Send(Initial());
  Answer(0, 413);
  EXPECT_EQ(last().body, "");
  SetPresence("small");  // while the one without body is under way
  Answer(1, 200);
  EXPECT_THAT(last().body, HasSubstr("small"));
}

TEST_F(NotifierNotifyTest, BodyThatIsNoneIsNotLeftOutForEver) {
  Send(Initial());
  Answer(0, 415);
  ASSERT_EQ(sent(), 2u);
  Answer(1, 415);
  EXPECT_EQ(sent(), 2u);
  EXPECT_EQ(notifier_.size(), 1u);
}

// AUTH-08.
TEST_F(NotifierNotifyTest, ChallengeIsMetOnce) {
  credentials_ = *CredentialTable::Parse("example.com user password\n", "test");
  Send(Initial());
  Response challenge;
  challenge.status = 401;
  challenge.challenges = {
      {false, "Digest realm=\"example.com\", nonce=\"n\", algorithm=MD5, qop=\"auth\""}};
  AnswerLast(challenge);
  ASSERT_EQ(sent(), 2u);
  ASSERT_EQ(last().authorization.size(), 1u);
  EXPECT_EQ(last().authorization[0].first, "Authorization");
  EXPECT_THAT(last().authorization[0].second, HasSubstr("username=\"user\""));
  EXPECT_EQ(last().cseq, 2u);
  AnswerLast(challenge);
  EXPECT_EQ(sent(), 2u);
  EXPECT_EQ(notifier_.size(), 1u);
}

// Followed once; then the watcher has moved too often.
TEST_F(NotifierNotifyTest, RedirectionIsFollowedOnce) {
  Send(Initial());
  Response moved;
  moved.status = 302;
  moved.redirect_to = {"sip:phone@192.0.2.20"};
  AnswerLast(moved);
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.20");
  EXPECT_EQ(sender_.sent[1].first_hop, "sip:phone@192.0.2.20");
  AnswerLast(moved);
  EXPECT_EQ(sent(), 2u);
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierNotifyTest, RedirectionIsForOneNotifyAndAfterAFailureToo) {
  Send(Initial());
  Answer(0, 500);
  SetPresence("new");
  Response moved;
  moved.status = 302;
  moved.redirect_to = {"sip:phone@192.0.2.20"};
  AnswerLast(moved);
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.20");
  AnswerAll();
  SetPresence("newer");
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.7");
  AnswerLast(moved);
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.20");
}

TEST_F(NotifierNotifyTest, RedirectionKeepsTheRoute) {
  IncomingRequest request = Initial();
  request.record_route = {"<sip:strict.example.net>"};
  Send(request);
  Response moved;
  moved.status = 302;
  moved.redirect_to = {"sip:phone@192.0.2.20"};
  AnswerLast(moved);
  EXPECT_EQ(last().request_uri, "sip:strict.example.net");
  EXPECT_EQ(last().route_set, std::vector<std::string>{"<sip:phone@192.0.2.20>"});
  EXPECT_EQ(sender_.sent[1].first_hop, "sip:strict.example.net");
}

TEST_F(NotifierNotifyTest, RedirectionToNowhereEndsIt) {
  Send(Initial());
  Answer(0, 305);
  EXPECT_EQ(notifier_.size(), 0u);
}

// NOT-27.
TEST_F(NotifierNotifyTest, PauseIsKeptAndEndsWithTheLatestState) {
  Send(Initial());
  Response busy;
  busy.status = 503;
  busy.retry_after = 100;
  AnswerLast(busy);
  SetPresence("meanwhile");
  clock_.Advance(absl::Seconds(99));
  EXPECT_EQ(sent(), 1u);
  clock_.Advance(absl::Seconds(12));  // up to a tenth more
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, HasSubstr("meanwhile"));
}

// A least rate and a pause together once had the thread's timers run without end.
TEST_F(NotifierNotifyTest, PauseOfWhoWantsALeastRateIsAPause) {
  IncomingRequest request = Initial();
  request.event_parameters = {"min-rate=1"};
  Send(request);
  Response busy;
  busy.status = 503;
  busy.retry_after = 100;
  AnswerLast(busy);
  clock_.Advance(absl::Seconds(99));
  EXPECT_EQ(sent(), 1u);
  clock_.Advance(absl::Seconds(12));
  EXPECT_EQ(sent(), 2u);
}

// NOT-29.
TEST_F(NotifierNotifyTest, ExpiryIsToldWithTheState) {
  const Dialog dialog = Subscribe();
  SetPresence("last");
  AnswerAll();
  clock_.Advance(absl::Seconds(599));
  EXPECT_EQ(sent(), 2u);
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(sent(), 3u);
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
  EXPECT_THAT(last().body, HasSubstr("last"));
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(Send(Next(dialog)).answer.status, 481);
}

// NOT-42.
TEST_F(NotifierNotifyTest, DrainTellsAllAndThenIsIdle) {
  Subscribe(kBob);
  Subscribe(kCarol);
  bool idle = false;
  notifier_.Drain([&] { idle = true; });
  Settle();
  ASSERT_EQ(sent(), 4u);
  EXPECT_EQ(last().subscription_state, "terminated;reason=deactivated");
  EXPECT_EQ(last().body, "");
  const RequestAnswer refused = Send(Initial()).answer;
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(HeaderOf(refused, "Retry-After"), "60");
  EXPECT_FALSE(idle);
  AnswerAll();
  EXPECT_TRUE(idle);
  EXPECT_EQ(notifier_.size(), 0u);
}

TEST_F(NotifierNotifyTest, DrainOfNobodyIsIdleAtOnce) {
  bool idle = false;
  notifier_.Drain([&] { idle = true; });
  EXPECT_TRUE(idle);
}

class NotifierPaceTest : public NotifierTest {};

// RATE-01.
TEST_F(NotifierPaceTest, GreatestRateGathersChanges) {
  IncomingRequest request = Initial();
  request.event_parameters = {"max-rate=0.1"};
  const Dialog dialog = Send(request);
  AnswerAll();
  for (int i = 0; i < 50; ++i) {
    clock_.Advance(absl::Milliseconds(100));
    SetPresence(absl::StrCat("change ", i));
  }
  EXPECT_EQ(sent(), 1u);
  clock_.Advance(absl::Seconds(5.1));
  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, HasSubstr("change 49"));
  EXPECT_EQ(last().subscription_state, "active;expires=590;max-rate=0.1");
  AnswerAll();
  // A SUBSCRIBE without it ends it.
  IncomingRequest refresh = Next(dialog);
  refresh.event_parameters.clear();
  Send(refresh);
  AnswerAll();
  SetPresence("at once");
  EXPECT_EQ(sent(), 4u);
}

// RATE-03.
TEST_F(NotifierPaceTest, LeastRateTellsWithoutAChange) {
  IncomingRequest request = Initial();
  request.event_parameters = {"min-rate=0.5"};
  Send(request);
  AnswerAll();
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(absl::Seconds(2));
    AnswerAll();
  }
  EXPECT_EQ(sent(), 6u);
}

// What the API shows of the last NOTIFY, taken or not.
TEST_F(NotifierNotifyTest, RecordTellsHowTheLastNotifyFared) {
  SetPresence("a");
  Send(Initial());
  const auto record = [this] { return notifier_.List({}, "", 1).at(0); };
  const absl::Time begin = clock_.Now();
  EXPECT_EQ(record().last_notify_attempt_time, begin);
  EXPECT_EQ(record().last_notify_status, 0);
  clock_.Advance(absl::Seconds(1));
  Answer(0, 200);
  EXPECT_EQ(record().last_notify_status, 200);
  EXPECT_EQ(record().last_notify_time, begin + absl::Seconds(1));
  SetPresence("b");
  Answer(1, 500);
  EXPECT_EQ(record().status, WatcherStatus::kActive);
  EXPECT_EQ(record().last_notify_status, 500);
  EXPECT_EQ(record().last_notify_attempt_time, begin + absl::Seconds(1));
  EXPECT_EQ(record().notify_count, 1u);
}

TEST_F(NotifierNotifyTest, RecordTellsWhyAWatcherHasNoState) {
  const auto omission = [this] { return notifier_.List({}, "", 1).at(0).body_omission; };
  SetPresence("a");
  const Dialog dialog = Send(Initial());
  EXPECT_EQ(omission(), BodyOmission::kNone);
  Answer(0, 415);
  ASSERT_EQ(sent(), 2u);
  EXPECT_EQ(last().body, "");
  EXPECT_EQ(omission(), BodyOmission::kRefused);
  Answer(1, 200);
  EXPECT_EQ(omission(), BodyOmission::kRefused);
  Send(Next(dialog));
  EXPECT_EQ(omission(), BodyOmission::kNone);
  Answer(2, 413);
  EXPECT_EQ(omission(), BodyOmission::kTooLarge);
  Answer(3, 200);
  EXPECT_EQ(omission(), BodyOmission::kTooLarge);  // it still has none
  SetPresence("b");
  EXPECT_EQ(omission(), BodyOmission::kNone);
}

}  // namespace
}  // namespace sipevents::sip
