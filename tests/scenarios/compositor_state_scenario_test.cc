#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// What several publications of one resource add up to, as its watchers see it.

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class CompositorStateScenarioTest : public NotifierScenario {
 protected:
  // What a new watcher is shown.
  absl::StatusOr<std::string> Shown(const std::string& event = "presence",
                                    const std::string& resource = kAlice) {
    absl::StatusOr<ScriptedWatcher*> poller = NewWatcher();
    if (!poller.ok()) return poller.status();
    absl::StatusOr<Received> notify =
        (*poller)->Begin({.resource = resource, .event = event, .expires = "0"});
    if (!notify.ok()) return notify.status();
    return notify->sip.body();
  }

  // From a phone of its own.
  absl::Status PublishAs(const std::string& event, const std::string& body) {
    absl::StatusOr<ScriptedPublisher*> phone = NewPublisher(kAlice, event);
    if (!phone.ok()) return phone.status();
    absl::StatusOr<Received> response = (*phone)->Publish(body);
    if (!response.ok()) return response.status();
    if (response->sip.status() == 200) return absl::OkStatus();
    return absl::FailedPreconditionError(response->sip.raw());
  }
};

std::string Presence(const std::string& inner) {
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
      "xmlns:x=\"urn:example:x\" entity=\"sip:alice@example.com\">",
      inner, "</presence>\r\n");
}

// ESC-25, 3903 4: ids that two phones chose alike become two.
TEST_F(CompositorStateScenarioTest, TuplesOfAllPhonesAreShownWithIdsOfTheirOwn) {
  ASSERT_OK(StartServer());
  ASSERT_OK(PublishAs("presence", Pidf("open", "desk")));
  ASSERT_OK(PublishAs("presence", Pidf("closed", "pocket")));

  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());

  const std::vector<std::string> ids = AttributesOf(shown, "tuple", "id");
  EXPECT_THAT(ids, SizeIs(2));
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(2));
  EXPECT_THAT(ElementsOf(shown, "presence"), SizeIs(1));
  EXPECT_EQ(ElementsOf(shown, "presence")[0]["entity"], kAlice);
}

// EPA-18: and they stay the same.
TEST_F(CompositorStateScenarioTest, IdsStayTheSameOverChanges) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("one"));
  ASSERT_OK(PublishAs("presence", Pidf("closed", "pocket")));
  ASSERT_OK_AND_ASSIGN(const std::string before, Shown());

  ASSERT_OK(Publish("two"));
  ASSERT_OK(publisher_->Refresh().status());

  ASSERT_OK_AND_ASSIGN(const std::string after, Shown());
  EXPECT_EQ(AttributesOf(after, "tuple", "id"), AttributesOf(before, "tuple", "id"));
  EXPECT_THAT(after, HasSubstr("two"));
}

// Extensions are passed on, though nobody here knows them.
TEST_F(CompositorStateScenarioTest, WhatIsNotKnownIsPassedOn) {
  ASSERT_OK(StartServer());
  ASSERT_OK(PublishAs("presence",
                      Presence("<tuple id=\"a\"><status><basic>open</basic><x:mood level=\"7\">fine"
                               "</x:mood></status></tuple><x:shoe>42</x:shoe>")));
  ASSERT_OK(PublishAs("presence", Pidf("closed", "pocket")));

  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());

  EXPECT_THAT(shown, HasSubstr("fine"));
  EXPECT_THAT(shown, HasSubstr("42"));
  EXPECT_THAT(shown, HasSubstr("urn:example:x"));
}

// RFC 4479: a person is one, however many phones.
TEST_F(CompositorStateScenarioTest, NewestPersonIsShown) {
  ASSERT_OK(StartServer());
  const auto person = [](const std::string& note, const std::string& time) {
    return Presence(absl::StrCat("<dm:person id=\"p\"><dm:note>", note, "</dm:note><dm:timestamp>",
                                 time, "</dm:timestamp></dm:person>"));
  };
  ASSERT_OK(PublishAs("presence", person("awake", "2030-01-01T12:00:00Z")));
  ASSERT_OK(PublishAs("presence", person("asleep", "2029-01-01T12:00:00Z")));

  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());

  EXPECT_THAT(ElementsOf(shown, "person"), SizeIs(1));
  EXPECT_THAT(shown, HasSubstr("awake"));
  EXPECT_THAT(shown, Not(HasSubstr("asleep")));
}

// The calls of all phones, in one document that is numbered for each watcher.
TEST_F(CompositorStateScenarioTest, CallsOfAllPhonesAreShown) {
  ASSERT_OK(StartServer());
  ASSERT_OK(PublishAs("dialog", DialogInfo(7, "first", "confirmed")));
  ASSERT_OK(watcher_->Begin({.event = "dialog"}).status());

  ASSERT_OK(PublishAs("dialog", DialogInfo(3, "second", "early")));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_THAT(notify.Header("Content-Type"), HasSubstr("application/dialog-info+xml"));
  EXPECT_THAT(AttributesOf(notify.sip.body(), "dialog", "id"),
              UnorderedElementsAre("first", "second"));
  EXPECT_EQ(ElementsOf(notify.sip.body(), "dialog-info")[0]["entity"], kAlice);
}

// PKG-16: 0, 1, 2 …, whatever the phones say.
TEST_F(CompositorStateScenarioTest, DocumentsAreNumberedForEachWatcher) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const phone, NewPublisher(kAlice, "dialog"));
  ASSERT_OK_AND_ASSIGN(Received notify, watcher_->Begin({.event = "dialog"}));
  std::vector<std::string> versions = AttributesOf(notify.sip.body(), "dialog-info", "version");

  for (const char* state : {"trying", "early", "confirmed", "terminated"}) {
    ASSERT_OK(phone->Publish(DialogInfo(99, "call", state)).status());
    ASSERT_OK_AND_ASSIGN(notify, watcher_->NextNotify());
    const std::vector<XmlElement> infos = ElementsOf(notify.sip.body(), "dialog-info");
    ASSERT_THAT(infos, SizeIs(1));
    versions.push_back(infos[0]["version"]);
    EXPECT_EQ(infos[0]["state"], "full");
    EXPECT_THAT(notify.sip.body(), HasSubstr(state));
  }

  EXPECT_THAT(versions, ElementsAre("0", "1", "2", "3", "4"));
  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown("dialog"));
  EXPECT_EQ(ElementsOf(shown, "dialog-info")[0]["version"], "0");
}

TEST_F(CompositorStateScenarioTest, LampGoesOutWhenThePhoneLetsGo) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const phone, NewPublisher(kAlice, "dialog"));
  ASSERT_OK(phone->Publish(DialogInfo(0, "call", "confirmed")).status());
  ASSERT_OK(watcher_->Begin({.event = "dialog"}).status());

  ASSERT_OK(phone->Remove().status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_THAT(ElementsOf(notify.sip.body(), "dialog-info"), SizeIs(1));
  EXPECT_THAT(ElementsOf(notify.sip.body(), "dialog"), IsEmpty());
}

TEST_F(CompositorStateScenarioTest, LastSummaryOfAnAccountIsShown) {
  ASSERT_OK(StartServer());
  ASSERT_OK(PublishAs("message-summary", MessageSummary(3, 1)));
  ASSERT_OK(watcher_->Begin({.event = "message-summary"}).status());

  ASSERT_OK(PublishAs("message-summary", MessageSummary(1, 2)));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_THAT(notify.sip.body(), HasSubstr("Messages-Waiting: yes"));
  EXPECT_THAT(notify.sip.body(), HasSubstr("1/2"));
}

TEST_F(CompositorStateScenarioTest, MessagesOfSeveralAccountsAreAddedUp) {
  ASSERT_OK(StartServer());
  const auto account = [](const std::string& name, int count) {
    return absl::StrCat("Messages-Waiting: ", count > 0 ? "yes" : "no",
                        "\r\nMessage-Account: ", name, "\r\nVoice-Message: ", count, "/0\r\n");
  };
  ASSERT_OK(PublishAs("message-summary", account("sip:alice@vm1.example.com", 2)));
  ASSERT_OK(PublishAs("message-summary", account("sip:alice@vm2.example.com", 0)));

  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown("message-summary"));

  EXPECT_THAT(shown, HasSubstr("Messages-Waiting: yes"));
  EXPECT_THAT(shown, HasSubstr("Voice-Message: 2/0"));
}

// 3903 4: nothing published is a state too.
TEST_F(CompositorStateScenarioTest, NeutralStatesAreWholeDocuments) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const std::string presence, Shown());
  ASSERT_OK_AND_ASSIGN(const std::string dialog, Shown("dialog"));
  ASSERT_OK_AND_ASSIGN(const std::string mail, Shown("message-summary"));

  EXPECT_EQ(AttributesOf(presence, "presence", "entity"), std::vector<std::string>{kAlice});
  EXPECT_EQ(AttributesOf(dialog, "dialog-info", "entity"), std::vector<std::string>{kAlice});
  EXPECT_THAT(mail, ::testing::StartsWith("Messages-Waiting: no"));
}

// GEN-19: what the R-URI says, however it is written.
TEST_F(CompositorStateScenarioTest, ResourceIsTheSameHoweverItsUriIsWritten) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const phone,
                       NewPublisher("sip:%61lice@EXAMPLE.com", "presence"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(phone->Publish(Pidf("open", "the same")).status());

  EXPECT_OK(watcher_->NotifyWith("the same").status());
  ASSERT_OK_AND_ASSIGN(const std::string other, Shown("presence", "sip:Alice@example.com"));
  EXPECT_THAT(other, Not(HasSubstr("the same")));  // users have cases
}

// NOT-19: what watchers cannot see is not told.
TEST_F(CompositorStateScenarioTest, PublicationThatShowsNothingNewIsNotTold) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("same"));
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(Publish("same"));

  EXPECT_OK(watcher_->ExpectNoNotify());
}

}  // namespace
}  // namespace sipevents::testing
