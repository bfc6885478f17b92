#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Callers who watch what the gateway serves itself: the same states, and the same rules, as for a
// phone of their identity, without a SIP message.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kBob[] = "sip:bob@example.com";
constexpr char kAsBob[] = "--as=sip:bob@example.com";

class LoopBackScenarioTest : public NotifierScenario {
 protected:
  absl::Status Run(const std::vector<std::string>& arguments) {
    const absl::StatusOr<CliProcess::Outcome> outcome = RunCli(arguments);
    if (!outcome.ok()) return outcome.status();
    if (outcome->exit_status == 0) return absl::OkStatus();
    return absl::InternalError(outcome->Text());
  }
  absl::Status Decide(const std::string& decision) {
    return Run({"watchers", "authorize", kAlice, "--event=presence",
                absl::StrCat("--watcher=", kBob), absl::StrCat("--decision=", decision)});
  }
};

TEST_F(LoopBackScenarioTest, WhatAPhonePublishesReachesCallersAndPhonesAlike) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("first"));
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const v1::Event first, watch->WaitForEvent());
  EXPECT_EQ(NoteOf(first), "first");

  ASSERT_OK(Publish("second"));

  ASSERT_OK_AND_ASSIGN(const v1::Event second, watch->WaitForEvent());
  EXPECT_EQ(NoteOf(second), "second");
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NotifyWith("second"));
  EXPECT_EQ(second.body().data(), notify.sip.body());
  EXPECT_EQ(second.body().content_type(), "application/pidf+xml");
  // Nothing was sent for it.
  ASSERT_OK_AND_ASSIGN(const double subscribes,
                       gateway_->Metric("sipevents_sip_responses_total", "SUBSCRIBE"));
  EXPECT_EQ(subscribes, 0);
}

// NOT-08 and NOT-32, for a caller.
TEST_F(LoopBackScenarioTest, CallerWaitsForPermissionAsAPhoneDoes) {
  ASSERT_OK(StartServer({"--sip_watcher_policy=ask"}));
  ASSERT_OK(Publish("secret"));
  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, "presence", {kAsBob}));
  ASSERT_OK(watch->WaitForState(v1::Subscription::PENDING));

  ASSERT_OK(Decide("allow"));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, watch->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "secret");

  ASSERT_OK(Decide("deny"));
  ASSERT_OK_AND_ASSIGN(const v1::Subscription ended,
                       watch->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(ended.reason(), "rejected");
}

// NOT-08, NOT-32: the log is shared by all callers of an identity.
TEST_F(LoopBackScenarioTest, CallerWhoComesWhilePermissionIsTakenBackSeesNothing) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK_AND_ASSIGN(const auto before, Watch(kAlice, "presence", {kAsBob}));
  ASSERT_OK(before->WaitForEvent());

  ASSERT_OK(Decide("pending"));

  ASSERT_OK(before->WaitForItem("dialog_ended",
                                [](const v1::WatchItem& item) { return item.has_dialog_ended(); }));
  ASSERT_OK(before->WaitForState(v1::Subscription::PENDING));
  ASSERT_OK_AND_ASSIGN(const auto during, Watch(kAlice, "presence", {kAsBob}));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem first,
                       during->WaitForItem("bookmark or event", [](const v1::WatchItem& item) {
                         return item.has_event() || item.has_bookmark();
                       }));
  EXPECT_FALSE(first.has_event());

  ASSERT_OK(Decide("allow"));
  ASSERT_OK_AND_ASSIGN(const v1::Event again, during->WaitForEvent());
  EXPECT_EQ(NoteOf(again), "secret");
}

// NOT-06.
TEST_F(LoopBackScenarioTest, RefusedCallerIsToldTheStatus) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Decide("deny"));

  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, "presence", {kAsBob}));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription refused,
                       watch->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(refused.sip_status(), 403);
}

// NOT-07.
TEST_F(LoopBackScenarioTest, BlockedCallerSeesAnEmptyState) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK(Decide("polite_block"));

  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, "presence", {kAsBob}));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, watch->WaitForEvent());
  EXPECT_EQ(event.presence().tuples_size(), 0);
}

// RFC 3857: who watches through gRPC is a watcher too.
TEST_F(LoopBackScenarioTest, CallerIsAmongTheWatchersThatTheOwnerIsTold) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(const auto owner,
                       Watch(kAlice, "presence.winfo", {absl::StrCat("--as=", kAlice)}));
  ASSERT_OK(owner->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, "presence", {kAsBob, "--linger=0s"}));

  ASSERT_OK(owner
                ->WaitForItem("bob as active",
                              [](const v1::WatchItem& item) {
                                const v1::WatcherInfo& info = item.event().watcher_info();
                                return info.lists_size() == 1 &&
                                       info.lists(0).watchers_size() == 1 &&
                                       info.lists(0).watchers(0).uri() == kBob &&
                                       info.lists(0).watchers(0).status() == v1::Watcher::ACTIVE;
                              })
                .status());
}

TEST_F(LoopBackScenarioTest, ExplanationNamesWhoMustDecide) {
  ASSERT_OK(StartServer({"--sip_watcher_policy=ask"}));
  ASSERT_OK_AND_ASSIGN(const auto watch, Watch(kAlice, "presence", {kAsBob}));
  ASSERT_OK(watch->WaitForState(v1::Subscription::PENDING));

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome explained,
                       RunCli({"subscriptions", "explain", kAlice, "--event=presence"}));

  EXPECT_THAT(explained.Text(), HasSubstr("This gateway waits for somebody's permission"));
  EXPECT_THAT(explained.Text(), HasSubstr("sipevents watchers authorize"));
}

TEST_F(LoopBackScenarioTest, ExplanationNamesMembersThatAreNotThere) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("in"));
  ASSERT_OK(Run({"lists", "create", "sip:floor2@example.com", absl::StrCat("--member=", kAlice),
                 "--member=sip:nobody@example.net"}));
  ASSERT_OK_AND_ASSIGN(const auto watch, Watch("sip:floor2@example.com", "presence"));
  ASSERT_OK(watch
                ->WaitForItem("word of nobody",
                              [](const v1::WatchItem& item) {
                                return item.dialog_ended().member_uri() == "sip:nobody@example.net";
                              })
                .status());

  ASSERT_OK_AND_ASSIGN(
      const CliProcess::Outcome explained,
      RunCli({"subscriptions", "explain", "sip:floor2@example.com", "--event=presence"}));

  EXPECT_THAT(explained.Text(),
              HasSubstr("The list tells nothing of sip:nobody@example.net (no such resource)"));
  EXPECT_THAT(explained.Text(), Not(HasSubstr("All is well")));
}

// SUB-54, for a caller.
TEST_F(LoopBackScenarioTest, FetchBringsTheStateOnce) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("now"));

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome fetched,
                       RunCli({"fetch", kAlice, "--event=presence"}));

  EXPECT_EQ(fetched.exit_status, 0);
  EXPECT_THAT(fetched.Text(), HasSubstr("now"));
}

// RLS-02, for a caller.
TEST_F(LoopBackScenarioTest, ListIsWatchedMemberByMember) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Run({"lists", "create", "sip:floor2@example.com", absl::StrCat("--member=", kAlice),
                 absl::StrCat("--member=", kBob)}));
  ASSERT_OK_AND_ASSIGN(const auto watch, Watch("sip:floor2@example.com", "presence"));
  ASSERT_OK(watch->WaitForState(v1::Subscription::ACTIVE));

  ASSERT_OK(Publish("in"));

  ASSERT_OK(watch
                ->WaitForItem("alice's change",
                              [](const v1::WatchItem& item) {
                                return item.event().member_uri() == kAlice &&
                                       NoteOf(item.event()) == "in";
                              })
                .status());
}

}  // namespace
}  // namespace sipevents::testing
