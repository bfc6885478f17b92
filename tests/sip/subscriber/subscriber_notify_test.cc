#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/subscriber/subscriber.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// What a NOTIFY may be and say, and which deviations are counted.

namespace sipevents::sip {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class SubscriberNotifyTest : public SubscriberFixture {};

// SUB-53: both variants.
TEST_F(SubscriberNotifyTest, FinalNotifyMayCarryStateSub53) {
  auto observer = Subscribe("presence");
  Notify({});
  Notify({.cseq = 2,
          .substate = "terminated",
          .reason = "noresource",
          .body = kOpen,
          .content_type = "application/pidf+xml"});
  EXPECT_THAT(observer->bodies, Contains(std::string(kOpen)));
  EXPECT_TRUE(observer->ended);
}

TEST_F(SubscriberNotifyTest, FinalNotifyCountsWhateverItCarriesSub33) {
  auto observer = Subscribe("presence");
  Notify({});
  EXPECT_EQ(Notify({.cseq = 2,
                    .substate = "terminated",
                    .reason = "rejected",
                    .body = "<html/>",
                    .content_type = "text/html"}),
            200);
  EXPECT_TRUE(observer->ended);
}

TEST_F(SubscriberNotifyTest, NotifyThatIsNotFinalEndsNothingGen03) {
  auto observer = Subscribe("presence");
  for (uint32_t cseq = 1; cseq <= 50; ++cseq) EXPECT_EQ(Notify({.cseq = cseq}), 200);
  EXPECT_EQ(observer->statuses.back().dialog_count, 1);
}

// GEN-02: with its only usage the dialog is gone.
TEST_F(SubscriberNotifyTest, EndOfTheUsageEndsTheDialogGen02) {
  Subscribe("presence");
  Notify({});
  Notify({.cseq = 2, .substate = "terminated", .reason = "rejected"});
  EXPECT_EQ(Notify({.cseq = 3}), 481);
}

TEST_F(SubscriberNotifyTest, EventTypeComparesByteByByteAndIdMustBeThereOrNotGen08) {
  Subscribe("presence");
  EXPECT_EQ(Notify({.event = "Presence"}), 489);
  EXPECT_EQ(Notify({.event = "presence", .event_id = "1"}), 481);
  EXPECT_EQ(Notify({.event = "presence.x-unknown"}), 489);
  EXPECT_EQ(Notify({.event = "presence"}), 200);
}

TEST_F(SubscriberNotifyTest, EventIdMustBeTheSameGen08) {
  auto observer = std::make_shared<RecordingObserver>();
  subscriber().Subscribe(++last_id_,
                         {.target_uri = "sip:alice@example.com",
                          .event_package = "refer",
                          .event_parameters = {{"id", "93809823"}}},
                         observer);
  EXPECT_EQ(sender_.last().event, "refer;id=93809823");

  EXPECT_EQ(Notify({.event = "refer"}), 481);
  EXPECT_EQ(Notify({.event = "refer", .event_id = "1"}), 481);
  EXPECT_EQ(Notify({.event = "refer", .event_id = "93809823"}), 200);
}

TEST_F(SubscriberNotifyTest, NotifyWhoseHeadersTellTheStateIsNotQuiet) {
  auto line = Subscribe("call-info");

  EXPECT_EQ(Notify({}), 200);
  EXPECT_EQ(line->quiet, 1);
  EXPECT_EQ(Notify({.cseq = 2,
                    .call_info = "<sip:gw.example.net>;appearance-index=1;appearance-state=idle"}),
            200);
  EXPECT_EQ(line->quiet, 1);
  EXPECT_EQ(line->errors, std::vector<std::string>{""});
}

// GEN-19: the resource alone does not name a subscription.
TEST_F(SubscriberNotifyTest, TwoPackagesOfOneResourceAreIndependentGen19) {
  auto presence = Subscribe("presence");
  auto messages = Subscribe("message-summary");
  EXPECT_NE(sender_.sent[0].request.call_id, sender_.sent[1].request.call_id);

  NotifyTo(0, {});
  NotifyTo(0, {.cseq = 2, .substate = "terminated", .reason = "rejected"});
  NotifyTo(1, {});

  EXPECT_TRUE(presence->ended);
  EXPECT_EQ(messages->state(), SubscriptionState::kActive);
}

// SUB-58, GEN-09: parameters go along, and `id` only where the caller gave one.
TEST_F(SubscriberNotifyTest, NoIdIsSentUnlessAskedForSub58) {
  Subscribe("presence");
  EXPECT_EQ(sender_.last().event, "presence");
}

// SUB-37: the normal answer to an unsubscribe begins nothing.
TEST_F(SubscriberNotifyTest, TimeoutAfterOwnUnsubscribeBeginsNothingSub37) {
  Subscribe("presence");
  Notify({});
  subscriber().Unsubscribe(last_id_);
  Answer(200);
  Notify({.cseq = 2, .substate = "terminated", .reason = "timeout"});
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(sender_.sent.size(), 2u);
}

// SUB-40, SUB-41, SUB-36, SUB-39: final, whatever retry-after says.
TEST_F(SubscriberNotifyTest, FinalReasonsAreNotRetried) {
  for (const char* reason : {"rejected", "noresource", "invariant", "badfilter"}) {
    auto observer = Subscribe("presence");
    const size_t sent = sender_.sent.size();
    Notify({.substate = "terminated", .reason = reason, .retry_after = 1});
    EXPECT_TRUE(observer->ended) << reason;
    EXPECT_EQ(observer->statuses.back().reason, reason);
    EXPECT_EQ(observer->remains, std::string(reason) == "invariant");
    clock_.Advance(absl::Hours(1));
    EXPECT_EQ(sender_.sent.size(), sent) << reason;
  }
}

// SUB-32: an unknown state is as good as active, and told.
TEST_F(SubscriberNotifyTest, UnknownSubstateIsActiveSub32) {
  auto observer = Subscribe("presence");
  EXPECT_EQ(Notify({.substate = "extended"}), 200);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_EQ(observer->statuses.back().reason, "extended");

  EXPECT_EQ(Notify({.cseq = 2, .substate = "active"}), 200);
  EXPECT_EQ(observer->statuses.back().reason, "");
}

// GEN-12, DEV-12: the literals compare without regard to case.
TEST_F(SubscriberNotifyTest, SubstateComparesWithoutRegardToCaseGen12) {
  auto observer = Subscribe("presence");
  Notify({.substate = "PENDING"});
  EXPECT_EQ(observer->state(), SubscriptionState::kPending);
  Notify({.cseq = 2, .substate = "Terminated", .reason = "Rejected"});
  EXPECT_TRUE(observer->ended);
}

// ---- deviations

TEST_F(SubscriberNotifyTest, WhatIsRightIsNoDeviation) {
  Subscribe("presence");
  Response response = Reply(200);
  response.expires = 600;
  Answer(response);
  Notify({.expires = 600});
  EXPECT_THAT(metrics_.deviations, IsEmpty());
}

TEST_F(SubscriberNotifyTest, NotifyWithoutExpiresIsCountedAndKeepsTheRunningOneDev02) {
  auto observer = Subscribe("presence");
  Notify({.expires = std::nullopt});
  EXPECT_THAT(metrics_.deviations, ElementsAre("DEV-02"));
  EXPECT_EQ(observer->statuses.back().sip_expire_time, clock_.Now() + absl::Seconds(600));
}

TEST_F(SubscriberNotifyTest, GrantThatIsMissingOrTooLargeIsCountedSub05) {
  Subscribe("presence");
  Answer(200);
  EXPECT_THAT(metrics_.deviations, ElementsAre("SUB-05"));
  Subscribe("presence");
  Response large = Reply(200);
  large.expires = 4000000000;
  Answer(large);
  EXPECT_THAT(metrics_.deviations, ElementsAre("SUB-05", "SUB-05"));
}

TEST_F(SubscriberNotifyTest, Answer202IsCountedAndCountsAs200Sub09Dev12) {
  auto observer = Subscribe("presence");
  Response accepted = Reply(202);
  accepted.expires = 600;
  Answer(accepted);
  Notify({});
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_THAT(metrics_.deviations, ElementsAre("DEV-12"));
}

TEST_F(SubscriberNotifyTest, ExpiresAboveTheGrantIsCountedAndIgnoredSub32) {
  auto observer = Subscribe("presence");
  Notify({.expires = 99999});
  EXPECT_THAT(metrics_.deviations, ElementsAre("SUB-32"));
  EXPECT_EQ(observer->statuses.back().sip_expire_time, clock_.Now() + absl::Seconds(600));
}

TEST_F(SubscriberNotifyTest, MissingSubscriptionStateIsCountedSub29) {
  Subscribe("presence");
  Notify({.with_state = false});
  EXPECT_THAT(metrics_.deviations, Contains("SUB-29"));
}

TEST_F(SubscriberNotifyTest, IntervalWithoutMinExpiresIsCountedAndNotToleratedIfStrictDev07) {
  Subscribe("presence");
  Answer(423);
  EXPECT_THAT(metrics_.deviations, ElementsAre("DEV-07"));
  EXPECT_EQ(sender_.sent.size(), 2u);
}

class StrictSubscriberTest : public SubscriberFixture {
 protected:
  StrictSubscriberTest() { strict_ = true; }
};

TEST_F(StrictSubscriberTest, IntervalWithoutMinExpiresIsNotDoubledDev07) {
  auto observer = Subscribe("presence");
  Answer(423);
  EXPECT_EQ(sender_.sent.size(), 1u);
  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
}

TEST_F(StrictSubscriberTest, MissingSubscriptionStateGets400AndMakesNoDialogSub29) {
  auto observer = Subscribe("presence");
  EXPECT_EQ(Notify({.with_state = false}), 400);
  EXPECT_EQ(observer->state(), SubscriptionState::kSubscribing);
  EXPECT_THAT(metrics_.deviations, ElementsAre("SUB-29"));
}

TEST_F(StrictSubscriberTest, Answer202StillCountsAs200Sub09) {
  auto observer = Subscribe("presence");
  Answer(202);
  Notify({});
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

}  // namespace
}  // namespace sipevents::sip
