// Refreshes that need no NOTIFY while nothing has changed (RFC 5839).

#include "gtest/gtest.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

constexpr char kDialogInfo[] = "application/dialog-info+xml";
constexpr char kFull[] =
    R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full"
       entity="sip:alice@example.com"/>)";
constexpr char kPartialAfterGap[] =
    R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="7" state="partial"
       entity="sip:alice@example.com"/>)";

class ConditionalRefreshTest : public SubscriberFixture {
 protected:
  // Active, with a state of the tag `e1`; the first refresh was just sent.
  void SubscribeWithTag() {
    observer_ = Subscribe("presence");
    Answer(200);
    Notify({.entity_tag = "e1"});
    PassUntilSent(2);
  }

  std::shared_ptr<RecordingObserver> observer_;
};

// CEN-02
TEST_F(ConditionalRefreshTest, RefreshNamesTheTagOfTheStateThatIsKnownCen02) {
  SubscribeWithTag();
  EXPECT_EQ(sender_.sent[0].request.suppress_if_match, "");
  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
}

// CEN-03, CEN-08: the subscription goes on, and so does the condition.
TEST_F(ConditionalRefreshTest, AnswerWithoutNotifyKeepsStateAndTagCen08) {
  SubscribeWithTag();
  Response nothing_new = Reply(204);
  nothing_new.expires = 600;
  Answer(nothing_new);
  PassUntilSent(3);

  EXPECT_EQ(sender_.last().suppress_if_match, "e1");
  EXPECT_EQ(observer_->statuses.back().state, SubscriptionState::kActive);
}

TEST_F(ConditionalRefreshTest, NewStateBringsItsOwnTag) {
  SubscribeWithTag();
  Answer(200);
  Notify({.cseq = 2, .entity_tag = "e2"});
  PassUntilSent(3);
  EXPECT_EQ(sender_.last().suppress_if_match, "e2");
  Answer(200);
  Notify({.cseq = 3});
  PassUntilSent(4);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

// What could not be used is not what we have.
TEST_F(ConditionalRefreshTest, BodyThatDoesNotParseIsAskedForAgain) {
  Subscribe("presence");
  Answer(200);
  Notify({.body = "<presence", .content_type = "application/pidf+xml", .entity_tag = "e1"});
  PassUntilSent(2);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

TEST_F(ConditionalRefreshTest, FullStateIsAskedForWithoutCondition) {
  Subscribe("dialog");
  Answer(200);
  Notify({.body = kFull, .content_type = kDialogInfo, .entity_tag = "e1"});
  Notify({.cseq = 2, .body = kPartialAfterGap, .content_type = kDialogInfo, .entity_tag = "e7"});
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

// CEN-09
TEST_F(ConditionalRefreshTest, PeerThatFailsOnTheConditionIsNotGivenItAgainCen09) {
  SubscribeWithTag();
  Answer(500);
  PassUntilSent(3);
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

// CEN-09: accepted, no NOTIFY, and no 204 that would have said so.
TEST_F(ConditionalRefreshTest, PeerThatLeavesTheNotifyOutSilentlyIsNotGivenTheConditionAgainCen09) {
  SubscribeWithTag();
  Answer(200);
  clock_.Advance(absl::Seconds(40));
  PassUntilSent(3);
  Answer(200);
  Notify({.entity_tag = "e1"});
  PassUntilSent(4);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().suppress_if_match, "");
}

}  // namespace
}  // namespace sipevents::sip
