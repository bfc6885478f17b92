#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Event lists (RFC 4662) at the server: here of a list that the SUBSCRIBE itself brings (RFC 5367).

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kCarol[] = "sip:carol@example.com";
constexpr char kFloor[] = "sip:floor@example.com";
constexpr char kListType[] = "application/resource-lists+xml";

std::string ListOf(const std::vector<std::string>& members) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>\r\n";
  for (const std::string& member : members) {
    absl::StrAppend(&xml, "<entry uri=\"", member, "\"/>\r\n");
  }
  return xml + "</list></resource-lists>\r\n";
}

class NotifierListScenarioTest : public NotifierScenario {
 protected:
  static WatchSpec Spec(const std::vector<std::string>& members, const std::string& event) {
    return {.resource = "sip:lists@example.com",
            .event = event,
            .accept =
                "application/pidf+xml, application/dialog-info+xml, application/rlmi+xml, "
                "multipart/related",
            .content_type = kListType,
            .body = ListOf(members),
            .headers = {"Supported: eventlist", "Require: recipient-list-subscribe",
                        "Content-Disposition: recipient-list"}};
  }
  absl::StatusOr<Received> BeginList(const std::vector<std::string>& members = {kAlice, kCarol},
                                     const std::string& event = "presence") {
    if (absl::Status started = StartServer(); !started.ok()) return started;
    return watcher_->Begin(Spec(members, event));
  }

  static WatchSpec FloorSpec() {
    return {.resource = kFloor,
            .accept = "application/pidf+xml, application/rlmi+xml, multipart/related",
            .headers = {"Supported: eventlist"}};
  }
  // The name of what a command has made.
  static std::string NameIn(const CliProcess::Outcome& outcome) {
    const std::string key = "\"name\":\"";
    const size_t begin = outcome.Text().find(key);
    if (begin == std::string::npos) return "";
    const std::string rest = outcome.Text().substr(begin + key.size());
    return rest.substr(0, rest.find('"'));
  }

  static std::vector<BodyPart> Parts(const Received& notify) {
    return PartsOf(notify.Header("Content-Type"), notify.sip.body());
  }
  // The list document; empty if there is none.
  static std::string ListIn(const Received& notify) {
    const std::string start = MediaParameter(notify.Header("Content-Type"), "start");
    for (const BodyPart& part : Parts(notify)) {
      if (start.empty() || absl::StrCat("<", part.content_id, ">") == start) return part.body;
    }
    return "";
  }
  static XmlElement RootOf(const Received& notify) {
    const std::vector<XmlElement> lists = ElementsOf(ListIn(notify), "list");
    return lists.empty() ? XmlElement() : lists.front();
  }
  // What the list shows of a member: its instance and that one's document.
  static std::pair<XmlElement, std::string> MemberIn(const Received& notify,
                                                     const std::string& uri) {
    for (const XmlElement& resource : ElementsOf(ListIn(notify), "resource")) {
      if (resource["uri"] != uri) continue;
      const std::vector<XmlElement> instances = ElementsOf(resource.content, "instance");
      if (instances.empty()) return {};
      for (const BodyPart& part : Parts(notify)) {
        if (part.content_id == instances[0]["cid"]) return {instances[0], part.body};
      }
      return {instances[0], ""};
    }
    return {};
  }
};

// RLS-02, RLS-04, RLS-05, 5367 4.
TEST_F(NotifierListScenarioTest, FirstNotifyIsTheWholeList) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("at home"));

  ASSERT_OK_AND_ASSIGN(const Received response,
                       watcher_->Subscribe(Spec({kAlice, kCarol}, "presence")));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_OK(CheckAccepted(response));
  EXPECT_THAT(response.Header("Require"), HasSubstr("eventlist"));
  EXPECT_THAT(notify.Header("Require"), HasSubstr("eventlist"));
  const std::string type = notify.Header("Content-Type");
  EXPECT_THAT(type, HasSubstr("multipart/related"));
  EXPECT_EQ(MediaParameter(type, "type"), "application/rlmi+xml");
  EXPECT_EQ(RootOf(notify)["version"], "0");
  EXPECT_EQ(RootOf(notify)["fullState"], "true");
  EXPECT_THAT(ElementsOf(ListIn(notify), "resource"), SizeIs(2));
  EXPECT_THAT(MemberIn(notify, kAlice).second, HasSubstr("at home"));
  EXPECT_EQ(MemberIn(notify, kAlice).first["state"], "active");
  EXPECT_THAT(MemberIn(notify, kAlice).first["id"], Not(IsEmpty()));
}

// RLS-04: all parts are named, and found by their names.
TEST_F(NotifierListScenarioTest, PartsAreTypedAndNamed) {
  ASSERT_OK_AND_ASSIGN(const Received notify, BeginList());

  const std::vector<BodyPart> parts = Parts(notify);
  ASSERT_THAT(parts, Not(IsEmpty()));
  for (const BodyPart& part : parts) {
    EXPECT_THAT(part.content_type, Not(IsEmpty()));
    EXPECT_THAT(part.content_id, Not(IsEmpty()));
  }
  EXPECT_THAT(parts.front().content_type, HasSubstr("application/rlmi+xml"));
  const std::string start = MediaParameter(notify.Header("Content-Type"), "start");
  if (!start.empty()) {
    EXPECT_EQ(start, absl::StrCat("<", parts.front().content_id, ">"));
  }
}

// RLS-05: later ones name what changed, and are numbered on.
TEST_F(NotifierListScenarioTest, ChangeOfAMemberIsToldWithTheNextVersion) {
  ASSERT_OK(BeginList().status());

  ASSERT_OK(Publish("gone out"));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_EQ(RootOf(notify)["version"], "1");
  EXPECT_EQ(RootOf(notify)["fullState"], "false");
  EXPECT_THAT(AttributesOf(ListIn(notify), "resource", "uri"), ElementsAre(kAlice));
  EXPECT_THAT(MemberIn(notify, kAlice).second, HasSubstr("gone out"));
  EXPECT_THAT(notify.Header("Require"), HasSubstr("eventlist"));
}

// RLS-05, NOT-17: an answer to SUBSCRIBE is whole again.
TEST_F(NotifierListScenarioTest, RefreshIsAnsweredWithTheWholeList) {
  ASSERT_OK(BeginList().status());
  ASSERT_OK(Publish("one"));
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK_AND_ASSIGN(
      const Received response,
      watcher_->Refresh("600", {"Supported: eventlist",
                                "Accept: application/pidf+xml, application/rlmi+xml, "
                                "multipart/related"}));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_THAT(response.Header("Require"), HasSubstr("eventlist"));
  EXPECT_EQ(RootOf(notify)["version"], "2");
  EXPECT_EQ(RootOf(notify)["fullState"], "true");
  EXPECT_THAT(ElementsOf(ListIn(notify), "resource"), SizeIs(2));
}

// RLS-07: what is not known here has no state, and is named all the same.
TEST_F(NotifierListScenarioTest, MemberThatIsNotServedIsNamed) {
  ASSERT_OK_AND_ASSIGN(const Received notify, BeginList({kAlice, "sip:dave@elsewhere.example"}));

  EXPECT_THAT(AttributesOf(ListIn(notify), "resource", "uri"),
              ::testing::UnorderedElementsAre(kAlice, "sip:dave@elsewhere.example"));
  const XmlElement instance = MemberIn(notify, "sip:dave@elsewhere.example").first;
  if (instance["state"] == "terminated") {
    EXPECT_THAT(instance["reason"], Not(IsEmpty()));
  }
}

// RLS-02: what is no list is not told as one.
TEST_F(NotifierListScenarioTest, PlainResourceIsToldAsEver) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("plain"));
  WatchSpec spec = FloorSpec();
  spec.resource = kAlice;

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe(spec));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_OK(CheckAccepted(response));
  EXPECT_THAT(response.Header("Require"), IsEmpty());
  EXPECT_THAT(notify.Header("Require"), IsEmpty());
  EXPECT_THAT(notify.Header("Content-Type"), HasSubstr("application/pidf+xml"));
  EXPECT_THAT(notify.sip.body(), HasSubstr("plain"));
}

// RLS-03: one list, one package; here that of phones with lamps.
TEST_F(NotifierListScenarioTest, FiftyLampsNeedOneSubscription) {
  std::vector<std::string> members;
  for (int i = 0; i < 50; ++i) members.push_back(absl::StrCat("sip:", 200 + i, "@example.com"));
  ASSERT_OK_AND_ASSIGN(const Received first, BeginList(members, "dialog"));
  EXPECT_THAT(ElementsOf(ListIn(first), "resource"), SizeIs(50));
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const phone, NewPublisher(members[17], "dialog"));

  ASSERT_OK(phone->Publish(DialogInfo(1, "call", "early")).status());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_THAT(AttributesOf(ListIn(notify), "resource", "uri"), ElementsAre(members[17]));
  EXPECT_THAT(MemberIn(notify, members[17]).second, HasSubstr("early"));
}

// NOT-46 holds for the list as a whole.
TEST_F(NotifierListScenarioTest, ChangesOfSeveralMembersAreOneNotify) {
  ASSERT_OK(BeginList().status());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const carol, NewPublisher(kCarol));
  ASSERT_OK(Publish("a 1"));
  ASSERT_OK_AND_ASSIGN(const Received outstanding, watcher_->TakeNotify());

  ASSERT_OK(Publish("a 2"));
  ASSERT_OK(carol->Publish(Pidf("open", "c 1")).status());
  EXPECT_OK(watcher_->ExpectNoNotify());
  watcher_->peer().Respond(outstanding, 200);

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(MemberIn(notify, kAlice).second, HasSubstr("a 2"));
  EXPECT_THAT(MemberIn(notify, kCarol).second, HasSubstr("c 1"));
  EXPECT_EQ(RootOf(notify)["version"], "2");
}

TEST_F(NotifierListScenarioTest, UnsubscribeAndFetchAreServed) {
  ASSERT_OK(BeginList().status());
  ASSERT_OK(watcher_->Refresh("0", {"Supported: eventlist"}).status());
  ASSERT_OK_AND_ASSIGN(const Received last, watcher_->NextNotify());
  EXPECT_EQ(last.Header("Subscription-State"), "terminated;reason=timeout");
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const poller, NewWatcher());
  WatchSpec fetch = Spec({kAlice}, "presence");
  fetch.expires = "0";

  ASSERT_OK_AND_ASSIGN(const Received notify, poller->Begin(fetch));

  EXPECT_EQ(RootOf(notify)["fullState"], "true");
}

// ---- lists that the gateway has

// NOT-14, RLS-02, RLS-08, NOT-23.
TEST_F(NotifierListScenarioTest, ListOfABackendIsServedUntilItIsDeleted) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome created,
                       RunCli({"lists", "create", kFloor, absl::StrCat("--member=", kAlice),
                               absl::StrCat("--member=", kCarol)}));
  ASSERT_EQ(created.exit_status, 0) << created.Text();
  const std::string name = NameIn(created);
  ASSERT_OK_AND_ASSIGN(const Received plain,
                       watcher_->Ask(watcher_->NewSubscribe({.resource = kFloor})));
  EXPECT_EQ(plain.sip.status(), 421);
  EXPECT_THAT(plain.Header("Require"), HasSubstr("eventlist"));
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Begin(FloorSpec()));
  EXPECT_EQ(RootOf(first)["uri"], kFloor);
  EXPECT_THAT(AttributesOf(ListIn(first), "resource", "uri"),
              ::testing::UnorderedElementsAre(kAlice, kCarol));

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome deleted, RunCli({"lists", "delete", name}));
  ASSERT_EQ(deleted.exit_status, 0) << deleted.Text();

  ASSERT_OK_AND_ASSIGN(const Received last, watcher_->NextNotify());
  EXPECT_EQ(last.Header("Subscription-State"), "terminated;reason=noresource");
}

// RLS-08: who left is told as such, once at least.
TEST_F(NotifierListScenarioTest, MemberThatLeavesIsTold) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome created,
                       RunCli({"lists", "create", kFloor, absl::StrCat("--member=", kAlice),
                               absl::StrCat("--member=", kCarol)}));
  ASSERT_EQ(created.exit_status, 0) << created.Text();
  ASSERT_OK(watcher_->Begin(FloorSpec()).status());

  ASSERT_OK_AND_ASSIGN(
      const CliProcess::Outcome updated,
      RunCli({"lists", "update", NameIn(created), absl::StrCat("--member=", kAlice),
              "--member=sip:dave@example.com"}));
  ASSERT_EQ(updated.exit_status, 0) << updated.Text();
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  if (RootOf(notify)["fullState"] == "true") {
    EXPECT_THAT(AttributesOf(ListIn(notify), "resource", "uri"),
                ::testing::Contains("sip:dave@example.com"));
  } else {
    EXPECT_EQ(MemberIn(notify, "sip:dave@example.com").first["state"], "active");
  }
  if (!MemberIn(notify, kCarol).first["state"].empty()) {
    EXPECT_EQ(MemberIn(notify, kCarol).first["state"], "terminated");
    EXPECT_THAT(MemberIn(notify, kCarol).first["reason"], Not(IsEmpty()));
  } else {
    EXPECT_EQ(RootOf(notify)["fullState"], "true");
  }
}

// ---- refused

// RLS-02.
TEST_F(NotifierListScenarioTest, WatcherWithoutSupportForListsIsToldToHaveIt) {
  ASSERT_OK(StartServer());
  WatchSpec spec = Spec({kAlice}, "presence");
  spec.headers = {"Require: recipient-list-subscribe", "Content-Disposition: recipient-list"};

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NewSubscribe(spec)));

  EXPECT_EQ(response.sip.status(), 421);
  EXPECT_THAT(response.Header("Require"), HasSubstr("eventlist"));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-13: the list itself must be acceptable.
TEST_F(NotifierListScenarioTest, WatcherWhoDoesNotAcceptListsIsRefused) {
  ASSERT_OK(StartServer());
  WatchSpec spec = Spec({kAlice}, "presence");
  spec.accept = "application/pidf+xml";

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NewSubscribe(spec)));

  EXPECT_EQ(response.sip.status(), 406);
}

// 5367 section 4.2: the list stays as it was.
TEST_F(NotifierListScenarioTest, ListInARefreshIsRefused) {
  ASSERT_OK(BeginList().status());
  RawRequest refresh =
      watcher_->NextSubscribe("600", {"Supported: eventlist", "Require: recipient-list-subscribe",
                                      "Content-Disposition: recipient-list"});
  refresh.SetBody(kListType, ListOf({kCarol}));

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(refresh));

  EXPECT_EQ(response.sip.status(), 415);
  ASSERT_OK(Publish("still a member"));
  EXPECT_OK(watcher_->NotifyWith("still a member").status());
}

struct BadList {
  const char* name;
  const char* body;
};
void PrintTo(const BadList& list, std::ostream* out) { *out << list.name; }

class RefusedListTest : public NotifierListScenarioTest,
                        public ::testing::WithParamInterface<BadList> {};

INSTANTIATE_TEST_SUITE_P(
    Lists, RefusedListTest,
    ::testing::Values(BadList{"NoXml", "sip:alice@example.com"}, BadList{"CutShort", "<resource-"},
                      BadList{"OtherRoot", "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"/>"},
                      BadList{"Bomb", kXmlBomb}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(RefusedListTest, IsAnswered400) {
  ASSERT_OK(StartServer());
  WatchSpec spec = Spec({}, "presence");
  spec.body = GetParam().body;

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NewSubscribe(spec)));

  EXPECT_EQ(response.sip.status(), 400);
  EXPECT_OK(watcher_->ExpectNoNotify());
}

}  // namespace
}  // namespace sipevents::testing
