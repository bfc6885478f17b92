#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// What a notifier answers to a SUBSCRIBE that it takes, and the NOTIFY that follows.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// ---- how long

struct Grant {
  const char* name;
  std::optional<std::string> asked;
  int granted;
};
void PrintTo(const Grant& grant, std::ostream* out) { *out << grant.name; }

class GrantedSubscribeTest : public NotifierScenario,
                             public ::testing::WithParamInterface<Grant> {};

// NOT-11, NOT-12, TOR-24.
INSTANTIATE_TEST_SUITE_P(
    Durations, GrantedSubscribeTest,
    ::testing::Values(Grant{"AsAsked", "600", 600}, Grant{"TheLeast", "60", 60},
                      Grant{"TheMost", "3600", 3600}, Grant{"MoreThanTheMost", "7200", 3600},
                      Grant{"MoreThanFits", "4294967296", 3600},
                      Grant{"NothingAsked", std::nullopt, 3600},
                      Grant{"ADate", "Thu, 01 Dec 2044 16:00:00 GMT", 3600},
                      Grant{"WithAParameter", "1800;x=1", 1800}, Grant{"Nothing", "0", 0}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(GrantedSubscribeTest, IsToldInTheAnswerAndInTheNotify) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe({.expires = GetParam().asked}));

  EXPECT_OK(CheckAccepted(response));
  EXPECT_EQ(response.expires(), GetParam().granted);
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  if (GetParam().granted == 0) {
    EXPECT_EQ(SubstateOf(notify), "terminated");
  } else {
    EXPECT_EQ(SubstateOf(notify), "active");
    EXPECT_GE(StateExpires(notify), GetParam().granted - 2);
  }
}

// ---- what stands in it

class NotifierAnswerScenarioTest : public NotifierScenario {};

// NOT-15, NOT-16, NOT-17, NOT-33, DEV-01, DEV-15, GEN-04, GEN-05.
TEST_F(NotifierAnswerScenarioTest, AnswerAndThenTheNotifyAreComplete) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_OK(CheckAccepted(response));
  EXPECT_LE(response.time, notify.time);
  EXPECT_LE(notify.time - response.time, absl::Milliseconds(200) * kSlowdown);
  EXPECT_EQ(UriOf(notify.Header("Contact")), UriOf(response.Header("Contact")));
  EXPECT_EQ(SubstateOf(notify), "active");
}

// NOT-35, GRUU-03: requests from anywhere find the subscription.
TEST_F(NotifierAnswerScenarioTest, ContactIsAGruu) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe());
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());

  EXPECT_THAT(UriOf(response.Header("Contact")), HasSubstr(";gr"));
  EXPECT_THAT(UriOf(notify.Header("Contact")), HasSubstr(";gr"));
}

// NOT-33, GEN-08: the id is part of the name, other parameters are not.
TEST_F(NotifierAnswerScenarioTest, IdOfTheEventIsEchoed) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->Begin({.event = "presence;id=7;x=y"}));

  EXPECT_EQ(ParameterOf(notify.Header("Event"), "id"), "7");
  EXPECT_THAT(notify.Header("Event"), ::testing::StartsWith("presence;"));
}

// GEN-07, TOR-01, TOR-02.
TEST_F(NotifierAnswerScenarioTest, CompactAndFoldedHeadersAreUnderstood) {
  ASSERT_OK(StartServer());
  RawRequest subscribe = watcher_->NewSubscribe();
  const std::string contact = subscribe.Get("Contact");
  subscribe.Remove("Event").Remove("Contact").AddLines(
      {"o :\r\n  presence ;\tid = 5", absl::StrCat("m: ", contact)});

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(subscribe));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->peer().WaitFor("NOTIFY", kServerPatience));

  EXPECT_OK(CheckAccepted(response));
  EXPECT_EQ(ParameterOf(notify.Header("Event"), "id"), "5");
}

// GEN-18.
TEST_F(NotifierAnswerScenarioTest, StrayHeadersAreIgnored) {
  ASSERT_OK(StartServer());

  EXPECT_OK(watcher_
                ->Begin({.headers = {"Subject: lunch", "Reply-To: <sip:x@example.com>",
                                     "Subscription-State: terminated", "SIP-If-Match: a",
                                     "Priority: urgent", "Organization: Acme"}})
                .status());
}

// NOT-18: nobody has published anything.
TEST_F(NotifierAnswerScenarioTest, UnknownStateIsNeutral) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->Begin());

  EXPECT_THAT(ElementsOf(notify.sip.body(), "tuple"), IsEmpty());
}

// GEN-19: a resource is known by more than its URI.
TEST_F(NotifierAnswerScenarioTest, PackagesOfOneResourceAreSubscriptionsOfTheirOwn) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const mail, NewWatcher());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(mail->Begin({.event = "message-summary"}).status());

  ASSERT_OK(Publish("here"));

  EXPECT_OK(watcher_->NotifyWith("here").status());
  EXPECT_OK(mail->ExpectNoNotify());
}

// NOT-31, NOT-30, NOT-23, NOT-24: asking once.
TEST_F(NotifierAnswerScenarioTest, FetchBringsTheStateOnce) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("now"));

  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->Begin({.expires = "0"}));

  EXPECT_EQ(notify.Header("Subscription-State"), "terminated;reason=timeout");
  EXPECT_THAT(notify.sip.body(), HasSubstr("now"));
  ASSERT_OK(Publish("later"));
  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectGone());
}

// ---- the same again

// NOT-45, 3261 8.2.2.2: it came over two ways.
TEST_F(NotifierAnswerScenarioTest, MergedRequestIsALoop) {
  ASSERT_OK(StartServer());
  RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Subscribe(subscribe));
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->Ask(subscribe.NewBranch()));

  EXPECT_EQ(first.sip.status(), 200);
  EXPECT_EQ(second.sip.status(), 482);
  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectAlive());
}

// TIMER-J: the answer was lost.
TEST_F(NotifierAnswerScenarioTest, RepeatedRequestIsAnsweredAlikeAndMakesNothing) {
  ASSERT_OK(StartServer());
  const RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Subscribe(subscribe));
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->Ask(subscribe));

  EXPECT_EQ(second.sip.raw(), first.sip.raw());
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-43.
TEST_F(NotifierAnswerScenarioTest, CancelIsAnsweredAndHasNoEffect) {
  ASSERT_OK(StartServer());
  RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe(subscribe));
  ASSERT_OK(watcher_->NextNotify().status());
  RawRequest cancel = subscribe;
  cancel.SetMethod("CANCEL").Set("CSeq", "1 CANCEL");

  watcher_->peer().SendRaw(port(), cancel.Text());
  ASSERT_OK_AND_ASSIGN(const Received answer,
                       watcher_->peer().WaitForResponse(cancel.sent(), kServerPatience));

  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_EQ(answer.Header("CSeq"), "1 CANCEL");
  EXPECT_EQ(answer.sip.status(), 200);
  EXPECT_OK(watcher_->ExpectAlive());
}

// ---- dialogs

// NOT-39.
TEST_F(NotifierAnswerScenarioTest, RequestInADialogThatNobodyKnowsGets481) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  RawRequest subscribe = watcher_->NextSubscribe("600");

  ASSERT_OK_AND_ASSIGN(const Received other_call,
                       watcher_->Ask(RawRequest(subscribe).NewBranch().Set("Call-ID", "lost")));
  ASSERT_OK_AND_ASSIGN(
      const Received other_tag,
      watcher_->Ask(RawRequest(subscribe).NewBranch().Set("From", "<sip:bob@example.com>;tag=x")));

  EXPECT_EQ(other_call.sip.status(), 481);
  EXPECT_EQ(other_tag.sip.status(), 481);
  EXPECT_OK(watcher_->ExpectAlive());
}

// NOT-36, NOT-37, NOT-39: a dialog carries one subscription.
TEST_F(NotifierAnswerScenarioTest, SecondSubscriptionInADialogIsRefused) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin({.event = "presence;id=1"}).status());

  for (const char* event : {"message-summary", "presence;id=2", "presence"}) {
    ASSERT_OK_AND_ASSIGN(const Received response,
                         watcher_->Ask(watcher_->NextSubscribe("600").Set("Event", event)));
    EXPECT_EQ(response.sip.status(), 403) << event;
  }
  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_OK(watcher_->ExpectAlive());
}

// 3261 12.2.2: what is older than the last request of the dialog.
TEST_F(NotifierAnswerScenarioTest, RequestOutOfOrderIsRefused) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(watcher_->ExpectAlive());

  ASSERT_OK_AND_ASSIGN(const Received response,
                       watcher_->Ask(watcher_->NextSubscribe("600").SetCSeq(1)));

  EXPECT_EQ(response.sip.status(), 500);
  EXPECT_OK(watcher_->ExpectAlive());
}

// NOT-48, GEN-17: NOTIFYs go back the way that the SUBSCRIBE came.
TEST_F(NotifierAnswerScenarioTest, RouteSetIsTheRecordRouteInItsOrder) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const proxy, NewWatcher());
  const std::string first = absl::StrCat("<sip:127.0.0.1:", proxy->peer().port(), ";lr>");
  const std::string second = "<sip:p2.example.net;lr>";
  RawRequest subscribe = watcher_->NewSubscribe();
  subscribe.Add("Record-Route", first).Add("Record-Route", second);

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(subscribe));
  ASSERT_OK_AND_ASSIGN(const Received notify, proxy->peer().WaitFor("NOTIFY", kServerPatience));

  std::string recorded;
  for (const std::string& route : response.sip.Headers("Record-Route")) recorded += route + ",";
  std::string route;
  for (const std::string& each : notify.sip.Headers("Route")) route += each + ",";
  EXPECT_THAT(recorded, ::testing::MatchesRegex(".*127.0.0.1.*p2.example.net.*"));
  EXPECT_THAT(route, ::testing::MatchesRegex(".*127.0.0.1.*p2.example.net.*"));
  EXPECT_EQ(notify.sip.request_uri(), UriOf(subscribe.Get("Contact")));
  EXPECT_THAT(notify.sip.Headers("Record-Route"), IsEmpty());
}

// NOT-48: a proxy of the old kind wants its own URI in the request line.
TEST_F(NotifierAnswerScenarioTest, StrictRouterIsServed) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const proxy, NewWatcher());
  const std::string router = absl::StrCat("sip:127.0.0.1:", proxy->peer().port());
  RawRequest subscribe = watcher_->NewSubscribe();
  subscribe.Add("Record-Route", absl::StrCat("<", router, ">"));

  ASSERT_OK(watcher_->Ask(subscribe).status());
  ASSERT_OK_AND_ASSIGN(const Received notify, proxy->peer().WaitFor("NOTIFY", kServerPatience));

  EXPECT_EQ(notify.sip.request_uri(), router);
  EXPECT_EQ(UriOf(notify.Header("Route")), UriOf(subscribe.Get("Contact")));
}

// 6665 3.1: SUBSCRIBE is a target refresh.
TEST_F(NotifierAnswerScenarioTest, NewContactIsWhereTheNextNotifyGoes) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const moved, NewWatcher());
  ASSERT_OK(watcher_->Begin().status());
  const std::string there = absl::StrCat("sip:moved@127.0.0.1:", moved->peer().port());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NextSubscribe("600").Set(
                                                    "Contact", absl::StrCat("<", there, ">"))));

  EXPECT_EQ(response.sip.status(), 200);
  ASSERT_OK_AND_ASSIGN(const Received notify, moved->peer().WaitFor("NOTIFY", kServerPatience));
  EXPECT_EQ(notify.sip.request_uri(), there);
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// OUT-04: back over the connection on which it came, and no other.
TEST_F(NotifierAnswerScenarioTest, WatcherOverTcpIsNotifiedOnItsConnection) {
  ASSERT_OK(StartServer());
  SipPeer& peer = watcher_->peer();
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer.ConnectTcp(gateway_->sip_tcp_port()));
  RawRequest subscribe = watcher_->NewSubscribe();
  // Behind NAT: nobody listens at its Contact.
  subscribe.Set("Via", absl::StrCat("SIP/2.0/TCP 127.0.0.1:9;branch=", subscribe.sent().branch))
      .Set("Contact", "<sip:watcher@127.0.0.1:9;transport=tcp>");

  peer.SendRaw(flow, subscribe.Text());
  ASSERT_OK_AND_ASSIGN(const Received response,
                       peer.WaitForResponse(subscribe.sent(), kServerPatience));
  ASSERT_OK_AND_ASSIGN(const Received notify, peer.WaitFor("NOTIFY", kServerPatience));

  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_EQ(notify.flow.connection, flow.connection);
  EXPECT_THAT(notify.Header("Via"), HasSubstr("SIP/2.0/TCP"));
}

// RFC 3261 section 12.2.1.1: a phone that closes idle connections listens at its Contact.
TEST_F(NotifierAnswerScenarioTest, WatcherWhoseConnectionEndedIsNotifiedAtItsContact) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SipPeer> phone, SipPeer::Start());
  const int phone_port = phone->port();
  ASSERT_OK_AND_ASSIGN(const Flow flow, phone->ConnectTcp(gateway_->sip_tcp_port()));
  RawRequest subscribe = watcher_->NewSubscribe();
  subscribe
      .Set("Via",
           absl::StrCat("SIP/2.0/TCP 127.0.0.1:", phone_port, ";branch=", subscribe.sent().branch))
      .Set("Contact", absl::StrCat("<sip:watcher@127.0.0.1:", phone_port, ";transport=tcp>"));
  phone->SendRaw(flow, subscribe.Text());
  ASSERT_OK_AND_ASSIGN(const Received first, phone->WaitFor("NOTIFY", kServerPatience));
  phone->Respond(first, 200);

  phone = nullptr;  // its connections with it
  ASSERT_OK_AND_ASSIGN(phone, SipPeer::Start(phone_port));
  ASSERT_OK(Publish("news"));

  ASSERT_OK_AND_ASSIGN(const Received notify, phone->WaitFor("NOTIFY", kServerPatience));
  EXPECT_THAT(notify.sip.body(), HasSubstr("news"));
  EXPECT_THAT(notify.Header("Via"), HasSubstr("SIP/2.0/TCP"));
  EXPECT_EQ(notify.Header("Call-ID"), first.Header("Call-ID"));
  EXPECT_GT(notify.sip.cseq(), first.sip.cseq());
}

// ---- what is there

// NOT-44, ESC-18, GEN-01, 5367 3.1.
TEST_F(NotifierAnswerScenarioTest, OptionsTellAllThatIsServed) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received answer, watcher_->Ask(RawRequest("OPTIONS", "sip:example.com",
                                                                       watcher_->peer().port())));

  EXPECT_EQ(answer.sip.status(), 200);
  for (const char* method : {"SUBSCRIBE", "NOTIFY", "PUBLISH"}) {
    EXPECT_THAT(answer.Header("Allow"), HasSubstr(method));
  }
  for (const char* event : {"presence", "dialog", "message-summary"}) {
    EXPECT_THAT(answer.Header("Allow-Events"), HasSubstr(event));
  }
  EXPECT_THAT(answer.Header("Supported"), HasSubstr("eventlist"));
  EXPECT_THAT(answer.Header("Supported"), HasSubstr("recipient-list-subscribe"));
}

// NOT-44, DEV-14: templates are no packages.
TEST_F(NotifierAnswerScenarioTest, StrictProfileNamesNoTemplates) {
  ASSERT_OK(StartServer({"--sip_profile=strict"}));

  ASSERT_OK_AND_ASSIGN(const Received answer, watcher_->Ask(RawRequest("OPTIONS", "sip:example.com",
                                                                       watcher_->peer().port())));

  EXPECT_THAT(answer.Header("Allow-Events"), HasSubstr("presence"));
  EXPECT_THAT(answer.Header("Allow-Events"), Not(HasSubstr("winfo")));
}

}  // namespace
}  // namespace sipevents::testing
