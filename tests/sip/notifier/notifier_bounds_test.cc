#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Bounds that no peer passes (SEC-08), and requests of our own callers.

namespace sipevents::sip {
namespace {

NotifierOptions Bounded() {
  NotifierOptions options = TestOptions();
  options.max_watchers = 5;
  options.max_per_watcher = 2;
  return options;
}

class NotifierBoundsTest : public NotifierTest {
 protected:
  NotifierBoundsTest() : NotifierTest(Bounded()) {}
};

TEST_F(NotifierBoundsTest, TooManyWatchersAreRefusedUntilOneIsGone) {
  Dialog dialog;
  for (int i = 0; i < 5; ++i) dialog = Subscribe(absl::StrCat("sip:w", i, "@example.com"));
  const RequestAnswer refused = Send(Initial()).answer;
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(HeaderOf(refused, "Retry-After"), "60");
  EXPECT_EQ(metrics_.bounds["sip_watchers"], 1);
  EXPECT_EQ(Send(Next(dialog)).answer.status, 200);  // who is there may stay
  AnswerAll(481);
  EXPECT_EQ(Send(Initial()).answer.status, 200);
}

TEST_F(NotifierBoundsTest, RefusedOneLeavesNoAudience) {
  for (int i = 0; i < 5; ++i) Subscribe(absl::StrCat("sip:w", i, "@example.com"));
  IncomingRequest request = Initial();
  request.request_uri = "sip:elsewhere@example.com";
  EXPECT_EQ(Send(request).answer.status, 503);
  SetState({"a/b", "c"}, "sip:elsewhere@example.com");  // nobody is there to be told
  EXPECT_EQ(sent(), 5u);
}

// DEV-11: a phone that restarts again and again does not pile up.
TEST_F(NotifierBoundsTest, OldestOfOneWatcherMakesRoom) {
  const Dialog oldest = Subscribe();
  clock_.Advance(absl::Seconds(1));
  const Dialog second = Subscribe();
  Subscribe(kCarol);
  const Dialog third = Send(Initial());
  EXPECT_EQ(third.answer.status, 200);
  EXPECT_EQ(metrics_.bounds["sip_subscriptions_of_watcher"], 1);
  ASSERT_EQ(sent(), 5u);
  EXPECT_EQ(sender_.sent[3].request.call_id, oldest.request.call_id);
  EXPECT_EQ(sender_.sent[3].request.subscription_state, "terminated;reason=timeout");
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 3u);
  EXPECT_EQ(Send(Next(second)).answer.status, 200);
  EXPECT_EQ(Send(Next(oldest)).answer.status, 481);
}

TEST_F(NotifierBoundsTest, OtherResourcesOfTheSameWatcherCountForThemselves) {
  Subscribe();
  Subscribe();
  Subscribe(kBob, "dialog");
  EXPECT_EQ(metrics_.bounds["sip_subscriptions_of_watcher"], 0);
  EXPECT_EQ(notifier_.size(), 3u);
}

using NotifierLocalTest = NotifierTest;

uint64_t TagOf(const RequestAnswer& answer) { return std::stoull(answer.to_tag, nullptr, 16); }

// A caller of ours watches for as long as it likes, and hears of every change.
TEST_F(NotifierLocalTest, CallerWatchesWithoutEndAndWithoutARate) {
  const RequestAnswer answer = notifier_.OnLocalSubscribe(Initial(), "local:1");
  EXPECT_EQ(answer.status, 200);
  Settle();
  EXPECT_EQ(sender_.sent[0].first_hop, "local:1");
  EXPECT_EQ(last().contact, "");
  AnswerAll();
  clock_.Advance(absl::Hours(24 * 30));
  SetPresence("new");
  EXPECT_EQ(sent(), 2u);
  notifier_.Drop(TagOf(answer));
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(sent(), 2u);
  notifier_.Drop(TagOf(answer));
}

TEST_F(NotifierLocalTest, CallerMayFetch) {
  IncomingRequest request = Initial();
  request.expires = 0;
  EXPECT_EQ(HeaderOf(notifier_.OnLocalSubscribe(request, "local:1"), "Expires"), "0");
  Settle();
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
}

TEST_F(NotifierLocalTest, DropWhileANotifyIsUnderWayForgetsIt) {
  const RequestAnswer answer = notifier_.OnLocalSubscribe(Initial(), "local:1");
  Settle();
  notifier_.Drop(TagOf(answer));
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(sender_.sent[0].client, nullptr);
}

}  // namespace
}  // namespace sipevents::sip
