#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/scenario.h"

// Who watches whom, as a real presence server tells it (RFC 3857, RFC 3858).

namespace sipevents::testing {
namespace {

constexpr char kBob[] = "sip:bob@example.com";
constexpr char kRulesForBob[] =
    R"(<ruleset xmlns="urn:ietf:params:xml:ns:common-policy"
         xmlns:pr="urn:ietf:params:xml:ns:pres-rules"><rule id="bob">
       <conditions><identity><one id="sip:bob@example.com"/></identity></conditions>
       <actions><pr:sub-handling>allow</pr:sub-handling></actions>
       <transformations/></rule></ruleset>)";

// The one watcher of alice's presence that an event tells; null: none, or several.
const v1::Watcher* OnlyWatcher(const v1::Event& event) {
  const v1::WatcherInfo& info = event.watcher_info();
  if (info.lists_size() != 1 || info.lists(0).watchers_size() != 1) return nullptr;
  if (info.lists(0).resource() != kAlice || info.lists(0).event_package() != "presence") {
    return nullptr;
  }
  return &info.lists(0).watchers(0);
}

class KamailioWatcherInfoTest : public KamailioScenario {
 protected:
  // Starts both, and begins to look at who watches alice.
  void LookAtWatchers(WatcherPolicy policy) {
    ASSERT_OK(StartKamailio(std::nullopt, policy));
    ASSERT_OK(StartGateway({ProxyFlag(Transport::kUdp)}));
    ASSERT_OK_AND_ASSIGN(watchers_,
                         CliProcess::Watch(*gateway_, kAlice, "presence.winfo",
                                           {absl::StrCat("--as=", kAlice), "--expires=6s"}));
    ASSERT_OK(watchers_->WaitForState(v1::Subscription::ACTIVE));
  }

  absl::StatusOr<std::unique_ptr<CliProcess>> WatchAsBob() {
    return CliProcess::Watch(*gateway_, kAlice, "presence",
                             {absl::StrCat("--as=", kBob), "--linger=0s"});
  }

  // Waits until bob is shown as the only watcher, in this status.
  absl::StatusOr<v1::Watcher> WaitForBob(v1::Watcher::Status status) {
    v1::Watcher bob;
    const absl::StatusOr<v1::WatchItem> item =
        watchers_->WaitForItem(absl::StrCat("bob as ", v1::Watcher::Status_Name(status)),
                               [&](const v1::WatchItem& candidate) {
                                 const v1::Watcher* watcher = OnlyWatcher(candidate.event());
                                 if (watcher == nullptr || watcher->uri() != kBob) return false;
                                 bob = *watcher;
                                 return bob.status() == status;
                               });
    if (!item.ok()) return item.status();
    return bob;
  }

  std::unique_ptr<CliProcess> watchers_;
};

TEST_F(KamailioWatcherInfoTest, WatcherIsShownTypedFromItsSubscribeToItsEnd) {
  LookAtWatchers(WatcherPolicy::kEverybody);
  ASSERT_FALSE(HasFatalFailure());

  ASSERT_OK_AND_ASSIGN(auto bob, WatchAsBob());

  ASSERT_OK_AND_ASSIGN(const v1::Watcher active, WaitForBob(v1::Watcher::ACTIVE));
  EXPECT_EQ(active.event(), v1::Watcher::SUBSCRIBE);
  EXPECT_NE(active.id(), "");

  bob.reset();

  // Kamailio sends the full list of those who still watch.
  EXPECT_OK(watchers_->WaitForItem("nobody", [](const v1::WatchItem& item) {
    return item.event().watcher_info().lists_size() == 1 &&
           item.event().watcher_info().lists(0).watchers().empty();
  }));
}

TEST_F(KamailioWatcherInfoTest, WatcherWaitsAndIsShownSoUntilTheOwnersRulesLetItIn) {
  LookAtWatchers(WatcherPolicy::kPermitted);
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_THAT(
      kamailio_->Publish(kAlice, "presence", "application/pidf+xml", Pidf("open", "for friends")),
      IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const auto bob, WatchAsBob());

  ASSERT_OK(bob->WaitForState(v1::Subscription::PENDING));
  ASSERT_OK(WaitForBob(v1::Watcher::PENDING));

  ASSERT_OK(kamailio_->SetPresenceRules("alice", kRulesForBob));

  ASSERT_OK(bob->WaitForItem(
      "presence", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "for friends"; }));
  EXPECT_OK(bob->WaitForState(v1::Subscription::ACTIVE));
  // Kamailio does not tell of it by itself: the full state that answers our refresh does.
  EXPECT_OK(WaitForBob(v1::Watcher::ACTIVE));
}

}  // namespace
}  // namespace sipevents::testing
