#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_join.h"
#include "sip/subscriber/exchange_journal.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// What a subscription tells of itself to people who look for a fault.

namespace sipevents::sip {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ExplainTest : public SubscriberFixture {
 protected:
  SubscriptionExplanation Explain() { return subscriber().Explain(last_id_); }

  // All texts of the exchanges.
  std::string Exchanges() {
    std::string all;
    for (const ExplainedExchange& exchange : Explain().exchanges) {
      all += absl::StrJoin(exchange.head, "\n") + "\n" + exchange.answer + "\n" + exchange.peer;
    }
    return all;
  }
};

TEST_F(ExplainTest, WhatIsNotThereIsNotKnown) { EXPECT_FALSE(subscriber().Explain(7).known); }

TEST_F(ExplainTest, AttemptShowsWhatItWaitsFor) {
  const auto observer = Subscribe("presence");
  const absl::Time sent = clock_.Now();
  clock_.Advance(absl::Seconds(3));

  const SubscriptionExplanation unanswered = Explain();
  Answer(200);
  const SubscriptionExplanation accepted = Explain();

  ASSERT_TRUE(unanswered.known);
  ASSERT_TRUE(unanswered.attempt.has_value());
  EXPECT_EQ(unanswered.attempt->sent, sent);
  EXPECT_EQ(unanswered.attempt->notify_deadline, sent + TimerN(absl::Milliseconds(500)));
  EXPECT_FALSE(unanswered.attempt->accepted);
  EXPECT_EQ(unanswered.attempt->server, "udp:192.0.2.1:5060");
  ASSERT_THAT(unanswered.exchanges, SizeIs(1));
  EXPECT_EQ(unanswered.exchanges[0].status, 0);
  EXPECT_TRUE(accepted.attempt->accepted);
  EXPECT_EQ(accepted.exchanges[0].status, 200);
  EXPECT_EQ(accepted.exchanges[0].delay, absl::Seconds(3));
  EXPECT_THAT(accepted.dialogs, IsEmpty());
}

TEST_F(ExplainTest, WaitingAttemptShowsSinceWhenAndAtWhichServer) {
  sender_.hold = true;
  sender_.server_state = {.down = true,
                          .probe_time = clock_.Now() + absl::Seconds(9),
                          .cause = "timeout",
                          .failures = 5,
                          .in_flight = 1,
                          .waiting = 40};
  const auto observer = Subscribe("presence");

  const SubscriptionExplanation shown = Explain();

  EXPECT_EQ(shown.attempt->waiting_since, clock_.Now());
  EXPECT_EQ(shown.attempt->sent, absl::InfinitePast());
  ASSERT_THAT(shown.servers, SizeIs(1));
  EXPECT_EQ(shown.servers[0].server, "udp:192.0.2.1:5060");
  EXPECT_EQ(shown.servers[0].failures, 5);
  EXPECT_EQ(shown.servers[0].waiting, 40u);
}

TEST_F(ExplainTest, DialogShowsItsTimesAndPlaces) {
  const auto observer = Subscribe("presence");
  Answer(200);
  const absl::Time made = clock_.Now();
  Notify({.body = kOpen,
          .content_type = "application/pidf+xml",
          .contact = "sip:alice:s3cret@192.0.2.9",
          .record_route = {"<sip:proxy.example.com;lr>"}});

  const SubscriptionExplanation shown = Explain();

  ASSERT_THAT(shown.dialogs, SizeIs(1));
  const ExplainedDialog& dialog = shown.dialogs[0];
  EXPECT_EQ(dialog.id, observer->dialogs[0]);
  EXPECT_EQ(dialog.state, ExplainedDialog::State::kActive);
  EXPECT_EQ(dialog.substate, "active");
  EXPECT_EQ(dialog.remote_contact, "sip:alice:(redacted)@192.0.2.9");
  EXPECT_THAT(dialog.route, ElementsAre("<sip:proxy.example.com;lr>"));
  EXPECT_EQ(dialog.made, made);
  EXPECT_EQ(dialog.last_notify, made);
  EXPECT_EQ(dialog.last_state, made);
  EXPECT_EQ(dialog.expires_at, made + absl::Seconds(600));
  EXPECT_GT(dialog.refresh_at, made);
  EXPECT_LT(dialog.refresh_at, dialog.expires_at);
  EXPECT_EQ(dialog.remote_cseq, 1u);
  EXPECT_FALSE(dialog.request_outstanding);
  EXPECT_EQ(dialog.notify_deadline, absl::InfinitePast());
  EXPECT_EQ(shown.notifies, 1u);
}

TEST_F(ExplainTest, RefreshThatIsNotAnsweredShowsWhenItLeft) {
  const auto observer = SubscribeUntilRefresh("presence");
  const absl::Time sent = Explain().exchanges.back().time;
  clock_.Advance(absl::Seconds(7));

  const SubscriptionExplanation shown = Explain();

  EXPECT_TRUE(shown.dialogs.at(0).request_outstanding);
  EXPECT_LE(absl::AbsDuration(shown.dialogs[0].request_sent - sent), absl::Milliseconds(1));
  EXPECT_EQ(shown.dialogs[0].refresh_at, absl::InfinitePast());
}

TEST_F(ExplainTest, BadBodyIsNamedAndTheLastGoodStateKeepsItsTime) {
  const auto observer = Subscribe("presence");
  Answer(200);
  Notify({.body = kOpen, .content_type = "application/pidf+xml"});
  const absl::Time good = clock_.Now();
  clock_.Advance(absl::Seconds(60));

  Notify({.cseq = 2, .body = "not XML", .content_type = "application/pidf+xml"});
  const SubscriptionExplanation bad = Explain();
  Notify({.cseq = 3, .body = kOpen, .content_type = "application/pidf+xml"});
  const SubscriptionExplanation mended = Explain();

  EXPECT_TRUE(bad.dialogs.at(0).body_unusable);
  EXPECT_EQ(bad.dialogs[0].last_state, good);
  EXPECT_EQ(bad.decode_errors, 1u);
  EXPECT_EQ(bad.last_decode_error, observer->errors.at(1));
  EXPECT_THAT(bad.last_decode_error, Not(IsEmpty()));
  EXPECT_EQ(bad.last_decode_error_time, good + absl::Seconds(60));
  EXPECT_FALSE(mended.dialogs.at(0).body_unusable);
  EXPECT_EQ(mended.dialogs[0].last_state, clock_.Now());
  EXPECT_EQ(mended.notifies, 3u);
}

TEST_F(ExplainTest, ExchangesNeverShowCredentials) {
  HaveCredentials();
  const auto observer = Subscribe("presence");
  Answer(DigestChallenge("n0nce"));
  ASSERT_THAT(sender_.last().authorization, SizeIs(1));

  const std::string all = Exchanges();

  EXPECT_THAT(all, HasSubstr("Authorization: (redacted)"));
  EXPECT_THAT(all, Not(HasSubstr("n0nce")));
  EXPECT_THAT(all, Not(HasSubstr("Digest")));
  EXPECT_THAT(all, Not(HasSubstr("response=")));
  EXPECT_EQ(Explain().exchanges.at(0).status, 401);
}

TEST_F(ExplainTest, LastTwoOfEachSideAreKept) {
  const auto observer = Subscribe("presence");
  Answer(200);
  for (uint32_t cseq = 1; cseq <= 20; ++cseq) Notify({.cseq = cseq});
  PassUntilSent(2);
  Answer(Failure(408, SendFailure::kTimeout));

  const SubscriptionExplanation shown = Explain();

  ASSERT_THAT(shown.exchanges, SizeIs(4));
  EXPECT_THAT(shown.exchanges[0].head, Contains("SUBSCRIBE sip:alice@example.com SIP/2.0"));
  EXPECT_THAT(shown.exchanges[0].head, Contains("CSeq: 1 SUBSCRIBE"));
  EXPECT_THAT(shown.exchanges[1].head, Contains("CSeq: 19 NOTIFY"));
  EXPECT_THAT(shown.exchanges[2].head, Contains("CSeq: 20 NOTIFY"));
  EXPECT_THAT(shown.exchanges[2].head, Contains("Subscription-State: active;expires=600"));
  EXPECT_THAT(shown.exchanges[3].head, Contains("CSeq: 2 SUBSCRIBE"));
  EXPECT_EQ(shown.exchanges[3].status, 408);
  EXPECT_EQ(shown.exchanges[3].answer, "timeout");
  EXPECT_EQ(shown.exchanges[3].dialog, shown.dialogs.at(0).id);
  EXPECT_EQ(shown.notifies, 20u);
}

TEST_F(ExplainTest, RepeatedNotifyCountsOnce) {
  const auto observer = Subscribe("presence");
  Answer(200);
  Notify({});
  Notify({});

  EXPECT_EQ(Explain().notifies, 1u);
}

TEST_F(ExplainTest, RetryShowsWhatFailedAndWhatComesNext) {
  const auto observer = Subscribe("presence");
  Answer(503);

  const SubscriptionExplanation shown = Explain();

  EXPECT_EQ(shown.failures, 1);
  EXPECT_EQ(shown.last_reason, "response");
  EXPECT_EQ(shown.last_status, 503);
  EXPECT_EQ(shown.next_attempt, observer->statuses.back().retry_time);
  EXPECT_FALSE(shown.attempt.has_value());
}

TEST_F(ExplainTest, DeviationsAreNamedOnceAndBounded) {
  const auto observer = Subscribe("presence");
  Response accepted = Reply(202);
  accepted.expires = 600;
  Answer(accepted);
  Notify({.with_state = false});
  Notify({.cseq = 2, .with_state = false});
  ExchangeJournal journal;
  for (int i = 0; i < 100; ++i) journal.NoteDeviation("ROW-" + std::to_string(i));
  SubscriptionExplanation bounded;
  journal.Explain(
      "presence", [](uint32_t) { return std::string(); }, bounded);

  EXPECT_THAT(Explain().deviations, ElementsAre("DEV-12", "SUB-29"));
  EXPECT_THAT(bounded.deviations, SizeIs(ExchangeJournal::kMostDeviations));
}

// DEV-09.
TEST_F(ExplainTest, StateThatCameUnaskedIsNotedAsSuch) {
  UnsolicitedDoor door({});
  unsolicited_ = &door;
  const auto observer = Subscribe("message-summary");
  Answer(404);
  UnsolicitedState told{.resources = {"alice@example.com"},
                        .content_type = "application/simple-message-summary",
                        .body = "Messages-Waiting: yes\r\n",
                        .receive_time = clock_.Now(),
                        .via_host = "192.0.2.77",
                        .cseq = 102};
  subscriber().TakeUnsolicited(told);
  told.receive_time += absl::Seconds(9);
  subscriber().TakeUnsolicited(told);  // of another Call-ID, as PBXs do: no repeated one

  const SubscriptionExplanation shown = Explain();
  clock_.Advance(absl::Hours(1));  // the SUBSCRIBE of every hour
  Answer(200);
  Notify(
      {.body = "Messages-Waiting: no\r\n", .content_type = "application/simple-message-summary"});
  const SubscriptionExplanation in_dialog = Explain();

  EXPECT_EQ(shown.unsolicited_time, told.receive_time);
  EXPECT_EQ(shown.notifies, 2u);
  ASSERT_THAT(shown.exchanges, SizeIs(3));
  EXPECT_EQ(shown.exchanges[2].dialog, "unsolicited");
  EXPECT_EQ(shown.exchanges[2].peer, "192.0.2.77");
  EXPECT_EQ(in_dialog.unsolicited_time, absl::InfinitePast());
  EXPECT_THAT(in_dialog.dialogs, SizeIs(1));
}

// A million subscriptions may be there: see docs/operations.md.
TEST_F(ExplainTest, JournalIsSmall) {
  EXPECT_EQ(sizeof(ExchangeJournal), sizeof(void*));
  EXPECT_LE(ExchangeJournal::BlockOctets(), 448u);
}

TEST_F(ExplainTest, LongTextsAreCutAndMarked) {
  ExchangeJournal journal;
  OutgoingRequest request;
  request.request_uri = "sip:" + std::string(5000, 'x') + "@example.com";
  journal.NoteRequest(0, request, clock_.Now());
  journal.NoteSent(0, request.cseq, "udp:192.0.2.1:5060", clock_.Now());
  SubscriptionExplanation shown;

  journal.Explain(
      "presence", [](uint32_t) { return std::string(); }, shown);

  ASSERT_THAT(shown.exchanges, SizeIs(1));
  EXPECT_EQ(shown.exchanges[0].peer, "udp:192.0.2.1:5060");
  EXPECT_THAT(shown.exchanges[0].head[0], HasSubstr("xxx… SIP/2.0"));
  EXPECT_LT(shown.exchanges[0].head[0].size(), 100u);
}

}  // namespace
}  // namespace sipevents::sip
