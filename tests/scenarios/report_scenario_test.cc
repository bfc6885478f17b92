#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Reports on the quality of calls (vq-rtcpxr, RFC 6035): published by phones, told once to
// everybody who watches then, and no state that anybody could fetch later.

namespace sipevents::testing {
namespace {

constexpr char kVq[] = "vq-rtcpxr";
constexpr int kReports = 20;

std::string CallOf(int number) { return absl::StrCat("CallID: call-", number, "@phone\r\n"); }

class ReportScenarioTest : public NotifierScenario {
 protected:
  // Sends them without waiting for any answer.
  void PublishAllAtOnce(ScriptedPublisher& phone) {
    for (int i = 0; i < kReports; ++i) {
      const RawRequest publish =
          phone.NewPublish(absl::StrCat("VQSessionReport: CallTerm\r\n", CallOf(i)));
      phone.peer().SendRaw(port(), publish.Text());
    }
  }
};

TEST_F(ReportScenarioTest, EachOfManyAtOnceReachesPhonesAndCallersOnce) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const phone, NewPublisher(kAlice, kVq));
  ASSERT_OK(watcher_->Begin({.event = kVq, .accept = "application/vq-rtcpxr"}).status());
  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, kVq, {"--deliver=every"}));
  ASSERT_OK(watch->WaitForState(v1::Subscription::ACTIVE));

  PublishAllAtOnce(*phone);

  for (int i = 0; i < kReports; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
    EXPECT_THAT(notify.sip.body(), ::testing::HasSubstr(CallOf(i)));
  }
  std::vector<std::string> told;
  while (told.size() < kReports) {
    ASSERT_OK_AND_ASSIGN(const v1::Event event, watch->WaitForEvent());
    if (!event.body().data().empty()) told.push_back(event.body().data());
  }
  for (int i = 0; i < kReports; ++i) EXPECT_THAT(told[i], ::testing::HasSubstr(CallOf(i)));
}

TEST_F(ReportScenarioTest, NoneIsToldAgain) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const phone, NewPublisher(kAlice, kVq));
  ASSERT_OK(watcher_->Begin({.event = kVq}).status());
  ASSERT_OK_AND_ASSIGN(
      const Received answer,
      phone->Ask(phone->NewPublish(absl::StrCat("VQSessionReport\r\n", CallOf(1)))));
  EXPECT_EQ(answer.sip.status(), 200);
  ASSERT_OK(watcher_->NotifyWith(CallOf(1)).status());

  ASSERT_OK(watcher_->Refresh().status());
  ASSERT_OK_AND_ASSIGN(const Received refreshed, watcher_->NextNotify());
  EXPECT_EQ(refreshed.sip.body(), "");
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const fetching, NewWatcher());
  ASSERT_OK(fetching->Subscribe({.event = kVq, .expires = "0"}).status());
  ASSERT_OK_AND_ASSIGN(const Received fetched, fetching->NextNotify());
  EXPECT_EQ(fetched.sip.body(), "");
}

}  // namespace
}  // namespace sipevents::testing
