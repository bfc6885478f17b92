#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// A SUBSCRIBE that reaches several notifiers.

namespace sipevents::testing {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ForkScenarioTest : public Scenario {
 protected:
  // Sends the first NOTIFY of a fork.
  absl::StatusOr<int> NotifyFork(const Received& subscribe, const std::string& tag,
                                 const std::string& state, const std::string& body) {
    NotifyOptions fork;
    fork.from_tag = tag;
    return peer_->StatusOf(peer_->Notify(subscribe, state, body, fork));
  }

  // Takes and grants the next `count` refreshes; returns them.
  absl::StatusOr<std::vector<Received>> GrantRefreshes(int count) {
    std::vector<Received> refreshes;
    for (int i = 0; i < count; ++i) {
      absl::StatusOr<Received> refresh = peer_->WaitFor("SUBSCRIBE");
      if (!refresh.ok()) return refresh.status();
      peer_->Accept(*refresh);
      refreshes.push_back(*std::move(refresh));
    }
    return refreshes;
  }
};

std::set<std::string> ToTags(const std::vector<Received>& requests) {
  std::set<std::string> tags;
  for (const Received& request : requests) tags.insert(request.to_tag());
  return tags;
}

// SUB-25, SUB-17, SUB-27: the 2xx's tag makes no dialog, each NOTIFY's does.
TEST_F(ForkScenarioTest, ThreeForksAreShownAndRefreshedEachAndOneMayEnd) {
  ASSERT_OK(StartGateway({"--sip_expires=4s"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "dialog"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions of_a;
  of_a.to_tag = "nobody";
  peer_->Respond(subscribe, 200, of_a);

  std::set<std::string> dialogs;
  for (const std::string tag : {"a", "b", "c"}) {
    ASSERT_THAT(NotifyFork(subscribe, tag, "active;expires=4", DialogInfo(0, tag, "confirmed")),
                IsOkAndHolds(200));
    ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
    ASSERT_EQ(event.dialog_info().dialogs_size(), 1);
    EXPECT_EQ(event.dialog_info().dialogs(0).id(), tag);
    dialogs.insert(event.dialog());
  }

  EXPECT_THAT(dialogs, SizeIs(3));
  ASSERT_OK_AND_ASSIGN(const std::vector<Received> first_round, GrantRefreshes(3));
  EXPECT_THAT(ToTags(first_round), UnorderedElementsAre("a", "b", "c"));

  // One ends, two are left.
  for (const Received& refresh : first_round) {
    if (refresh.to_tag() != "b") continue;
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(refresh, "terminated;reason=noresource")),
                IsOkAndHolds(200));
  }
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem ended,
                       cli->WaitForItem("end of a fork", [](const v1::WatchItem& item) {
                         return item.has_dialog_ended();
                       }));
  EXPECT_EQ(dialogs.count(ended.dialog_ended().dialog()), 1U);
  EXPECT_EQ(ended.dialog_ended().reason(), "noresource");
  ASSERT_OK_AND_ASSIGN(const std::vector<Received> second_round, GrantRefreshes(4));
  EXPECT_THAT(ToTags(second_round), UnorderedElementsAre("a", "c"));
  ASSERT_OK_AND_ASSIGN(const auto late, Watch(kAlice, "dialog"));
  std::set<std::string> shown;
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const v1::Event event, late->WaitForEvent());
    shown.insert(event.dialog_info().dialogs(0).id());
  }
  EXPECT_THAT(shown, UnorderedElementsAre("a", "c"));
}

// SUB-26: presence allows no forks; the first NOTIFY's dialog is the one.
TEST_F(ForkScenarioTest, SecondDialogOfPresenceIsRefused) {
  ASSERT_OK(StartGateway({"--sip_expires=4s"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_THAT(NotifyFork(subscribe, "a", "active;expires=4", Pidf("open", "a")), IsOkAndHolds(200));
  EXPECT_THAT(NotifyFork(subscribe, "b", "active;expires=4", Pidf("open", "b")), IsOkAndHolds(481));
  ResponseOptions of_b;
  of_b.to_tag = "b";
  peer_->Respond(subscribe, 200, of_b);

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "a");
  ASSERT_OK_AND_ASSIGN(const std::vector<Received> refreshes, GrantRefreshes(1));
  EXPECT_THAT(ToTags(refreshes), UnorderedElementsAre("a"));
}

// SUB-15: a fork that comes after Timer N is refused.
TEST_F(ForkScenarioTest, ForkAfterTimerNIsRefused) {
  ASSERT_OK(StartGateway({"--sip_t1=10ms", "--sip_retry_base=600ms"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "dialog"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);
  ASSERT_THAT(NotifyFork(subscribe, "a", "active;expires=600", DialogInfo(0, "a", "early")),
              IsOkAndHolds(200));

  ASSERT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(64 * 10 + 300)));

  EXPECT_THAT(NotifyFork(subscribe, "b", "active;expires=600", DialogInfo(0, "b", "early")),
              IsOkAndHolds(481));
  EXPECT_THAT(NotifyFork(subscribe, "a", "active;expires=600", DialogInfo(1, "a", "early")),
              IsOkAndHolds(200));
}

// Message summaries are merged over the forks: waiting is any yes.
TEST_F(ForkScenarioTest, MessageSummaryIsMergedOverForks) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "message-summary"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);

  ASSERT_THAT(NotifyFork(subscribe, "a", "active;expires=600", MessageSummary(2, 1)),
              IsOkAndHolds(200));
  ASSERT_OK(cli->WaitForEvent());
  ASSERT_THAT(NotifyFork(subscribe, "b", "active;expires=600", MessageSummary(0, 5)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event merged, cli->WaitForEvent());
  EXPECT_TRUE(merged.message_summary().messages_waiting());
  ASSERT_EQ(merged.message_summary().counts_size(), 1);
  EXPECT_EQ(merged.message_summary().counts(0).new_count(), 2U);
  EXPECT_EQ(merged.message_summary().counts(0).old_count(), 6U);
}

}  // namespace
}  // namespace sipevents::testing
