#include <csignal>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// A client that does not read costs nobody else anything.

namespace sipevents::testing {
namespace {

using ::testing::Gt;

constexpr char kLogBytes[] = "sipevents_event_log_bytes";

class SlowReaderScenarioTest : public Scenario {
 protected:
  // Sends states numbered `begin` to `end` - 1, each with 4 KB of text, each after the one
  // before was answered.
  void NotifyRange(const Received& subscribe, int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const std::string note = absl::StrCat(i, " ", std::string(4000, 'n'));
      ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", note))),
                  IsOkAndHolds(200));
    }
  }

  // Expects that a watcher sees each of them, in order.
  static void ExpectRange(CliProcess& cli, int begin, int end) {
    for (int i = begin; i < end; ++i) {
      ASSERT_OK_AND_ASSIGN(const v1::Event event, cli.WaitForEvent());
      ASSERT_EQ(NoteOf(event).substr(0, NoteOf(event).find(' ')), absl::StrCat(i));
    }
  }
};

TEST_F(SlowReaderScenarioTest, StoppedClientLeavesMemoryFlatAndOthersServed) {
  std::unique_ptr<CliProcess> fast;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(fast, "presence", {"--deliver=every"}));
  ASSERT_OK_AND_ASSIGN(const auto stopped, Watch(kAlice, "presence"));
  ASSERT_OK(stopped->WaitForEvent());
  stopped->process().Signal(SIGSTOP);

  // What the stream and the sockets hold is full well before the first thousand is through.
  NotifyRange(subscribe, 0, 2000);
  ExpectRange(*fast, 0, 2000);
  ASSERT_OK_AND_ASSIGN(const double resident_before, gateway_->ResidentBytes());
  ASSERT_OK_AND_ASSIGN(const double log_before, gateway_->Metric(kLogBytes));
  NotifyRange(subscribe, 2000, 4000);
  ExpectRange(*fast, 2000, 4000);
  ASSERT_OK_AND_ASSIGN(const double resident_after, gateway_->ResidentBytes());
  ASSERT_OK_AND_ASSIGN(const double log_after, gateway_->Metric(kLogBytes));

  EXPECT_GT(log_before, 0);
  EXPECT_LT(log_after, log_before * 1.1);
  // The second half is more than 16 MB of bodies and documents; it must not have stayed.
  EXPECT_LT(resident_after - resident_before, 6e6);

  // It wakes up: the newest state, and how many it stands for.
  stopped->process().Signal(SIGCONT);
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem newest,
                       stopped->WaitForItem("the newest state", [](const v1::WatchItem& item) {
                         return NoteOf(item.event()).substr(0, 5) == "3999 ";
                       }));
  EXPECT_THAT(newest.event().superseded(), Gt(0U));
  EXPECT_FALSE(newest.event().has_body() && newest.event().body().data().empty());
  EXPECT_THAT(gateway_->Metric("sipevents_events_total", "superseded"),
              IsOkAndHolds(::testing::Ge(newest.event().superseded())));
}

}  // namespace
}  // namespace sipevents::testing
