#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/raw_notify.h"
#include "tests/scenarios/scenario.h"

// Headers and their grammar, and what deployed peers do otherwise: the rows of
// docs/conformance.md that the other scenarios do not show.

namespace sipevents::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConformanceMessageScenarioTest : public Scenario {
 protected:
  // A hand-written NOTIFY of this subscription, newer than all before.
  RawNotify Raw(const Received& subscribe) {
    ++count_;
    return RawNotify(*peer_, subscribe, absl::StrCat("z9hG4bK-raw-", count_), 100 + count_);
  }

  absl::StatusOr<int> StatusOfRaw(const RawNotify& notify) {
    peer_->SendRaw(gateway_->sip_udp_port(), notify.Text());
    return peer_->StatusOf(notify.sent());
  }

  int count_ = 0;
};

// GEN-01: methods are compared byte for byte.
TEST_F(ConformanceMessageScenarioTest, MethodInAnotherCaseIsAnotherMethod) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));

  RawNotify lower = Raw(subscribe);
  lower.SetMethod("notify").Set("CSeq", "90 notify");

  EXPECT_THAT(StatusOfRaw(lower.SetBody("application/pidf+xml", Pidf("open", "lower"))),
              IsOkAndHolds(AnyOf(405, 501)));
  peer_->Notify(subscribe, "active", Pidf("open", "upper"));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "upper");
}

// GEN-04, GEN-05, GEN-06, GEN-11, DEV-12, DEV-14: what does not belong into an answer is of no
// account there; Allow-Events may be anywhere, in several lines, and name templates.
TEST_F(ConformanceMessageScenarioTest, StrayHeadersOfAnswersAreOfNoAccount) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_THAT(subscribe.Header("Allow-Events"), HasSubstr("presence"));
  ResponseOptions odd;
  odd.headers = {"Event: dialog;id=4", "Subscription-State: terminated;reason=rejected",
                 "Allow-Events: presence, presence.winfo", "u: dialog,,message-summary"};

  peer_->Respond(subscribe, 200, odd);

  NotifyOptions allowing;
  allowing.headers = {"Allow-Events: presence, presence.winfo", "u: dialog"};
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "fine"), allowing)),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "fine");
  EXPECT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
}

// GEN-08, GEN-09, GEN-10: the type byte for byte, `id` byte for byte, nothing else.
TEST_F(ConformanceMessageScenarioTest, EventIsComparedByTypeAndIdOnly) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  for (const std::string same : {"presence;max-rate=1", "presence ; x-a=\"q;id=5\";b",
                                 "presence;"
                                 "later=yes"}) {
    EXPECT_THAT(StatusOfRaw(Raw(subscribe).Set("Event", same)), IsOkAndHolds(200)) << same;
  }
  for (const std::string other : {"presence;id=1", "presence;x=y;id=z", "Presence", "PRESENCE",
                                  "presence.winfo", "presenc", "presencex"}) {
    EXPECT_THAT(StatusOfRaw(Raw(subscribe).Set("Event", other)), IsOkAndHolds(AnyOf(481, 489)))
        << other;
  }
}

// RATE-01, RATE-03, RATE-04: how often is asked for by parameters of Event, in each SUBSCRIBE,
// since one that is left out is given up.
TEST_F(ConformanceMessageScenarioTest, EventParametersOfTheCallerAreSent) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence",
                                             {"--expires=2s", "--event_parameter=max-rate=0.5",
                                              "--event_parameter=min-rate=0.01",
                                              "--event_parameter=adaptive-min-rate=0.1"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Accept(subscribe, Pidf("open"), {.event = "presence"});
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

  for (const Received& request : {subscribe, refresh}) {
    EXPECT_EQ(ParameterOf(request.Header("Event"), "max-rate"), "0.5");
    EXPECT_EQ(ParameterOf(request.Header("Event"), "min-rate"), "0.01");
    EXPECT_EQ(ParameterOf(request.Header("Event"), "adaptive-min-rate"), "0.1");
  }
  EXPECT_EQ(refresh.to_tag(), "a");
}

// GEN-10: dots stand between tokens, and quotes are no token.
TEST_F(ConformanceMessageScenarioTest, EventTypesOutsideOfTheGrammarAreMalformed) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  for (const std::string bad : {"a..b", ".a", "a.", "\"presence\"", ";id=1", "a@b"}) {
    EXPECT_THAT(StatusOfRaw(Raw(subscribe).Set("Event", bad)), IsOkAndHolds(400)) << bad;
  }
  for (const std::string legal : {"presence.x-own.x-own", "a-b!c%d*e_f+g`h'i~j"}) {
    EXPECT_THAT(StatusOfRaw(Raw(subscribe).Set("Event", legal)), IsOkAndHolds(489)) << legal;
  }
  EXPECT_THAT(StatusOfRaw(Raw(subscribe)), IsOkAndHolds(200));
}

// GEN-12: delta-seconds above 2^32-1 are as good as that, and never wrap.
TEST_F(ConformanceMessageScenarioTest, LargeDeltaSecondsDoNotWrap) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  // Modulo 2^32 these are one or two seconds.
  for (const std::string large : {"4294967297", "4294967298", "18446744073709551617"}) {
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active;expires=" + large)),
                IsOkAndHolds(200));
  }

  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(2500)));
}

// GEN-16, PKG-20: the order of the parts of a name matters, and any package may be a template's.
TEST_F(ConformanceMessageScenarioTest, TemplatesOfAPackageAreNamesOfTheirOwn) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "conference.winfo.list"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(subscribe.Header("Event"), "conference.winfo.list");
  peer_->Respond(subscribe, 200);
  NotifyOptions other_order;
  other_order.event = "conference.list.winfo";
  other_order.content_type = "text/plain";
  NotifyOptions right;
  right.content_type = "text/plain";

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", "wrong", other_order)),
              IsOkAndHolds(AnyOf(481, 489)));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", "right", right)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(event.body().data(), "right");
}

// GEN-17: what every NOTIFY must have.
TEST_F(ConformanceMessageScenarioTest, NotifyWithoutAMandatoryHeaderIsMalformed) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));

  for (const std::string name : {"Contact", "From", "To", "Call-ID", "CSeq", "Event"}) {
    const RawNotify cut = Raw(subscribe).Remove(name).SetBody("application/pidf+xml",
                                                              Pidf("open", "without " + name));
    EXPECT_THAT(StatusOfRaw(cut), IsOkAndHolds(400)) << name;
  }
  // Where an answer would go is not known; a peer of RFC 2543 had no Max-Forwards.
  const RawNotify no_via =
      Raw(subscribe).Remove("Via").SetBody("application/pidf+xml", Pidf("open", "without Via"));
  peer_->SendRaw(gateway_->sip_udp_port(), no_via.Text());
  EXPECT_THAT(StatusOfRaw(Raw(subscribe).Remove("Max-Forwards")), IsOkAndHolds(200));

  // None of them was told.
  peer_->Notify(subscribe, "active", Pidf("open", "whole"), {.cseq = 1000});
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       cli->WaitForItem("a note", [](const v1::WatchItem& candidate) {
                         return !NoteOf(candidate.event()).empty();
                       }));
  EXPECT_EQ(NoteOf(item.event()), "whole");
}

// GEN-18, DEV-12: headers that mean nothing in a NOTIFY.
TEST_F(ConformanceMessageScenarioTest, HeadersWithoutMeaningInANotifyAreIgnored) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  const RawNotify odd = Raw(subscribe)
                            .Add("Expires", "1")
                            .Add("Reply-To", "<sip:elsewhere@example.net>")
                            .Add("Subject", "nothing")
                            .Add("In-Reply-To", "70710@saturn.example.com")
                            .Add("RAck", "776656 1 INVITE")
                            .Add("Min-Expires", "99999")
                            .SetBody("application/pidf+xml", Pidf("open", "odd"));

  EXPECT_THAT(StatusOfRaw(odd), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "odd");
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(1500)));
  EXPECT_THAT(StatusOfRaw(Raw(subscribe)), IsOkAndHolds(200));
}

// SEC-07, PKG-14: a body that is enciphered, or only says where the state is, was not offered;
// a package without a typed form passes it on.
TEST_F(ConformanceMessageScenarioTest, EncipheredOrIndirectBodyIsRefusedOrPassedOn) {
  std::unique_ptr<CliProcess> typed;
  ASSERT_OK_AND_ASSIGN(const Received presence, Establish(typed));
  ASSERT_OK_AND_ASSIGN(const auto raw, Watch(kAlice, "x-any"));
  ASSERT_OK_AND_ASSIGN(const Received any, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(any, 200);

  for (const std::string type :
       {"application/pkcs7-mime;smime-type=enveloped-data",
        "message/external-body;access-type=\"URL\";URL=\"http://192.0.2.1/state\""}) {
    const std::string body("\x30\x80\x06\x09", 4);
    NotifyOptions options;
    options.content_type = type;
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(presence, "active", body, options)),
                IsOkAndHolds(415))
        << type;
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(any, "active", body, options)), IsOkAndHolds(200))
        << type;
    ASSERT_OK_AND_ASSIGN(const v1::Event event, raw->WaitForEvent());
    EXPECT_EQ(event.body().data(), body);
  }
  EXPECT_THAT(StatusOfRaw(Raw(presence)), IsOkAndHolds(200));
}

// DEV-05: a notifier that goes on after 481 is told so each time, and does not fill the log.
TEST_F(ConformanceMessageScenarioTest, NotifierThatIgnores481IsToldAgainAndLoggedSparingly) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  peer_->Notify(subscribe, "terminated;reason=noresource");
  ASSERT_OK(cli->WaitForState(v1::Subscription::TERMINATED));
  const std::string before = gateway_->process().Stderr();

  for (int i = 0; i < 300; ++i) {
    ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open"))),
                IsOkAndHolds(481));
  }

  const std::string after = gateway_->process().Stderr();
  EXPECT_LT(std::count(after.begin(), after.end(), '\n'),
            std::count(before.begin(), before.end(), '\n') + 30);
  EXPECT_THAT(gateway_->Metric("sipevents_sip_requests_received_total", "481"),
              IsOkAndHolds(::testing::Ge(300)));
}

// DEV-09, SEC-09: what nobody asked for is refused and leaves nothing behind.
TEST_F(ConformanceMessageScenarioTest, UnsolicitedNotifyIsRefusedAndMakesNothing) {
  ASSERT_OK(StartGateway());
  NewRequest notify;
  notify.method = "NOTIFY";
  notify.request_uri = absl::StrCat("sip:gateway@127.0.0.1:", gateway_->sip_udp_port());
  notify.port = gateway_->sip_udp_port();
  for (const bool with_tag : {false, true}) {
    notify.to_tag = with_tag ? "0123456789abcdef" : "";
    notify.headers = {"Event: message-summary", "Subscription-State: active;expires=3600"};
    notify.content_type = "application/simple-message-summary";
    notify.body = MessageSummary(1, 0);
    EXPECT_THAT(peer_->StatusOf(peer_->Send(notify)), IsOkAndHolds(481));
    notify.content_type = notify.body = "";
    for (const std::string event : {"check-sync", "keep-alive", "resync", "x-anything"}) {
      notify.headers = {"Event: " + event, "Subscription-State: terminated"};
      EXPECT_THAT(peer_->StatusOf(peer_->Send(notify)), IsOkAndHolds(489)) << event;
    }
  }

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome listed, RunCli({"subscriptions", "list"}));

  EXPECT_EQ(listed.exit_status, 0);
  EXPECT_THAT(listed.lines, IsEmpty());
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(200)));
}

// DEV-10: the media type that PIDF had in its drafts.
TEST_F(ConformanceMessageScenarioTest, PidfUnderItsDraftNameIsTaken) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  NotifyOptions draft;
  draft.content_type = "application/cpim-pidf+xml";

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "draft"), draft)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "draft");
  EXPECT_EQ(event.decode_error(), "");
  EXPECT_THAT(gateway_->Metric("sipevents_sip_deviations_total", "DEV-10"), IsOkAndHolds(1));
}

// DEV-16: a private document in a public package, and a body in the 200.
TEST_F(ConformanceMessageScenarioTest, PrivateBodyTypeThatTheCallerAcceptsIsPassedOn) {
  constexpr char kType[] = "Application/MANSCDP+xml";
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       Watch(kAlice, "presence", {absl::StrCat("--accept=", kType)}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  const std::string answer = "<Response><Result>OK</Result></Response>";
  std::string text = absl::StrCat(
      "SIP/2.0 200 OK\r\nVia: ", subscribe.Header("Via"), "\r\nFrom: ", subscribe.Header("From"),
      "\r\nTo: ", subscribe.Header("To"), ";tag=a\r\nCall-ID: ", subscribe.call_id(),
      "\r\nCSeq: ", subscribe.Header("CSeq"), "\r\nContact: <", peer_->uri(),
      ">\r\nExpires: 3600\r\nContent-Type: ", kType, "\r\nContent-Length: ", answer.size(),
      "\r\n\r\n", answer);
  peer_->SendRaw(subscribe.flow, text);
  const std::string body = "<Notify><CmdType>Catalog</CmdType></Notify>";
  NotifyOptions options;
  options.content_type = kType;

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", body, options)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(event.body().data(), body);
  EXPECT_EQ(event.body().content_type(), kType);
}

// DEV-18: the document names somebody else; what counts is who was asked for.
TEST_F(ConformanceMessageScenarioTest, DocumentOfAnotherEntityBelongsToItsSubscription) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "dialog"));
  std::string body = DialogInfo(1, "call-9", "confirmed");
  body.replace(body.find(kAlice), sizeof(kAlice) - 1, "sip:gateway@example.com");

  peer_->Notify(subscribe, "active", body);

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(event.target_uri(), kAlice);
  EXPECT_EQ(event.decode_error(), "");
  ASSERT_EQ(event.dialog_info().dialogs_size(), 1);
  EXPECT_EQ(event.dialog_info().dialogs(0).id(), "call-9");
}

}  // namespace
}  // namespace sipevents::testing
