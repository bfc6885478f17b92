#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Rates that a watcher changes by its answers (RFC 6446).

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class NotifierRatesTest : public NotifierTest {
 protected:
  NotifierRatesTest() { SetPresence("first"); }

  // Subscribes for 600 s, and answers the first NOTIFY 200 with these parameters of Event.
  void Begin(std::vector<std::string_view> event_parameters, int status = 200) {
    Send(Initial());
    Answer(std::move(event_parameters), status);
  }
  void Answer(std::vector<std::string_view> event_parameters, int status = 200) {
    Response response;
    response.status = status;
    response.event_parameters = std::move(event_parameters);
    AnswerLast(response);
  }
};

// RATE-01.
TEST_F(NotifierRatesTest, MostOftenInAnAnswerIsKeptAndSaid) {
  Begin({"max-rate=0.1"});

  SetPresence("second");
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(sent(), 1u);
  clock_.Advance(absl::Seconds(1));

  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().body, HasSubstr("second"));
  EXPECT_THAT(last().subscription_state, HasSubstr(";max-rate=0.1"));
}

// RATE-03.
TEST_F(NotifierRatesTest, LeastOftenInAnAnswerIsKeptThoughNothingChanges) {
  Begin({"x=y", "Min-Rate=0.5"});

  clock_.Advance(absl::Seconds(2));

  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().subscription_state, HasSubstr(";min-rate=0.5"));
}

// RATE-01: what names no rate changes none.
TEST_F(NotifierRatesTest, AnswerWithoutRatesLeavesThemAsTheyAre) {
  Begin({"max-rate=0.1"});
  SetPresence("second");
  clock_.Advance(absl::Seconds(10));
  Answer({});
  SetPresence("third");
  clock_.Advance(absl::Seconds(10));
  Answer({"id=7"});

  SetPresence("fourth");
  clock_.Advance(absl::Seconds(9));

  EXPECT_EQ(sent(), 3u);
}

// RATE-02, RATE-05, RATE-06: as in a SUBSCRIBE.
TEST_F(NotifierRatesTest, RatesOfAnAnswerAreBoundedAsThoseOfASubscribe) {
  struct Row {
    std::vector<std::string_view> answered;
    std::string_view in_force;
  };
  const std::vector<Row> rows = {
      {{"max-rate=0.0001"}, ";max-rate=0.00333"},
      {{"max-rate=2", "min-rate=5"}, ";max-rate=2;min-rate=2"},
      {{"min-rate=5", "adaptive-min-rate=1"}, ";adaptive-min-rate=1"},
  };
  for (const Row& row : rows) {
    Send(Initial());
    clock_.Advance(absl::Seconds(300));  // as many are left
    Answer(row.answered);
    SetPresence("changed");
    clock_.Advance(absl::Seconds(2));
    EXPECT_THAT(last().subscription_state, HasSubstr(row.in_force));
    AnswerAll();
    clock_.Advance(absl::Seconds(300));
    AnswerAll();
  }
}

TEST_F(NotifierRatesTest, RateThatIsNoneTakesAnEarlierOneBack) {
  for (const std::string_view none : {"max-rate=0", "max-rate=fast", "max-rate"}) {
    Begin({"max-rate=0.1"});
    SetPresence("second");
    clock_.Advance(absl::Seconds(10));
    Answer({none});

    SetPresence("third");

    EXPECT_THAT(last().body, HasSubstr("third")) << none;
    EXPECT_THAT(last().subscription_state, Not(HasSubstr("rate"))) << none;
    AnswerAll();
    clock_.Advance(absl::Seconds(600));
    AnswerAll();
  }
}

TEST_F(NotifierRatesTest, RefusalChangesNoRate) {
  Begin({"max-rate=0.1"}, 500);

  SetPresence("second");

  ASSERT_EQ(sent(), 2u);
  EXPECT_THAT(last().subscription_state, Not(HasSubstr("max-rate")));
}

}  // namespace
}  // namespace sipevents::sip
