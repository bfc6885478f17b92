#include "sip/subscriber/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

using testing::ElementsAre;

class RecordingFetch : public FetchObserver {
 public:
  void OnNotification(const Notification& notification) override {
    bodies.emplace_back(notification.body);
  }
  void OnDone(const FetchResult& done) override { result = done; }

  std::vector<std::string> bodies;
  std::optional<FetchResult> result;
};

class FetchTest : public SubscriberFixture {
 protected:
  std::shared_ptr<RecordingFetch> StartFetch(const std::string& event_package) {
    auto observer = std::make_shared<RecordingFetch>();
    SubscribeRequest request;
    request.target_uri = "sip:alice@example.com";
    request.event_package = event_package;
    subscriber().StartFetch(request, observer);
    return observer;
  }

  static NotifySpec State(const char* tag) {
    return {.tag = tag,
            .substate = "terminated",
            .reason = "timeout",
            .body = kOpen,
            .content_type = "application/pidf+xml"};
  }
};

TEST_F(FetchTest, AsksWithExpires0AndReturnsTheStateSub54) {
  auto fetch = StartFetch("presence");
  EXPECT_EQ(sender_.last().expires, 0u);
  Answer(200);

  EXPECT_EQ(Notify(State("a")), 200);
  clock_.Advance(absl::Milliseconds(1));

  EXPECT_THAT(fetch->bodies, ElementsAre(kOpen));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 0);
}

TEST_F(FetchTest, NotifyBeforeOkCountsSub12) {
  auto fetch = StartFetch("presence");
  Notify(State("a"));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(fetch->result.has_value());
}

TEST_F(FetchTest, ForksAreCollectedForT1) {
  auto fetch = StartFetch("dialog");
  Notify({.tag = "a", .substate = "terminated", .reason = "timeout"});
  clock_.Advance(absl::Milliseconds(400));
  EXPECT_FALSE(fetch->result.has_value());
  EXPECT_EQ(Notify({.tag = "b", .substate = "terminated", .reason = "timeout"}), 200);

  clock_.Advance(absl::Milliseconds(200));

  EXPECT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->bodies.size(), 2u);
  EXPECT_EQ(Notify({.tag = "c"}), 481);
}

TEST_F(FetchTest, SecondForkOfPresenceGets481) {
  StartFetch("presence");
  Notify(State("a"));
  EXPECT_EQ(Notify(State("b")), 481);
}

TEST_F(FetchTest, RefusalIsTold) {
  auto fetch = StartFetch("presence");
  Answer(404);
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 404);
  EXPECT_EQ(fetch->result->reason, "response");
}

TEST_F(FetchTest, SilenceEndsAtTimerN) {
  auto fetch = StartFetch("presence");
  clock_.Advance(absl::Seconds(32));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->reason, "timeout");
}

TEST_F(FetchTest, AcceptedButNoNotifyEndsAtTimerN) {
  auto fetch = StartFetch("presence");
  Answer(200);
  clock_.Advance(absl::Seconds(32));
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->reason, "no-notify");
}

TEST_F(FetchTest, LeavesNothingBehind) {
  StartFetch("presence");
  Notify(State("a"));
  EXPECT_EQ(Notify(State("a")), 200);  // repeated
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(dialogs_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(FetchTest, DrainAbandonsIt) {
  auto fetch = StartFetch("presence");
  subscriber().Drain([] {});
  ASSERT_TRUE(fetch->result.has_value());
  EXPECT_EQ(fetch->result->sip_status, 503);
}

}  // namespace
}  // namespace sipevents::sip
