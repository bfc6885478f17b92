// A resource that says of itself that it is no more is not followed any longer (RFC 4575 section
// 4.6).

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::SizeIs;

constexpr char kType[] = "application/conference-info+xml";
constexpr char kRunning[] =
    R"(<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sip:c@example.com"
       state="full" version="1"><users/></conference-info>)";
constexpr char kDeleted[] =
    R"(<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sip:c@example.com"
       state="deleted" version="2"/>)";

class ResourceOverTest : public SubscriberFixture {
 protected:
  void SetUp() override {
    observer_ = Subscribe("conference");
    Answer(200);
    Notify({.body = kRunning, .content_type = kType});
    ASSERT_EQ(observer_->state(), SubscriptionState::kActive);
  }

  std::shared_ptr<RecordingObserver> observer_;
};

TEST_F(ResourceOverTest, ConferenceThatIsDeletedIsUnsubscribedFrom) {
  EXPECT_EQ(Notify({.cseq = 2, .body = kDeleted, .content_type = kType}), 200);

  EXPECT_THAT(observer_->bodies, SizeIs(2));
  EXPECT_TRUE(observer_->ended);
  EXPECT_EQ(observer_->state(), SubscriptionState::kTerminated);
  EXPECT_EQ(observer_->statuses.back().reason, "noresource");
  ASSERT_EQ(sender_.sent.size(), 2U);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().expires, 0U);
}

// Whatever reason the notifier gives for the end that it sends along.
TEST_F(ResourceOverTest, EndThatComesAlongLeadsToNoNewSubscription) {
  Notify({.cseq = 2,
          .substate = "terminated",
          .reason = "deactivated",
          .body = kDeleted,
          .content_type = kType});

  clock_.Advance(absl::Hours(1));

  EXPECT_TRUE(observer_->ended);
  EXPECT_EQ(sender_.sent.size(), 1U);
}

TEST_F(ResourceOverTest, OldNewsOfTheEndIsNone) {
  Notify({.cseq = 2,
          .body = R"(<conference-info xmlns="urn:ietf:params:xml:ns:conference-info"
                     entity="sip:c@example.com" state="deleted" version="0"/>)",
          .content_type = kType});
  EXPECT_FALSE(observer_->ended);
  EXPECT_EQ(sender_.sent.size(), 1U);
}

}  // namespace
}  // namespace sipevents::sip
