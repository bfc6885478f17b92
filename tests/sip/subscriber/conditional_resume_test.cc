// A dialog is lost, and the state that it told is taken up by the next one without being sent again
// (RFC 5839).

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kPidfType[] = "application/pidf+xml";
constexpr char kDialogInfo[] = "application/dialog-info+xml";
constexpr char kFull[] =
    R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="5" state="full"
       entity="sip:alice@example.com"><dialog id="c1"><state>early</state></dialog></dialog-info>)";
constexpr char kPartial[] =
    R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="partial"
       entity="sip:alice@example.com"><dialog id="c2"><state>early</state></dialog></dialog-info>)";

class ConditionalResumeTest : public SubscriberFixture {
 protected:
  // Active, with a state of the tag `e1`.
  void SubscribeWithTag(const std::string& event_package = "presence") {
    const bool presence = event_package == "presence";
    observer_ = Subscribe(event_package);
    Answer(200);
    Notify({.body = presence ? kOpen : kFull,
            .content_type = presence ? kPidfType : kDialogInfo,
            .entity_tag = "e1"});
    ASSERT_THAT(observer_->bodies, SizeIs(1));
  }
  // The notifier ends the dialog; the next SUBSCRIBE leaves at once.
  void LoseDialog(const std::string& entity_tag = "e1") {
    Notify(
        {.cseq = 2, .substate = "terminated", .reason = "deactivated", .entity_tag = entity_tag});
    PassUntilSent(2);
  }

  std::shared_ptr<RecordingObserver> observer_;
};

TEST_F(ConditionalResumeTest, NextDialogBeginsWithTheTagAndKeepsTheStateCen04) {
  SubscribeWithTag();

  LoseDialog();

  EXPECT_EQ(sender_.last().to_tag, "");
  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
  EXPECT_THAT(observer_->ended_dialogs, IsEmpty());
  EXPECT_NE(observer_->statuses.back().stale_since, absl::InfinitePast());

  Answer(200);
  EXPECT_EQ(Notify({.tag = "b", .entity_tag = "e1"}), 200);

  EXPECT_EQ(observer_->state(), SubscriptionState::kActive);
  EXPECT_EQ(observer_->statuses.back().stale_since, absl::InfinitePast());
  EXPECT_THAT(observer_->ended_dialogs, IsEmpty());
  EXPECT_THAT(observer_->bodies, SizeIs(1));
  EXPECT_EQ(sender_.sent.size(), 2U);

  // The state goes on under the name that it had, and with it the condition.
  Notify({.tag = "b", .cseq = 2, .body = kOpen, .content_type = kPidfType, .entity_tag = "e2"});
  ASSERT_THAT(observer_->dialogs, SizeIs(2));
  EXPECT_EQ(observer_->dialogs[1], observer_->dialogs[0]);
  PassUntilSent(3);
  EXPECT_EQ(sender_.last().to_tag, "b");
  EXPECT_EQ(sender_.last().suppress_if_match, "e2");
}

TEST_F(ConditionalResumeTest, LastNotifyNeedNotRepeatTheTag) {
  SubscribeWithTag();
  LoseDialog("");
  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
}

TEST_F(ConditionalResumeTest, StateOfTheLastNotifyIsTheOneThatIsResumed) {
  SubscribeWithTag();
  Notify({.cseq = 2,
          .substate = "terminated",
          .reason = "deactivated",
          .body = kOpen,
          .content_type = kPidfType,
          .entity_tag = "e2"});
  PassUntilSent(2);
  EXPECT_EQ(sender_.last().suppress_if_match, "e2");
}

// A notifier that starts again knows nothing of the dialog.
TEST_F(ConditionalResumeTest, RefreshThatIsAnswered481IsResumed) {
  SubscribeWithTag();
  PassUntilSent(2);
  ASSERT_EQ(sender_.last().suppress_if_match, "e1");

  Answer(481);
  PassUntilSent(3);

  EXPECT_EQ(sender_.last().to_tag, "");
  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
  Answer(200);
  Notify({.tag = "b", .entity_tag = "e1"});
  EXPECT_EQ(observer_->state(), SubscriptionState::kActive);
  EXPECT_THAT(observer_->ended_dialogs, IsEmpty());
}

TEST_F(ConditionalResumeTest, RefreshThatTimesOutIsResumed) {
  SubscribeWithTag();
  PassUntilSent(2);

  Answer(Failure(408, SendFailure::kTimeout));
  EXPECT_EQ(observer_->state(), SubscriptionState::kRetrying);
  PassUntilSent(3);

  EXPECT_EQ(sender_.last().to_tag, "");
  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
}

// CEN-09: 204 has no place outside of a dialog, but is no failure.
TEST_F(ConditionalResumeTest, Answer204IsTakenAs200) {
  SubscribeWithTag();
  LoseDialog();
  Response nothing_new = Reply(204);
  nothing_new.expires = 600;
  Answer(nothing_new);
  Notify({.tag = "b", .entity_tag = "e1"});
  EXPECT_EQ(observer_->state(), SubscriptionState::kActive);
  EXPECT_THAT(observer_->ended_dialogs, IsEmpty());
}

// CEN-06
TEST_F(ConditionalResumeTest, OtherStateReplacesTheOneThatWasLost) {
  SubscribeWithTag();
  LoseDialog();
  Answer(200);

  Notify({.tag = "b", .body = kOpen, .content_type = kPidfType, .entity_tag = "e2"});

  EXPECT_THAT(observer_->ended_dialogs, ElementsAre(Pair(observer_->dialogs[0], "deactivated")));
  ASSERT_THAT(observer_->dialogs, SizeIs(2));
  EXPECT_NE(observer_->dialogs[1], observer_->dialogs[0]);
}

// Who knows nothing of conditions, and has no state to tell yet.
TEST_F(ConditionalResumeTest, EmptyNotifyWithoutTheTagIsNoProof) {
  for (const std::string tag : {"", "e2"}) {
    SubscribeWithTag();
    const size_t sent = sender_.sent.size();
    LoseDialog();
    PassUntilSent(sent + 1);
    Answer(200);
    Notify({.tag = "b", .entity_tag = tag});
    EXPECT_THAT(observer_->ended_dialogs, SizeIs(1)) << tag;
  }
}

TEST_F(ConditionalResumeTest, EndForGoodTellsThatTheStateIsNoMore) {
  SubscribeWithTag();
  LoseDialog();

  Answer(404);
  // CEN-09: it might have been the condition.
  ASSERT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
  Answer(404);

  EXPECT_THAT(observer_->ended_dialogs, ElementsAre(Pair(observer_->dialogs[0], "deactivated")));
  EXPECT_TRUE(observer_->ended);
}

TEST_F(ConditionalResumeTest, PeerThatRefusesTheConditionIsAskedWithoutItAtOnceCen09) {
  SubscribeWithTag();
  LoseDialog();

  Answer(400);

  ASSERT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().call_id, sender_.sent[1].request.call_id);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
  Answer(200);
  Notify({.tag = "b", .body = kOpen, .content_type = kPidfType, .entity_tag = "e1"});
  EXPECT_EQ(observer_->state(), SubscriptionState::kActive);
  PassUntilSent(4);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

TEST_F(ConditionalResumeTest, PeerThatAcceptsAndSendsNoNotifyIsNotGivenItAgainCen09) {
  SubscribeWithTag();
  LoseDialog();
  Answer(200);

  PassUntilSent(3);

  EXPECT_EQ(sender_.last().to_tag, "");
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

TEST_F(ConditionalResumeTest, ConditionStaysWhenALongerIntervalIsAskedFor) {
  SubscribeWithTag();
  LoseDialog();
  Response too_brief = Reply(423);
  too_brief.min_expires = 1800;

  Answer(too_brief);

  ASSERT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().expires, 1800U);
  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
}

TEST_F(ConditionalResumeTest, StateWithoutTagIsLostWithItsDialog) {
  observer_ = Subscribe("presence");
  Answer(200);
  Notify({.body = kOpen, .content_type = kPidfType});
  Notify({.cseq = 2, .substate = "terminated", .reason = "deactivated"});
  PassUntilSent(2);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
  EXPECT_THAT(observer_->ended_dialogs, SizeIs(1));
}

// Without the table of the dialog before, what changed in it means nothing.
TEST_F(ConditionalResumeTest, ChangeToAResumedStateIsAskedForInFull) {
  SubscribeWithTag("dialog");
  LoseDialog();
  Answer(200);
  Notify({.tag = "b", .entity_tag = "e1"});

  Notify(
      {.tag = "b", .cseq = 2, .body = kPartial, .content_type = kDialogInfo, .entity_tag = "e2"});

  EXPECT_THAT(observer_->bodies, SizeIs(1));
  ASSERT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().to_tag, "b");
  EXPECT_EQ(sender_.last().suppress_if_match, "");
  Answer(200);
  Notify({.tag = "b", .cseq = 3, .body = kFull, .content_type = kDialogInfo, .entity_tag = "e2"});
  EXPECT_THAT(observer_->bodies, ElementsAre(kFull, kFull));
}

// Two notifiers: the one tells another state, then the other one says that it has not changed.
TEST_F(ConditionalResumeTest, ForkWhoseStateIsNoLongerShownIsAskedForIt) {
  SubscribeWithTag("dialog");
  LoseDialog();
  Answer(200);
  Notify({.tag = "b", .body = kFull, .content_type = kDialogInfo, .entity_tag = "x1"});
  ASSERT_THAT(observer_->ended_dialogs, SizeIs(1));

  Notify({.tag = "c", .entity_tag = "e1"});

  ASSERT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().to_tag, "c");
  EXPECT_EQ(sender_.last().suppress_if_match, "");
  // Nor later, until it has told its state.
  Answer(500);
  for (size_t sent = 4; sent < 8; ++sent) {
    PassUntilSent(sent);
    if (sender_.last().to_tag == "c") break;
  }
  ASSERT_GT(sender_.sent.size(), 3U);
  ASSERT_EQ(sender_.last().to_tag, "c");
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

// DEV-09: what comes unasked meanwhile is newer. A notifier for which that is no change is asked.
TEST_F(ConditionalResumeTest, StateThatComesUnaskedReplacesTheLostOne) {
  constexpr char kType[] = "application/simple-message-summary";
  UnsolicitedDoor door({});
  unsolicited_ = &door;
  observer_ = Subscribe("message-summary");
  Answer(200);
  Notify({.body = "Messages-Waiting: no\r\n", .content_type = kType, .entity_tag = "e1"});
  LoseDialog();

  subscriber().TakeUnsolicited({.resources = {"alice@example.com"},
                                .content_type = kType,
                                .body = "Messages-Waiting: yes\r\n"});

  EXPECT_THAT(observer_->ended_dialogs, ElementsAre(Pair(observer_->dialogs[0], "deactivated")));
  EXPECT_THAT(observer_->bodies, SizeIs(2));
  Answer(200);
  NotifyTo(1, {.tag = "b", .entity_tag = "e1"});
  ASSERT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().to_tag, "b");
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

TEST_F(ConditionalResumeTest, NobodyHearsOfALostStateAfterUnsubscribing) {
  SubscribeWithTag();
  LoseDialog();
  subscriber().Unsubscribe(last_id_);
  EXPECT_TRUE(observer_->ended);
  Answer(200);
  EXPECT_EQ(Notify({.tag = "b", .entity_tag = "e1"}), 200);
  EXPECT_THAT(observer_->ended_dialogs, IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
