#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/captured_log.h"
#include "tests/sip/notifier/notifier_fixture.h"

// What the log tells of watchers.

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class NotifierLogTest : public NotifierTest {
 protected:
  CapturedLog log_{LogSeverity::kDebug};
};

TEST_F(NotifierLogTest, NotifyThatIsNotTakenIsLogged) {
  Send(Initial());
  Answer(0, 500);
  EXPECT_THAT(log_.Take(),
              ElementsAre("notifier: NOTIFY not taken sip_status=500 failure= "
                          "resource=sip:alice@example.com package=presence "
                          "watcher=sip:bob@example.com contact=sip:phone@192.0.2.7 call_id=c1"));
}

TEST_F(NotifierLogTest, WatcherThatDoesNotAnswerIsLoggedAsEnded) {
  Send(Initial());
  AnswerLast({.status = 408, .made_here = true, .failure = SendFailure::kTimeout});
  EXPECT_THAT(
      log_.Take(),
      ElementsAre(AllOf(StartsWith("notifier: NOTIFY not taken sip_status=408 failure=no answer "),
                        HasSubstr(" call_id=c1")),
                  "notifier: watcher ended why=a NOTIFY got 408: no answer "
                  "resource=sip:alice@example.com package=presence watcher=sip:bob@example.com "
                  "contact=sip:phone@192.0.2.7 call_id=c1"));
}

TEST_F(NotifierLogTest, WatcherThatRunsOutOrIsDeniedIsLoggedOnce) {
  Subscribe();
  clock_.Advance(absl::Seconds(600));
  AnswerAll();
  EXPECT_THAT(
      log_.Take(),
      ElementsAre(StartsWith("notifier: watcher ended why=it was not refreshed resource=")));
  Subscribe();
  Rule(kBob, WatcherDecision::kDeny);
  AnswerAll();
  EXPECT_THAT(log_.Take(), ElementsAre(StartsWith("notifier: watcher ended why=rejected ")));
}

TEST_F(NotifierLogTest, WhoUnsubscribesOrFetchesIsNotLogged) {
  IncomingRequest unsubscribe = Next(Subscribe());
  unsubscribe.expires = 0;
  Send(unsubscribe);
  AnswerAll();
  IncomingRequest fetch = Initial();
  fetch.expires = 0;
  Send(fetch);
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_THAT(log_.Take(), IsEmpty());
}

TEST_F(NotifierLogTest, PasswordsOfUrisAreLeftOut) {
  IncomingRequest request = Initial("sip:bob:hush@example.org");
  request.contact_uri = "sip:phone:hush@192.0.2.7";
  Send(request);
  Answer(0, 481);
  for (const std::string& line : log_.Take()) {
    EXPECT_THAT(line, AllOf(Not(HasSubstr("hush")), HasSubstr("contact=sip:phone:(redacted)@")));
  }
}

TEST(NotifierQuietLogTest, NothingIsLoggedUnasked) {
  struct Phones : NotifierTest {
    void TestBody() override {
      Send(Initial());
      Answer(0, 481);
    }
  };
  CapturedLog log(LogSeverity::kInfo);
  Phones().TestBody();
  EXPECT_THAT(log.Take(), IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
