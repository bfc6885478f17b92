#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Conditional notification (RFC 5839) by a notifier, and which body types it sends.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class NotifierConditionScenarioTest : public NotifierScenario {
 protected:
  // Subscribes to a state that was published; the tag of the NOTIFY.
  absl::StatusOr<std::string> BeginWithTag(const WatchSpec& spec = {}) {
    if (absl::Status started = StartServer(); !started.ok()) return started;
    if (absl::Status published = Publish("state 1"); !published.ok()) return published;
    const absl::StatusOr<Received> notify = watcher_->Begin(spec);
    if (!notify.ok()) return notify.status();
    return notify->Header("SIP-ETag");
  }

  static std::vector<std::string> If(const std::string& tag) {
    return {"Suppress-If-Match: " + tag};
  }
};

// CEN-01.
TEST_F(NotifierConditionScenarioTest, EachNotifyHasATagThatStandsForItsState) {
  ASSERT_OK_AND_ASSIGN(const std::string first, BeginWithTag());
  ASSERT_OK(watcher_->Refresh().status());
  ASSERT_OK_AND_ASSIGN(const Received same, watcher_->NextNotify());
  ASSERT_OK(Publish("state 2"));
  ASSERT_OK_AND_ASSIGN(const Received changed, watcher_->NextNotify());

  EXPECT_THAT(first, ::testing::MatchesRegex("[A-Za-z0-9.!%_`'~+-]+"));
  EXPECT_EQ(same.Header("SIP-ETag"), first);
  EXPECT_NE(changed.Header("SIP-ETag"), first);
  EXPECT_THAT(changed.Header("SIP-ETag"), Not(IsEmpty()));
}

// CEN-01: the tag is the state's, whoever is told.
TEST_F(NotifierConditionScenarioTest, WatchersOfOneStateSeeOneTagAndOtherResourcesAnother) {
  ASSERT_OK_AND_ASSIGN(const std::string first, BeginWithTag());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const second, NewWatcher());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const other, NewWatcher());

  ASSERT_OK_AND_ASSIGN(const Received same, second->Begin());
  ASSERT_OK_AND_ASSIGN(const Received another, other->Begin({.resource = "sip:carol@example.com"}));

  EXPECT_EQ(same.Header("SIP-ETag"), first);
  EXPECT_NE(another.Header("SIP-ETag"), first);
}

// CEN-01: never the tag of another time.
TEST_F(NotifierConditionScenarioTest, TagIsNotUsedAgainForAnotherState) {
  ASSERT_OK_AND_ASSIGN(std::string last, BeginWithTag());
  std::vector<std::string> tags = {last};
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(Publish(absl::StrCat("number ", i)));
    ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
    EXPECT_THAT(tags, Not(::testing::Contains(notify.Header("SIP-ETag"))));
    tags.push_back(notify.Header("SIP-ETag"));
  }
}

// CEN-03.
TEST_F(NotifierConditionScenarioTest, RefreshWithTheCurrentTagIsAnswered204AndNotNotified) {
  ASSERT_OK_AND_ASSIGN(const std::string tag, BeginWithTag());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("300", If(tag)));

  EXPECT_EQ(response.sip.status(), 204);
  EXPECT_EQ(response.expires(), 300);
  EXPECT_OK(watcher_->ExpectNoNotify());
  ASSERT_OK(Publish("state 2"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(notify.sip.body(), HasSubstr("state 2"));
  EXPECT_LE(StateExpires(notify), 300);
}

// CEN-02, CEN-03: true whatever the state is, until the next SUBSCRIBE.
TEST_F(NotifierConditionScenarioTest, StarSuppressesAllStatesUntilTheNextSubscribe) {
  ASSERT_OK(BeginWithTag().status());
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("300", If("*")));
  EXPECT_EQ(response.sip.status(), 204);

  ASSERT_OK(Publish("state 2"));
  EXPECT_OK(watcher_->ExpectNoNotify());

  ASSERT_OK(watcher_->Refresh("300").status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(notify.sip.body(), HasSubstr("state 2"));
}

// CEN-04: resuming.
TEST_F(NotifierConditionScenarioTest, FirstSubscribeWithTheCurrentTagIsNotifiedWithoutABody) {
  ASSERT_OK_AND_ASSIGN(const std::string tag, BeginWithTag());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const resumed, NewWatcher());

  ASSERT_OK_AND_ASSIGN(const Received notify, resumed->Begin({.headers = If(tag)}));

  EXPECT_THAT(notify.sip.body(), IsEmpty());
  EXPECT_THAT(notify.sip.Headers("Content-Type"), IsEmpty());
  EXPECT_EQ(notify.Header("Content-Length"), "0");
  EXPECT_EQ(notify.Header("SIP-ETag"), tag);
  EXPECT_EQ(SubstateOf(notify), "active");
}

// CEN-04: polling.
TEST_F(NotifierConditionScenarioTest, FetchWithTheCurrentTagIsNotifiedWithoutABody) {
  ASSERT_OK_AND_ASSIGN(const std::string tag, BeginWithTag());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const poller, NewWatcher());

  ASSERT_OK_AND_ASSIGN(const Received notify, poller->Begin({.expires = "0", .headers = If(tag)}));

  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=timeout");
  EXPECT_THAT(notify.sip.body(), IsEmpty());
  EXPECT_EQ(notify.Header("SIP-ETag"), tag);
}

// CEN-05: the state of the subscription is not part of what the tag stands for.
TEST_F(NotifierConditionScenarioTest, ExpiryIsToldWhateverTheCondition) {
  ASSERT_OK(StartServer({"--sip_min_expires=1s"}));
  ASSERT_OK(watcher_->Begin({.expires = "2"}).status());
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("2", If("*")));
  EXPECT_EQ(response.sip.status(), 204);

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=timeout");
  EXPECT_THAT(notify.sip.body(), IsEmpty());
  EXPECT_THAT(notify.Header("SIP-ETag"), Not(IsEmpty()));
}

// CEN-06.
TEST_F(NotifierConditionScenarioTest, StaleTagIsAnsweredAsIfThereWereNone) {
  ASSERT_OK_AND_ASSIGN(const std::string tag, BeginWithTag());
  ASSERT_OK(Publish("state 2"));
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("300", If(tag)));

  EXPECT_EQ(response.sip.status(), 200);
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(notify.sip.body(), HasSubstr("state 2"));
}

// CEN-07.
TEST_F(NotifierConditionScenarioTest, UnsubscribeWithTheCurrentTagEndsInSilence) {
  ASSERT_OK_AND_ASSIGN(const std::string tag, BeginWithTag());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("0", If(tag)));

  EXPECT_EQ(response.sip.status(), 204);
  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectGone());
}

// ---- NOT-34: the body is of a type that was accepted

TEST_F(NotifierConditionScenarioTest, WithoutAcceptThePackagesOwnTypeIsSent) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("typed"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->Begin());

  EXPECT_THAT(notify.Header("Content-Type"), HasSubstr("application/pidf+xml"));
}

TEST_F(NotifierConditionScenarioTest, WildcardsAcceptThePackagesOwnType) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("typed"));
  for (const char* accept : {"*/*", "application/*", "text/html, Application/PIDF+XML;q=0.1"}) {
    ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const watcher, NewWatcher());

    ASSERT_OK_AND_ASSIGN(const Received notify, watcher->Begin({.accept = accept}));

    EXPECT_THAT(notify.Header("Content-Type"), HasSubstr("application/pidf+xml")) << accept;
  }
}

// RFC 5263, 5262: what is full and what is not, and numbered.
TEST_F(NotifierConditionScenarioTest, PartialPresenceIsSentWhereItIsPreferred) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("part 1"));
  ASSERT_OK_AND_ASSIGN(const Received first,
                       watcher_->Begin({.accept = "application/pidf+xml;q=0.5, "
                                                  "application/pidf-diff+xml;q=1"}));

  ASSERT_OK(Publish("part 2"));
  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());

  EXPECT_THAT(first.Header("Content-Type"), HasSubstr("application/pidf-diff+xml"));
  ASSERT_THAT(ElementsOf(first.sip.body(), "pidf-full"), ::testing::SizeIs(1));
  const std::vector<XmlElement> changes = ElementsOf(second.sip.body(), "pidf-diff");
  ASSERT_THAT(changes, ::testing::SizeIs(1));
  EXPECT_EQ(std::stoi(changes[0]["version"]),
            std::stoi(ElementsOf(first.sip.body(), "pidf-full")[0]["version"]) + 1);
  EXPECT_THAT(second.sip.body(), HasSubstr("part 2"));
  // NOT-17: an answer to SUBSCRIBE is whole.
  ASSERT_OK(watcher_->Refresh("600", {"Accept: application/pidf-diff+xml, application/pidf+xml"})
                .status());
  ASSERT_OK_AND_ASSIGN(const Received third, watcher_->NextNotify());
  EXPECT_THAT(ElementsOf(third.sip.body(), "pidf-diff"), IsEmpty());
  EXPECT_THAT(third.sip.body(), HasSubstr("part 2"));
}

// DEV-10: an old name of the same documents.
TEST_F(NotifierConditionScenarioTest, OldNameOfPresenceIsServed) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("old name"));

  ASSERT_OK_AND_ASSIGN(const Received notify,
                       watcher_->Begin({.accept = "application/cpim-pidf+xml"}));

  EXPECT_THAT(notify.Header("Content-Type"), HasSubstr("application/cpim-pidf+xml"));
  EXPECT_THAT(notify.sip.body(), HasSubstr("old name"));
}

}  // namespace
}  // namespace sipevents::testing
