#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/scenarios/notifier_scenario.h"

// Who watches, served to SIP watchers (presence.winfo, RFC 3857 and 3858), and who is let in.

namespace sipevents::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kBob[] = "sip:bob@example.com";

class NotifierWinfoScenarioTest : public NotifierScenario {
 protected:
  // Alice looks who watches her presence.
  absl::StatusOr<Received> Look(const std::string& expires = "600", const std::string& as = kAlice,
                                const std::string& event = "presence.winfo") {
    return watcher_->Begin({.event = event, .expires = expires, .from = as});
  }
  static XmlElement InfoOf(const Received& notify) {
    const std::vector<XmlElement> infos = ElementsOf(notify.sip.body(), "watcherinfo");
    return infos.empty() ? XmlElement() : infos.front();
  }
  static std::vector<XmlElement> WatchersIn(const Received& notify) {
    return ElementsOf(notify.sip.body(), "watcher");
  }
  // NOTIFYs until one tells of a watcher in this status.
  absl::StatusOr<XmlElement> WatcherIn(const std::string& status) {
    for (int i = 0; i < 5; ++i) {
      const absl::StatusOr<Received> notify = watcher_->NextNotify();
      if (!notify.ok()) return notify.status();
      for (XmlElement& watcher : WatchersIn(*notify)) {
        if (watcher["status"] == status) return watcher;
      }
    }
    return absl::NotFoundError(watcher_->peer().Log());
  }
};

TEST_F(NotifierWinfoScenarioTest, FirstDocumentIsWholeAndNumberedFromZero) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK(bob->Begin().status());

  ASSERT_OK_AND_ASSIGN(const Received notify, Look());

  EXPECT_THAT(notify.Header("Content-Type"), HasSubstr("application/watcherinfo+xml"));
  EXPECT_EQ(InfoOf(notify)["version"], "0");
  EXPECT_EQ(InfoOf(notify)["state"], "full");
  const std::vector<XmlElement> lists = ElementsOf(notify.sip.body(), "watcher-list");
  ASSERT_THAT(lists, SizeIs(1));
  EXPECT_EQ(lists[0]["resource"], kAlice);
  EXPECT_EQ(lists[0]["package"], "presence");
  ASSERT_THAT(WatchersIn(notify), SizeIs(1));
  const XmlElement watcher = WatchersIn(notify)[0];
  EXPECT_THAT(watcher["id"], Not(IsEmpty()));
  EXPECT_EQ(watcher["status"], "active");
  EXPECT_EQ(watcher["event"], "subscribe");
  EXPECT_EQ(watcher.content, kBob);
}

TEST_F(NotifierWinfoScenarioTest, ComingAndGoingIsToldWithRisingVersions) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received none, Look());
  EXPECT_THAT(WatchersIn(none), IsEmpty());

  ASSERT_OK(bob->Begin().status());
  ASSERT_OK_AND_ASSIGN(const Received came, watcher_->NextNotify());
  ASSERT_OK(bob->Refresh("0").status());
  ASSERT_OK(bob->NextNotify().status());
  ASSERT_OK_AND_ASSIGN(const Received gone, watcher_->NextNotify());

  EXPECT_EQ(InfoOf(came)["version"], "1");
  ASSERT_THAT(WatchersIn(came), SizeIs(1));
  EXPECT_EQ(WatchersIn(came)[0]["status"], "active");
  EXPECT_EQ(InfoOf(gone)["version"], "2");
  ASSERT_THAT(WatchersIn(gone), SizeIs(1));
  EXPECT_EQ(WatchersIn(gone)[0]["status"], "terminated");
  EXPECT_EQ(WatchersIn(gone)[0]["event"], "timeout");
  EXPECT_EQ(WatchersIn(gone)[0]["id"], WatchersIn(came)[0]["id"]);
}

// PKG-16: an answer to SUBSCRIBE is whole, and numbered on.
TEST_F(NotifierWinfoScenarioTest, RefreshIsAnsweredWithAWholeDocument) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK(Look().status());
  ASSERT_OK(bob->Begin().status());
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK(watcher_->Refresh().status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_EQ(InfoOf(notify)["version"], "2");
  EXPECT_EQ(InfoOf(notify)["state"], "full");
  EXPECT_THAT(WatchersIn(notify), SizeIs(1));
}

// Who only looks once is no watcher.
TEST_F(NotifierWinfoScenarioTest, FetchIsServedAndTellsNobody) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received notify, Look());

  ASSERT_OK(bob->Begin({.expires = "0"}).status());

  EXPECT_OK(watcher_->ExpectNoNotify());
  ASSERT_OK_AND_ASSIGN(const Received fetched, Look("0"));
  EXPECT_EQ(InfoOf(fetched)["state"], "full");
}

// 3857 section 4.5: others see no more than themselves.
TEST_F(NotifierWinfoScenarioTest, OnlyTheOwnerSeesEverybody) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const carol, NewWatcher());
  ASSERT_OK(bob->Begin().status());
  ASSERT_OK(carol->Begin({.from = "sip:carol@example.com"}).status());

  RawRequest look = watcher_->NewSubscribe({.event = "presence.winfo", .from = kBob});
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe(look));

  if (response.sip.status() != 200) {
    EXPECT_EQ(response.sip.status(), 403);
    return;
  }
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(notify.sip.body(), Not(HasSubstr("carol")));
}

// NOT-25 is told as the end that it is.
TEST_F(NotifierWinfoScenarioTest, WatcherThatWasLostIsTold) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK(bob->Begin().status());
  ASSERT_OK(Look().status());
  ASSERT_OK(Publish("refused"));
  ASSERT_OK_AND_ASSIGN(const Received notify, bob->TakeNotify());

  bob->peer().Respond(notify, 481);

  EXPECT_OK(WatcherIn("terminated").status());
}

// ---- who is let in

// NOT-08, NOT-41, NOT-21: nobody waits for a decision but the watcher.
TEST_F(NotifierWinfoScenarioTest, UndecidedWatcherIsAnsweredAtOnceAndPending) {
  ASSERT_OK(StartServer({"--sip_watcher_policy=ask"}));
  ASSERT_OK(Publish("secret"));
  RawRequest subscribe = watcher_->NewSubscribe();
  const absl::Time asked = absl::Now();

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe(subscribe));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_OK(CheckAccepted(response));
  EXPECT_LE(response.time - asked, absl::Milliseconds(500) * kSlowdown);
  EXPECT_EQ(SubstateOf(notify), "pending");
  EXPECT_THAT(notify.sip.body(), Not(HasSubstr("secret")));
  ASSERT_OK(Publish("more secret"));
  const absl::StatusOr<Received> leak = watcher_->NextNotify(kQuiet);
  if (leak.ok()) {
    EXPECT_THAT(leak->sip.body(), Not(HasSubstr("secret")));
  }
}

// The owner learns that somebody waits.
TEST_F(NotifierWinfoScenarioTest, PendingWatcherIsToldToTheOwner) {
  ASSERT_OK(StartServer({"--sip_watcher_policy=ask"}));
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const bob, NewWatcher());
  ASSERT_OK(Look().status());

  ASSERT_OK(bob->Begin().status());

  ASSERT_OK_AND_ASSIGN(const XmlElement watcher, WatcherIn("pending"));
  EXPECT_EQ(watcher.content, kBob);
  EXPECT_EQ(watcher["event"], "subscribe");
}

// NOT-06.
TEST_F(NotifierWinfoScenarioTest, DeniedWatcherIsRefused) {
  ASSERT_OK(StartServer({"--sip_watcher_policy=deny"}));

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NewSubscribe()));

  EXPECT_THAT(response.sip.status(), AnyOf(403, 603));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-30: who waits may also stop waiting.
TEST_F(NotifierWinfoScenarioTest, PendingWatcherUnsubscribes) {
  ASSERT_OK(StartServer({"--sip_watcher_policy=ask"}));
  ASSERT_OK(Publish("secret"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(watcher_->Refresh("0").status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_EQ(SubstateOf(notify), "terminated");
  EXPECT_THAT(notify.sip.body(), Not(HasSubstr("secret")));
  EXPECT_OK(watcher_->ExpectGone());
}

}  // namespace
}  // namespace sipevents::testing
