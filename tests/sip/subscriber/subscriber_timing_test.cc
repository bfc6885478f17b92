#include <gtest/gtest.h>

#include "sip/subscriber/subscriber.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// What comes late, or crosses something else on the wire.

namespace sipevents::sip {
namespace {

class SubscriberTimingTest : public SubscriberFixture {
 protected:
  void AnswerWith(size_t request, int status, std::optional<uint32_t> expires) {
    Response response;
    response.status = status;
    response.expires = expires;
    sender_.Answer(request, response);
  }
};

TEST_F(SubscriberTimingTest, GrantThatComesAfterTheNotifyShortensTheSubscriptionSub04) {
  Subscribe("presence");
  Notify({.expires = 600});

  AnswerWith(0, 200, 60);
  clock_.Advance(absl::Seconds(59));

  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().to_tag, "a");
}

TEST_F(SubscriberTimingTest, FinalNotifyIsAnsweredAgainFor64T1AndThenForgotten) {
  Subscribe("presence");
  Notify({});
  const NotifySpec last{.cseq = 2, .substate = "terminated", .reason = "rejected"};
  Notify(last);

  clock_.Advance(absl::Seconds(31));
  EXPECT_EQ(Notify(last), 200);
  clock_.Advance(absl::Seconds(2));

  EXPECT_EQ(Notify(last), 481);
}

TEST_F(SubscriberTimingTest, AnswerToARefreshDoesNotCountForTheUnsubscribeAfterIt) {
  Subscribe("presence");
  Notify({});
  Answer(200);
  PassUntilSent(2);  // the refresh
  subscriber().Unsubscribe(last_id_);
  ASSERT_EQ(sender_.last().expires, 0u);

  AnswerWith(1, 500, std::nullopt);

  // Still there for what crosses; a 500 to the Expires 0 itself would have ended it.
  EXPECT_EQ(Notify({.cseq = 2}), 200);
}

}  // namespace
}  // namespace sipevents::sip
