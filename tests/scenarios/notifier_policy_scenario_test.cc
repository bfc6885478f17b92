#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Who may watch, decided through gRPC (`sipevents watchers authorize`), and what watchers see of
// it.

namespace sipevents::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kBob[] = "sip:bob@example.com";

class NotifierPolicyScenarioTest : public NotifierScenario {
 protected:
  // Decides about a watcher of alice's presence.
  absl::Status Decide(const std::string& decision, const std::string& watcher = kBob) {
    return Run({"watchers", "authorize", kAlice, "--event=presence",
                absl::StrCat("--watcher=", watcher), absl::StrCat("--decision=", decision)});
  }
  absl::Status Run(const std::vector<std::string>& arguments) {
    const absl::StatusOr<CliProcess::Outcome> outcome = RunCli(arguments);
    if (!outcome.ok()) return outcome.status();
    if (outcome->exit_status == 0) return absl::OkStatus();
    return absl::InternalError(outcome->Text());
  }
  // Bob waits for a decision about alice's presence, in which something stands.
  absl::Status BeginPending(const WatchSpec& spec = {}) {
    if (absl::Status started = StartServer({"--sip_watcher_policy=ask"}); !started.ok()) {
      return started;
    }
    if (absl::Status published = Publish("secret"); !published.ok()) return published;
    return watcher_->Begin(spec).status();
  }
};

// NOT-08, 6665 4.2.1.3.
TEST_F(NotifierPolicyScenarioTest, PermissionBringsTheState) {
  ASSERT_OK(BeginPending());

  ASSERT_OK(Decide("allow"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_EQ(SubstateOf(notify), "active");
  EXPECT_THAT(notify.sip.body(), HasSubstr("secret"));
  ASSERT_OK(Publish("more"));
  EXPECT_OK(watcher_->NotifyWith("more").status());
}

// RATE-01: it does not wait for its turn.
TEST_F(NotifierPolicyScenarioTest, PermissionIsToldWhateverTheRate) {
  ASSERT_OK(BeginPending({.event = "presence;max-rate=0.05"}));

  ASSERT_OK(Decide("allow"));

  EXPECT_OK(watcher_->NotifyWith("secret").status());
}

// NOT-32, NOT-23.
TEST_F(NotifierPolicyScenarioTest, DenialEndsWhoWaits) {
  ASSERT_OK(BeginPending());

  ASSERT_OK(Decide("deny"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=rejected");
  EXPECT_THAT(notify.sip.body(), Not(HasSubstr("secret")));
  EXPECT_OK(watcher_->ExpectGone());
}

// NOT-06, NOT-40: the decision is kept for the next SUBSCRIBE.
TEST_F(NotifierPolicyScenarioTest, RevokedPermissionEndsTheWatcherAndRefusesTheNext) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const carol, NewWatcher());
  ASSERT_OK(carol->Begin({.from = "sip:carol@example.com"}).status());

  ASSERT_OK(Decide("deny"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=rejected");
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NewSubscribe()));
  EXPECT_THAT(response.sip.status(), AnyOf(403, 603));
  // Others do not suffer.
  ASSERT_OK(Publish("carol"));
  EXPECT_OK(carol->NotifyWith("carol").status());
}

// NOT-40: so does one that is taken back to "nobody has decided".
TEST_F(NotifierPolicyScenarioTest, RuleThatIsTakenBackLeavesThePolicy) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Decide("deny"));
  ASSERT_OK_AND_ASSIGN(const Received refused, watcher_->Ask(watcher_->NewSubscribe()));
  EXPECT_THAT(refused.sip.status(), AnyOf(403, 603));

  ASSERT_OK(Run({"rules", "delete", kAlice, "--event=presence", absl::StrCat("--watcher=", kBob)}));

  EXPECT_OK(watcher_->Begin().status());
}

// CEN-05: the subscription's state has changed, the resource's is the same or all the same.
TEST_F(NotifierPolicyScenarioTest, PermissionUnderAConditionIsToldWithoutABody) {
  ASSERT_OK(BeginPending());
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("600", {"Suppress-If-Match: *"}));
  EXPECT_EQ(response.sip.status(), 204);
  EXPECT_OK(watcher_->ExpectNoNotify());

  ASSERT_OK(Decide("allow"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_EQ(SubstateOf(notify), "active");
  EXPECT_THAT(notify.sip.body(), IsEmpty());
  EXPECT_THAT(notify.Header("SIP-ETag"), Not(IsEmpty()));
}

// ---- NOT-07, SEC-02: refused without knowing it

TEST_F(NotifierPolicyScenarioTest, PolitelyBlockedWatcherSeesNothingAndIsActive) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK(Decide("polite_block"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->Begin());

  EXPECT_EQ(SubstateOf(notify), "active");
  EXPECT_THAT(notify.sip.body(), Not(HasSubstr("secret")));
  EXPECT_THAT(ElementsOf(notify.sip.body(), "presence"), SizeIs(1));
  ASSERT_OK(Publish("more secret"));
  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectAlive());
}

// What differs from watcher to watcher, whoever he is.
std::string WithoutNames(std::string text) {
  for (const char* name : {"tag=[\\w.-]+", "branch=[\\w.-]+", "Call-ID: \\S+", "SIP-ETag: \\S+",
                           "watcher@\\S+", "expires=\\d+", "sip:(?:bob|carol)@",
                           "sip:(?:alice|david)@", "rport=\\d+", "127.0.0.1:\\d+"}) {
    text = std::regex_replace(text, std::regex(name), "*");
  }
  return text;
}

// He cannot tell it from a resource of which nobody has published anything.
TEST_F(NotifierPolicyScenarioTest, PoliteBlockLooksLikeAResourceWithoutState) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK(Decide("polite_block"));
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const other, NewWatcher());

  ASSERT_OK_AND_ASSIGN(const Received blocked_answer, watcher_->Subscribe());
  ASSERT_OK_AND_ASSIGN(const Received blocked, watcher_->NextNotify());
  ASSERT_OK_AND_ASSIGN(const Received offline_answer,
                       other->Subscribe({.resource = "sip:david@example.com"}));
  ASSERT_OK_AND_ASSIGN(const Received offline, other->NextNotify());

  EXPECT_EQ(WithoutNames(blocked_answer.sip.raw()), WithoutNames(offline_answer.sip.raw()));
  EXPECT_EQ(WithoutNames(blocked.sip.raw()), WithoutNames(offline.sip.raw()));
}

TEST_F(NotifierPolicyScenarioTest, BlockThatIsLiftedBringsTheState) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("secret"));
  ASSERT_OK(Decide("polite_block"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(Decide("allow"));

  EXPECT_OK(watcher_->NotifyWith("secret").status());
}

// ---- what the owner sees of it (RFC 3858)

TEST_F(NotifierPolicyScenarioTest, OwnerIsToldOfDecisions) {
  ASSERT_OK(BeginPending());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const alice, NewWatcher());
  ASSERT_OK(alice->Begin({.event = "presence.winfo", .from = kAlice}).status());

  ASSERT_OK(Decide("allow"));
  ASSERT_OK_AND_ASSIGN(const Received approved, alice->NextNotify());
  ASSERT_OK(Decide("deny"));
  ASSERT_OK_AND_ASSIGN(const Received rejected, alice->NextNotify());

  ASSERT_THAT(ElementsOf(approved.sip.body(), "watcher"), SizeIs(1));
  EXPECT_EQ(ElementsOf(approved.sip.body(), "watcher")[0]["status"], "active");
  EXPECT_EQ(ElementsOf(approved.sip.body(), "watcher")[0]["event"], "approved");
  ASSERT_THAT(ElementsOf(rejected.sip.body(), "watcher"), SizeIs(1));
  EXPECT_EQ(ElementsOf(rejected.sip.body(), "watcher")[0]["status"], "terminated");
  EXPECT_EQ(ElementsOf(rejected.sip.body(), "watcher")[0]["event"], "rejected");
}

// GEN-03: nobody else's subscription is touched by what is published or decided elsewhere.
TEST_F(NotifierPolicyScenarioTest, DecisionIsAboutOneResourceOnly) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin({.resource = "sip:dave@example.com"}).status());

  ASSERT_OK(Decide("deny"));

  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectAlive());
}

}  // namespace
}  // namespace sipevents::testing
