#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/subscriber/subscriber.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// What each final response does to a subscription: to its first SUBSCRIBE, and to a refresh.

namespace sipevents::sip {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class SubscriberResponseTest : public SubscriberFixture {
 protected:
  static const SubscriptionStatus& Last(const RecordingObserver& observer) {
    return observer.statuses.back();
  }

  std::shared_ptr<RecordingObserver> SubscribeWith(const SubscribeRequest& request) {
    auto observer = std::make_shared<RecordingObserver>();
    subscriber().Subscribe(++last_id_, request, observer);
    return observer;
  }
};

// ---- to the first SUBSCRIBE

class InitialResponseTest : public SubscriberResponseTest,
                            public testing::WithParamInterface<int> {};

using FinalResponseTest = InitialResponseTest;

TEST_P(FinalResponseTest, EndsItAndLeavesNothingBehindSub10) {
  auto observer = Subscribe("presence");

  Answer(GetParam());

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).reason, "response");
  EXPECT_EQ(Last(*observer).sip_status, GetParam());
  EXPECT_EQ(Notify({}), 481);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(sender_.sent.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Codes, FinalResponseTest,
                         testing::Values(305, 400, 402, 403, 404, 405, 410, 413, 414, 415, 420, 421,
                                         482, 483, 484, 485, 487, 488, 489, 493, 494, 499, 501, 505,
                                         513, 600, 603, 604, 606, 699),
                         testing::PrintToStringParamName());

using PassingResponseTest = InitialResponseTest;

TEST_P(PassingResponseTest, IsTriedAgainLaterWithANewCallIdSub48) {
  auto observer = Subscribe("presence");

  Answer(GetParam());

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kRetrying);
  EXPECT_EQ(Last(*observer).reason, "response");
  EXPECT_EQ(Last(*observer).sip_status, GetParam());
  const absl::Time due = Last(*observer).retry_time;
  EXPECT_GE(due, clock_.Now() + absl::Seconds(2.1));
  clock_.AdvanceTo(due - absl::Milliseconds(1));
  EXPECT_EQ(sender_.sent.size(), 1u);
  clock_.AdvanceTo(due);
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_NE(sender_.last().call_id, sender_.sent[0].request.call_id);
}

INSTANTIATE_TEST_SUITE_P(Codes, PassingResponseTest,
                         testing::Values(300, 302, 408, 430, 480, 481, 486, 491, 500, 502, 503, 504,
                                         599),
                         testing::PrintToStringParamName());

using HintedResponseTest = InitialResponseTest;

TEST_P(HintedResponseTest, RetryAfterIsALowerBound) {
  auto observer = Subscribe("presence");
  Response response = Reply(GetParam());
  response.retry_after = 120;

  Answer(response);

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kRetrying);
  EXPECT_GE(Last(*observer).retry_time, clock_.Now() + absl::Seconds(120));
  EXPECT_LE(Last(*observer).retry_time, clock_.Now() + absl::Seconds(132));
}

INSTANTIATE_TEST_SUITE_P(Codes, HintedResponseTest,
                         testing::Values(404, 413, 480, 486, 491, 500, 503, 600, 603),
                         testing::PrintToStringParamName());

TEST_F(SubscriberResponseTest, Initial204CountsAs200Cen09) {
  auto observer = Subscribe("presence");
  Answer(204);
  EXPECT_EQ(Notify({}), 200);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_THAT(metrics_.deviations, testing::Contains("CEN-09"));
}

TEST_F(SubscriberResponseTest, RedirectionIsFollowedWithinTheAttempt) {
  auto observer = Subscribe("presence");

  Answer(RedirectTo({"sip:alice@example.net"}));

  ASSERT_EQ(sender_.sent.size(), 2u);
  const OutgoingRequest& first = sender_.sent[0].request;
  EXPECT_EQ(sender_.last().request_uri, "sip:alice@example.net");
  EXPECT_EQ(sender_.last().to_uri, "sip:alice@example.com");
  EXPECT_EQ(sender_.last().call_id, first.call_id);
  EXPECT_EQ(sender_.last().from_tag, first.from_tag);
  EXPECT_EQ(sender_.last().cseq, 2u);
  EXPECT_EQ(Notify({}), 200);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

TEST_F(SubscriberResponseTest, NextContactIsTriedWhereTheFirstFails) {
  auto observer = Subscribe("presence");
  Answer(RedirectTo({"sip:a@example.net", "sip:b@example.net"}));
  Answer(404);
  EXPECT_EQ(sender_.last().request_uri, "sip:b@example.net");

  Answer(403);

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).sip_status, 403);
}

TEST_F(SubscriberResponseTest, CredentialsNeverCrossARedirection) {
  HaveCredentials();
  auto observer = Subscribe("presence");
  Answer(DigestChallenge("n1"));
  ASSERT_THAT(sender_.last().authorization, SizeIs(1));

  Answer(RedirectTo({"sip:alice@example.com:5070"}));
  EXPECT_THAT(sender_.last().authorization, IsEmpty());
  Answer(DigestChallenge("n2"));

  // Not even when the realm is ours.
  EXPECT_EQ(sender_.sent.size(), 3u);
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).sip_status, 401);
}

TEST_F(SubscriberResponseTest, DialogBehindARedirectionGetsNoCredentialsEither) {
  HaveCredentials();
  Subscribe("presence");
  Answer(DigestChallenge("n1"));
  Answer(RedirectTo({"sip:alice@example.net"}));
  Answer(200);
  Notify({});

  PassUntilSent(4);

  ASSERT_EQ(sender_.sent.size(), 4u);
  EXPECT_THAT(sender_.last().authorization, IsEmpty());
}

TEST_F(SubscriberResponseTest, AttemptAfterARedirectionBeginsWhereItWasAsked) {
  Subscribe("presence");
  Answer(RedirectTo({"sip:alice@example.net"}));
  Answer(500);
  clock_.Advance(absl::Seconds(31));
  EXPECT_EQ(sender_.last().request_uri, "sip:alice@example.com");
}

TEST_F(SubscriberResponseTest, NotAcceptableIsTriedOnceWithoutAccept) {
  auto observer = Subscribe("presence");
  EXPECT_NE(sender_.last().accept, "");

  Answer(406);
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().accept, "");
  Answer(406);

  EXPECT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).sip_status, 406);
}

TEST_F(SubscriberResponseTest, UnsupportedMediaTypeIsTriedOnceWithoutTheBody) {
  auto observer = SubscribeWith({.target_uri = "sip:alice@example.com",
                                 .event_package = "presence",
                                 .body_content_type = "application/simple-filter+xml",
                                 .body = "<filter-set/>"});
  EXPECT_EQ(sender_.last().body, "<filter-set/>");

  Answer(415);
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().body, "");
  EXPECT_EQ(sender_.last().content_type, "");
  Answer(415);

  EXPECT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
}

TEST_F(SubscriberResponseTest, UnsupportedSchemeIsTriedOnceAsSips) {
  auto observer = Subscribe("presence");

  Answer(416);
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().request_uri, "sips:alice@example.com");
  Answer(416);

  EXPECT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(Last(*observer).sip_status, 416);
}

TEST_F(SubscriberResponseTest, SipsThatNobodySpeaksLeavesTheRefusalStanding) {
  auto observer = Subscribe("presence");
  Answer(416);

  Answer(Failure(503, SendFailure::kTransport));

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).sip_status, 416);
  EXPECT_EQ(Last(*observer).reason, "response");
}

TEST_F(SubscriberResponseTest, SipsIsNotAskedForThroughAProxyWithoutTls) {
  route_ = "<sip:192.0.2.9;lr>";
  auto observer = Subscribe("presence");
  Answer(416);
  EXPECT_EQ(sender_.sent.size(), 1u);
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
}

TEST_F(SubscriberResponseTest, SipsIsNeverGivenUp) {
  auto observer =
      SubscribeWith({.target_uri = "sips:alice@example.com", .event_package = "presence"});
  Answer(416);
  EXPECT_EQ(sender_.sent.size(), 1u);
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
}

TEST_F(SubscriberResponseTest, ExtensionRequiredNamesIt) {
  auto observer = Subscribe("presence");
  Response response = Reply(421);
  response.required = {"gruu"};

  Answer(response);

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kTerminated);
  EXPECT_EQ(Last(*observer).reason, "extension-required:gruu");
}

TEST_F(SubscriberResponseTest, LongerIntervalHoldsForTheRefreshesToo) {
  Subscribe("presence");
  Response brief = Reply(423);
  brief.min_expires = 1800;
  Answer(brief);
  EXPECT_EQ(sender_.last().expires, 1800u);
  Answer(200);
  Notify({.expires = 1800});

  for (int i = 0; i < 1800 && sender_.sent.size() < 3; ++i) clock_.Advance(absl::Seconds(1));

  ASSERT_EQ(sender_.sent.size(), 3u);
  EXPECT_EQ(sender_.last().expires, 1800u);
}

// ---- to a refresh

using KeepingRefreshTest = InitialResponseTest;

// SUB-47: it stays until it expires, and the status tells how the refresh failed.
TEST_P(KeepingRefreshTest, LeavesTheSubscriptionUntilItExpiresSub47) {
  auto observer = SubscribeUntilRefresh("presence");

  Answer(GetParam());

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kActive);
  EXPECT_EQ(Last(*observer).sip_status, GetParam());
  EXPECT_EQ(Last(*observer).reason, "response");
  EXPECT_EQ(Last(*observer).stale_since, clock_.Now());
  EXPECT_EQ(Notify({.cseq = 2, .expires = std::nullopt}), 200);
  // Nothing that is tried within the lifetime helps.
  sender_.hold = true;
  clock_.Advance(absl::Seconds(100));
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kRetrying);
  EXPECT_EQ(Last(*observer).reason, "expired");
  EXPECT_EQ(Last(*observer).sip_status, GetParam());
  EXPECT_EQ(NotifyTo(0, {.cseq = 3}).status, 481);
}

INSTANTIATE_TEST_SUITE_P(Codes, KeepingRefreshTest,
                         testing::Values(300, 302, 305, 400, 401, 402, 403, 406, 407, 413, 414, 415,
                                         420, 421, 430, 486, 487, 488, 491, 493, 494, 499, 500, 503,
                                         504, 505, 513, 599, 600, 603, 606, 699),
                         testing::PrintToStringParamName());

using EndingRefreshTest = InitialResponseTest;

TEST_P(EndingRefreshTest, EndsTheSubscriptionSub46) {
  auto observer = SubscribeUntilRefresh("presence");
  const OutgoingRequest refresh = sender_.last();

  Answer(GetParam());

  EXPECT_THAT(observer->ended_dialogs, SizeIs(1));
  EXPECT_EQ(Last(*observer).dialog_count, 0);
  EXPECT_EQ(NotifyTo(0, {.cseq = 2}).status, 481);
  EXPECT_THAT(Last(*observer).state, Not(SubscriptionState::kActive));
}

INSTANTIATE_TEST_SUITE_P(Codes, EndingRefreshTest,
                         testing::Values(404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501,
                                         502, 604),
                         testing::PrintToStringParamName());

TEST_F(SubscriberResponseTest, RefreshThatIsRefusedIsTriedAgainWhileItLastsSub47) {
  auto observer = SubscribeUntilRefresh("presence");
  Answer(500);

  PassUntilSent(3);
  ASSERT_EQ(sender_.sent.size(), 3u);
  EXPECT_EQ(sender_.last().to_tag, "a");
  Answer(200);
  Notify({.cseq = 2});

  EXPECT_EQ(Last(*observer).state, SubscriptionState::kActive);
  EXPECT_EQ(Last(*observer).sip_status, 0);
  EXPECT_EQ(Last(*observer).stale_since, absl::InfinitePast());
}

TEST_F(SubscriberResponseTest, GlareOnRefreshIsTriedAgainWithin2To4Seconds) {
  SubscribeUntilRefresh("presence");
  Answer(491);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(sender_.sent.size(), 2u);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(sender_.sent.size(), 3u);
}

TEST_F(SubscriberResponseTest, RefreshThatIsRedirectedGoesThereFromNowOn) {
  auto observer = SubscribeUntilRefresh("presence");

  Answer(RedirectTo({"sip:notifier@192.0.2.50"}));
  ASSERT_EQ(sender_.sent.size(), 3u);
  EXPECT_EQ(sender_.last().request_uri, "sip:notifier@192.0.2.50");
  EXPECT_EQ(sender_.last().to_tag, "a");
  Answer(200);
  Notify({.cseq = 2, .contact = "sip:notifier@192.0.2.50"});
  PassUntilSent(4);

  EXPECT_EQ(sender_.last().request_uri, "sip:notifier@192.0.2.50");
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

TEST_F(SubscriberResponseTest, RefreshWhoseRedirectionFailsGoesOnWhereItWas) {
  HaveCredentials();
  auto observer = SubscribeUntilRefresh("presence");
  Answer(RedirectTo({"sip:notifier@192.0.2.50"}));
  Answer(Failure(503, SendFailure::kTransport));
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kActive);

  PassUntilSent(4);

  EXPECT_EQ(sender_.last().request_uri, "sip:notifier@192.0.2.1");
  Answer(DigestChallenge("n1"));
  EXPECT_THAT(sender_.last().authorization, SizeIs(1));
}

TEST_F(SubscriberResponseTest, RefreshRedirectedToAForbiddenPlaceKeepsTheUsage) {
  auto observer = SubscribeUntilRefresh("presence");
  Answer(RedirectTo({"sip:notifier@169.254.1.1"}));
  Answer(Failure(403, SendFailure::kNotAllowed));
  EXPECT_EQ(Last(*observer).state, SubscriptionState::kActive);
  EXPECT_EQ(Last(*observer).dialog_count, 1);
}

TEST_F(SubscriberResponseTest, RefreshChallengedIsSentAgainInTheDialogSub11) {
  HaveCredentials();
  SubscribeUntilRefresh("presence");

  Answer(DigestChallenge("n1"));

  ASSERT_EQ(sender_.sent.size(), 3u);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().cseq, 3u);
  EXPECT_THAT(sender_.last().authorization, SizeIs(1));
}

TEST_F(SubscriberResponseTest, No204NeedsANotifySub50Cen03) {
  auto observer = SubscribeUntilRefresh("presence");
  Response response = Reply(204);
  response.expires = 600;

  Answer(response);
  clock_.Advance(absl::Seconds(100));

  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  EXPECT_EQ(sender_.sent.size(), 2u);
}

TEST_F(SubscriberResponseTest, UnsubscribeAnsweredWith204EndsWithoutANotifyCen07) {
  Subscribe("presence");
  Notify({});
  subscriber().Unsubscribe(last_id_);

  Answer(204);

  EXPECT_EQ(NotifyTo(0, {.cseq = 2}).status, 481);
  clock_.Advance(absl::Seconds(33));
  EXPECT_EQ(dialogs_.size(), 0u);
}

}  // namespace
}  // namespace sipevents::sip
