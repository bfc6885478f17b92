#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Watchers of `dialog` who say by parameters of Event what they want to see (RFC 4235 section 3.2).

namespace sipevents::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A call of alice's; both parties show their media, at `port`.
std::string Call(const std::string& id, const std::string& call_id, int port = 4000) {
  const std::string session = absl::StrCat("<session-description type=\"application/sdp\">m=audio ",
                                           port, "</session-description>");
  return absl::StrCat("<dialog id=\"", id, "\" call-id=\"", call_id, "\" local-tag=\"l-", id,
                      "\" remote-tag=\"r-", id, "\"><state>confirmed</state><local>", session,
                      "</local><remote>", session, "</remote></dialog>");
}

std::string Calls(const std::string& calls) {
  return absl::StrCat(
      "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
      "version=\"1\" state=\"full\" entity=\"sip:alice@example.com\">",
      calls, "</dialog-info>\r\n");
}

class NotifierDialogScenarioTest : public NotifierScenario {
 protected:
  // Starts the gateway, and alice's phone, which publishes these calls.
  absl::Status StartWith(const std::string& calls) {
    if (absl::Status started = StartServer(); !started.ok()) return started;
    absl::StatusOr<ScriptedPublisher*> phone = NewPublisher(kAlice, "dialog");
    if (!phone.ok()) return phone.status();
    phone_ = *phone;
    return Tell(calls);
  }
  absl::Status Tell(const std::string& calls) {
    const absl::StatusOr<Received> response = phone_->Publish(Calls(calls));
    if (!response.ok()) return response.status();
    if (response->sip.status() == 200) return absl::OkStatus();
    return absl::FailedPreconditionError(response->sip.raw());
  }

  ScriptedPublisher* phone_ = nullptr;
};

TEST_F(NotifierDialogScenarioTest, SessionDescriptionsAreOnlyForWhoAsksForThem) {
  ASSERT_OK(StartWith(Call("a", "c1") + Call("b", "c2")));
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const asks, NewWatcher());

  ASSERT_OK_AND_ASSIGN(const Received plain, watcher_->Begin({.event = "dialog"}));
  ASSERT_OK_AND_ASSIGN(const Received asked,
                       asks->Begin({.event = "dialog;include-session-description"}));

  EXPECT_THAT(plain.sip.body(),
              AllOf(HasSubstr("call-id=\"c1\""), HasSubstr("call-id=\"c2\""),
                    Not(HasSubstr("session-description")), Not(HasSubstr("m=audio"))));
  EXPECT_THAT(asked.sip.body(), AllOf(HasSubstr("call-id=\"c1\""), HasSubstr("call-id=\"c2\""),
                                      HasSubstr("m=audio 4000</session-description></remote>")));
  EXPECT_NE(plain.Header("SIP-ETag"), asked.Header("SIP-ETag"));
  EXPECT_EQ(asked.Header("Event"), "dialog;include-session-description");

  // Also where nothing else changes.
  ASSERT_OK(Tell(Call("a", "c1", 5000) + Call("b", "c2")));
  ASSERT_OK(asks->NotifyWith("m=audio 5000").status());
}

TEST_F(NotifierDialogScenarioTest, OnlyTheDialogOfTheParametersIsShown) {
  ASSERT_OK(StartWith(Call("a", "c1@192.0.2.1") + Call("b", "c1@192.0.2.1") + Call("c", "c2")));

  ASSERT_OK_AND_ASSIGN(
      const Received first,
      watcher_->Begin(
          {.event = "dialog;call-id=\"c1@192.0.2.1\";to-tag=\"l-b\";from-tag=\"r-b\""}));
  EXPECT_THAT(first.sip.body(),
              AllOf(HasSubstr("id=\"b\""), Not(HasSubstr("id=\"a\"")), Not(HasSubstr("id=\"c\"")),
                    HasSubstr("version=\"0\" state=\"full\"")));

  ASSERT_OK(Tell(Call("a", "c1@192.0.2.1") + Call("b", "c1@192.0.2.1")));  // no news of it
  ASSERT_OK(Tell(Call("a", "c1@192.0.2.1") + Call("c", "c2")));            // it is gone
  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->NextNotify());
  EXPECT_THAT(second.sip.body(),
              AllOf(Not(HasSubstr("<dialog ")), HasSubstr("version=\"1\" state=\"full\"")));
}

// CEN-03, CEN-04: a tag is good for one view only.
TEST_F(NotifierDialogScenarioTest, TagOfOneViewSuppressesNoOther) {
  ASSERT_OK(StartWith(Call("a", "c1") + Call("b", "c2")));
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Begin({.event = "dialog;call-id=c1"}));
  const std::string condition = "Suppress-If-Match: " + first.Header("SIP-ETag");

  ASSERT_OK_AND_ASSIGN(const Received refreshed, watcher_->Refresh("600", {condition}));
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const other, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received shown,
                       other->Begin({.event = "dialog;call-id=c2", .headers = {condition}}));

  EXPECT_EQ(refreshed.sip.status(), 204);
  EXPECT_THAT(shown.sip.body(), HasSubstr("id=\"b\""));
}

TEST_F(NotifierDialogScenarioTest, CallersOfOursAreShownWhatTheyAskForToo) {
  ASSERT_OK(StartWith(Call("a", "c1;1") + Call("b", "c2")));

  ASSERT_OK_AND_ASSIGN(const auto plain, Watch(kAlice, "dialog"));
  ASSERT_OK_AND_ASSIGN(const v1::Event all, plain->WaitForEvent());
  ASSERT_OK_AND_ASSIGN(const auto asking, Watch(kAlice, "dialog",
                                                {"--event_parameter=include-session-description=",
                                                 "--event_parameter=call-id=c1;1"}));
  ASSERT_OK_AND_ASSIGN(const v1::Event one, asking->WaitForEvent());

  ASSERT_EQ(all.dialog_info().dialogs_size(), 2);
  EXPECT_EQ(all.dialog_info().dialogs(0).remote().session_description(), "");
  ASSERT_EQ(one.dialog_info().dialogs_size(), 1);
  EXPECT_EQ(one.dialog_info().dialogs(0).call_id(), "c1;1");
  EXPECT_EQ(one.dialog_info().dialogs(0).remote().session_description(), "m=audio 4000");
}

// A list has one document for all who are in it.
TEST_F(NotifierDialogScenarioTest, ListsShowNoSessionDescriptions) {
  ASSERT_OK(StartWith(Call("a", "c1")));
  WatchSpec spec = {
      .resource = "sip:lists@example.com",
      .event = "dialog;include-session-description",
      .accept = "application/dialog-info+xml, application/rlmi+xml, multipart/related",
      .content_type = "application/resource-lists+xml",
      .headers = {"Supported: eventlist", "Require: recipient-list-subscribe",
                  "Content-Disposition: recipient-list"}};
  spec.body =
      "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"
      "<entry uri=\"sip:alice@example.com\"/></list></resource-lists>";

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->Begin(spec));

  EXPECT_THAT(notify.sip.body(),
              AllOf(HasSubstr("call-id=\"c1\""), Not(HasSubstr("session-description"))));
}

}  // namespace
}  // namespace sipevents::testing
