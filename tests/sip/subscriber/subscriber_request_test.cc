#include <gtest/gtest.h>

#include "tests/sip/subscriber/subscriber_fixture.h"

// What of the caller's request goes into which SUBSCRIBE.

namespace sipevents::sip {
namespace {

class SubscriberRequestTest : public SubscriberFixture {
 protected:
  void SubscribeWith(const SubscribeRequest& request) {
    subscriber().Subscribe(++last_id_, request, std::make_shared<RecordingObserver>());
  }
};

// A refresh without one leaves what the notifier was told in force (RFC 4660 section 3.4).
TEST_F(SubscriberRequestTest, BodyGoesWithTheFirstSubscribeOfEachAttemptOnlyPkg03) {
  SubscribeWith({.target_uri = "sip:alice@example.com",
                 .event_package = "presence",
                 .body_content_type = "application/simple-filter+xml",
                 .body = "<filter-set/>"});
  EXPECT_EQ(sender_.last().body, "<filter-set/>");
  EXPECT_EQ(sender_.last().content_type, "application/simple-filter+xml");
  Notify({});
  Answer(200);

  PassUntilSent(2);
  ASSERT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().body, "");
  EXPECT_EQ(sender_.last().content_type, "");

  Answer(481);
  ASSERT_EQ(sender_.sent.size(), 3u);
  ASSERT_EQ(sender_.last().to_tag, "");
  EXPECT_EQ(sender_.last().body, "<filter-set/>");
}

TEST_F(SubscriberRequestTest, WhoAsksAndWhatIsAcceptedIsTheSameInEachSubscribe) {
  SubscribeWith({.target_uri = "sip:alice@example.com",
                 .event_package = "presence",
                 .event_parameters = {{"max-rate", "0.5"}},
                 .identity = "sip:me@example.com",
                 .accept = {"application/pidf+xml", "text/plain"}});
  Notify({.event = "presence"});
  Answer(200);
  PassUntilSent(2);
  subscriber().Unsubscribe(last_id_);
  ASSERT_EQ(sender_.sent.size(), 3u);

  for (const FakeRequestSender::Sent& sent : sender_.sent) {
    EXPECT_EQ(sent.request.from_uri, "sip:me@example.com");
    EXPECT_EQ(sent.request.event, "presence;max-rate=0.5");
    EXPECT_EQ(sent.request.accept,
              "application/pidf+xml, text/plain, multipart/related, application/rlmi+xml");
  }
}

// A server seizes the appearance that each SUBSCRIBE names, and lets it go with the last one.
TEST_F(SubscriberRequestTest, AppearanceOfALineIsNamedInEachSubscribe) {
  SubscribeWith(
      {.target_uri = "sip:line@example.com", .event_package = "line-seize", .appearance_index = 2});
  Notify({});
  Answer(200);
  subscriber().Unsubscribe(last_id_);
  ASSERT_EQ(sender_.sent.size(), 2u);

  for (const FakeRequestSender::Sent& sent : sender_.sent) {
    EXPECT_EQ(sent.request.call_info, "<sip:example.com>;appearance-index=2");
  }
}

TEST_F(SubscriberRequestTest, NoAppearanceNoCallInfo) {
  SubscribeWith({.target_uri = "sip:line@example.com", .event_package = "line-seize"});
  EXPECT_EQ(sender_.last().call_info, "");
}

// RFC 5263: changes only are sent to who prefers them; preferences do not count for what is taken.
TEST_F(SubscriberRequestTest, PreferencesInAcceptAreSentAndNotCompared) {
  SubscribeWith({.target_uri = "sip:alice@example.com",
                 .event_package = "presence",
                 .accept = {"application/pidf+xml;q=0.5", "application/pidf-diff+xml;q=1"}});
  EXPECT_EQ(sender_.last().accept,
            "application/pidf+xml;q=0.5, application/pidf-diff+xml;q=1, multipart/related, "
            "application/rlmi+xml");
  const auto notify = [&](uint32_t cseq, const char* type) {
    return Notify({.cseq = cseq, .body = "<x/>", .content_type = type, .event = "presence"});
  };
  EXPECT_EQ(notify(1, "application/pidf-diff+xml"), 200);
  EXPECT_EQ(notify(2, "application/pidf+xml"), 200);
  EXPECT_EQ(notify(3, "application/xpidf+xml"), 415);
}

}  // namespace
}  // namespace sipevents::sip
