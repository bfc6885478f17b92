#include <memory>
#include <string>

#include "sip/base/status_macros.h"
#include "tests/scenarios/scenario.h"

// The dialog is lost, the state is not (RFC 5839): the notifier need not send it again.

namespace sipevents::testing {
namespace {

class ResumeScenarioTest : public Scenario {
 protected:
  static NotifyOptions WithTag(const std::string& entity_tag, const std::string& fork) {
    NotifyOptions options;
    options.from_tag = fork;
    options.headers = {"SIP-ETag: " + entity_tag};
    return options;
  }

  // Alice is watched, and her state has the tag `e1`; then the notifier ends the dialog. Returns
  // the SUBSCRIBE that follows.
  absl::StatusOr<Received> LoseDialog() {
    SIPEVENTS_ASSIGN_OR_RETURN(cli_, Watch(kAlice, "presence"));
    SIPEVENTS_ASSIGN_OR_RETURN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    peer_->Accept(subscribe, Pidf("open", "first"), WithTag("e1", "a"));
    SIPEVENTS_RETURN_IF_ERROR(cli_->WaitForEvent().status());
    peer_->Notify(subscribe, "terminated;reason=deactivated", "", WithTag("e1", "a"));
    return peer_->WaitFor("SUBSCRIBE");
  }

  std::unique_ptr<CliProcess> cli_;
};

// CEN-04
TEST_F(ResumeScenarioTest, StateIsTakenUpByTheNextDialogWithoutBeingSentAgain) {
  ASSERT_OK_AND_ASSIGN(const Received resume, LoseDialog());
  EXPECT_EQ(resume.to_tag(), "");
  EXPECT_EQ(resume.Header("Suppress-If-Match"), "e1");

  peer_->Accept(resume, "", WithTag("e1", "b"));

  // Nothing was told but that the Subscription was away and is back.
  ASSERT_OK_AND_ASSIGN(
      const v1::WatchItem back, cli_->WaitForItem("ACTIVE again", [](const v1::WatchItem& item) {
        EXPECT_FALSE(item.has_event());
        EXPECT_FALSE(item.has_dialog_ended());
        return item.status().state() == v1::Subscription::ACTIVE &&
               !item.status().has_stale_since() && item.status().dialog_count() == 1;
      }));
  EXPECT_EQ(back.status().reason(), "");
  ASSERT_OK_AND_ASSIGN(const auto late, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const v1::Event shown, late->WaitForEvent());
  EXPECT_EQ(NoteOf(shown), "first");

  // What changes from here on replaces it.
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(resume, "active;expires=600", Pidf("closed", "second"),
                                            WithTag("e2", "b"))),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event changed, late->WaitForEvent());
  EXPECT_EQ(NoteOf(changed), "second");
  EXPECT_EQ(changed.dialog(), shown.dialog());
  ASSERT_OK_AND_ASSIGN(const auto latest, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const v1::Event only, latest->WaitForEvent());
  EXPECT_EQ(NoteOf(only), "second");
}

// CEN-09
TEST_F(ResumeScenarioTest, PeerThatRefusesTheConditionIsAskedWithoutIt) {
  ASSERT_OK_AND_ASSIGN(const Received resume, LoseDialog());

  peer_->Respond(resume, 400);

  ASSERT_OK_AND_ASSIGN(const Received plain, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(plain.Header("Suppress-If-Match"), "");
  peer_->Accept(plain, Pidf("open", "again"), WithTag("e1", "b"));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem ended,
                       cli_->WaitForItem("end of the dialog", [](const v1::WatchItem& item) {
                         return item.has_dialog_ended();
                       }));
  EXPECT_EQ(ended.dialog_ended().reason(), "deactivated");
  ASSERT_OK_AND_ASSIGN(const v1::Event again, cli_->WaitForEvent());
  EXPECT_EQ(NoteOf(again), "again");
}

}  // namespace
}  // namespace sipevents::testing
