#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/scenarios/raw_notify.h"
#include "tests/scenarios/scenario.h"

// The first SUBSCRIBE, its answer, and the NOTIFY that makes a dialog: the rows of
// docs/conformance.md that the other scenarios do not show.

namespace sipevents::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Ne;

using ConformanceInitialScenarioTest = Scenario;

// SUB-03: the duration is always said; where nobody names one it is the package's.
TEST_F(ConformanceInitialScenarioTest, PackageDefaultIsAskedForWhereNobodyNamesADuration) {
  for (const std::string event : {"presence", "dialog", "message-summary", "x-weather"}) {
    ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, event));
    ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    EXPECT_EQ(subscribe.Header("Event"), event);
    EXPECT_EQ(subscribe.expires(), 3600) << event;
  }
}

// SUB-04: nothing is granted; the final NOTIFY ends it, and nothing is sent in its dialog.
TEST_F(ConformanceInitialScenarioTest, GrantOfZeroEndsWithTheFinalNotifyAndIsNotRefreshed) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions nothing;
  nothing.expires = "0";
  peer_->Respond(subscribe, 200, nothing);

  const Sent last = peer_->Notify(subscribe, "terminated;reason=timeout", Pidf("open", "once"));

  EXPECT_THAT(peer_->StatusOf(last), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "once");
  EXPECT_THAT(peer_->WaitUntil(
                  "request in the dialog",
                  [&subscribe](const Received& request) {
                    return request.call_id() == subscribe.call_id();
                  },
                  absl::Milliseconds(500)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active")), IsOkAndHolds(481));
}

struct Grant {
  const char* name;
  const char* asked;    // --expires
  const char* expires;  // of the 2xx
  const char* contact;  // of the 2xx; empty: the peer's own
  const char* state;    // of the NOTIFY
};

class GrantScenarioTest : public Scenario, public ::testing::WithParamInterface<Grant> {};

INSTANTIATE_TEST_SUITE_P(
    Answers, GrantScenarioTest,
    ::testing::Values(Grant{"ShorterThanAskedSub04", "1h", "2", "", "active"},
                      Grant{"MissingSub05", "2s", "", "", "active"},
                      Grant{"LargerThanAskedSub05", "2s", "99999", "", "active;expires=99999"},
                      Grant{"NoNumberSub05", "2s", "Thu, 01 Dec 2044 16:00:00 GMT", "", "active"},
                      Grant{"InTheContactOnlySub06", "1h", "2", "<sip:peer@127.0.0.1>;expires=9999",
                            "active"}),
    [](const auto& instance) { return std::string(instance.param.name); });

// SUB-04, SUB-05, SUB-06: what was granted, but never more than what was asked, whatever is written
// elsewhere: each of these makes two seconds.
TEST_P(GrantScenarioTest, IsRefreshedInTime) {
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       Watch(kAlice, "presence", {absl::StrCat("--expires=", GetParam().asked)}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions grant;
  grant.expires = GetParam().expires;
  grant.contact = GetParam().contact;
  peer_->Respond(subscribe, 200, grant);
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, GetParam().state, Pidf("open"))),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_LT(refresh.time - subscribe.time, absl::Seconds(2));
  EXPECT_EQ(refresh.to_tag(), "a");
}

// SUB-07: what the caller takes is offered; a body of another type is refused, saying what is
// taken, and the subscription goes on.
TEST_F(ConformanceInitialScenarioTest, BodyTypesAreOfferedAndOthersAreRefused) {
  ASSERT_OK_AND_ASSIGN(
      const auto cli, Watch(kAlice, "presence", {"--accept=application/pidf+xml,application/x-b"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  const auto both = AllOf(HasSubstr("application/pidf+xml"), HasSubstr("application/x-b"));
  EXPECT_THAT(absl::StrJoin(subscribe.sip.Headers("Accept"), ","), both);
  peer_->Respond(subscribe, 200);
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active")), IsOkAndHolds(200));
  NotifyOptions html;
  html.content_type = "text/html";

  ASSERT_OK_AND_ASSIGN(const Received refusal, peer_->WaitForResponse(peer_->Notify(
                                                   subscribe, "active", "<p>open</p>", html)));

  EXPECT_EQ(refusal.sip.status(), 415);
  EXPECT_THAT(absl::StrJoin(refusal.sip.Headers("Accept"), ","), both);
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "fine"))),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "fine");
}

// SUB-08, GEN-19: resource and package together are what is subscribed to.
TEST_F(ConformanceInitialScenarioTest, PackagesOfOneResourceAreIndependentSubscriptions) {
  std::unique_ptr<CliProcess> presence;
  std::unique_ptr<CliProcess> mailbox;

  ASSERT_OK_AND_ASSIGN(const Received first, Establish(presence));
  ASSERT_OK_AND_ASSIGN(const Received second, Establish(mailbox, "message-summary"));

  EXPECT_EQ(first.sip.request_uri(), second.sip.request_uri());
  EXPECT_THAT(first.call_id(), Ne(second.call_id()));
  EXPECT_THAT(first.from_tag(), Ne(second.from_tag()));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(first, "terminated;reason=noresource")),
              IsOkAndHolds(200));
  EXPECT_OK(presence->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(second, "active", MessageSummary(2, 0))),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, mailbox->WaitForEvent());
  EXPECT_EQ(event.message_summary().counts(0).new_count(), 2U);
}

// SUB-16: a 2xx tells nothing about the resource; until the first NOTIFY nothing is shown.
TEST_F(ConformanceInitialScenarioTest, AcceptedButNotYetNotifiedShowsNoState) {
  ASSERT_OK(StartGateway({"--sip_t1=500ms", "--sip_retry_base=30s"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);

  const absl::Time until = absl::Now() + absl::Milliseconds(700);
  while (true) {
    const absl::StatusOr<v1::WatchItem> item = cli->NextItem(until - absl::Now());
    if (!item.ok()) break;
    EXPECT_FALSE(item->has_event() || item->has_bookmark()) << item->ShortDebugString();
    EXPECT_EQ(item->status().state(), v1::Subscription::SUBSCRIBING);
  }

  peer_->Notify(subscribe, "active", Pidf("open", "known"));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "known");
  ASSERT_OK_AND_ASSIGN(const v1::Bookmark complete,
                       cli->WaitForBookmark(v1::Bookmark::INITIAL_STATE_COMPLETE));
  EXPECT_TRUE(complete.has_state());
}

// SUB-18: it is answered and its state is told, but no dialog comes of it.
TEST_F(ConformanceInitialScenarioTest, FirstNotifyThatTerminatesMakesNoDialog) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);

  const Sent only = peer_->Notify(subscribe, "terminated;reason=noresource", Pidf("open", "last"));

  EXPECT_THAT(peer_->StatusOf(only), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "last");
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.reason(), "noresource");
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open"))), IsOkAndHolds(481));
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(500)));
}

// SUB-19: we are the server of the NOTIFY, so its Record-Routes are taken in their order.
TEST_F(ConformanceInitialScenarioTest, RouteSetIsTheRecordRouteOfTheNotifyInItsOrder) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence", {"--expires=2s"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions misleading;
  misleading.headers = {"Record-Route: <sip:127.0.0.1:9;lr;hop=0>"};
  peer_->Respond(subscribe, 200, misleading);
  NotifyOptions routed;
  routed.headers = {absl::StrCat("Record-Route: <", peer_->uri(), ";lr;hop=1>"),
                    "Record-Route: <sip:127.0.0.1:9;lr;hop=2>, <sip:p3.example.com;lr;hop=3>"};
  peer_->Notify(subscribe, "active", Pidf("open"), routed);

  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

  const std::string route = absl::StrJoin(refresh.sip.Headers("Route"), ",");
  EXPECT_LT(route.find("hop=1"), route.find("hop=2")) << route;
  EXPECT_LT(route.find("hop=2"), route.find("hop=3")) << route;
  EXPECT_NE(route.find("hop=3"), std::string::npos) << route;
  EXPECT_EQ(route.find("hop=0"), std::string::npos) << route;
}

// SUB-21: Call-ID, our tag and the event; neither the notifier's tag nor its CSeq.
TEST_F(ConformanceInitialScenarioTest, FirstNotifyIsFoundByCallIdTagAndEvent) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions other_fork;
  other_fork.to_tag = "z";
  peer_->Respond(subscribe, 200, other_fork);
  const auto with_tag = [&](const std::string& branch, const std::string& tag) {
    return RawNotify(*peer_, subscribe, branch, 7)
        .Set("To", absl::StrCat("<", UriOf(subscribe.Header("From")), ">;tag=", tag));
  };

  const RawNotify wrong_tag = with_tag("z9hG4bK-wrong-tag", "0123456789abcdef");
  const RawNotify longer_tag = with_tag("z9hG4bK-longer-tag", subscribe.from_tag() + "0");
  const RawNotify wrong_call = RawNotify(*peer_, subscribe, "z9hG4bK-wrong-call", 7)
                                   .Set("Call-ID", subscribe.call_id() + "x");
  const RawNotify wrong_case =
      RawNotify(*peer_, subscribe, "z9hG4bK-wrong-case", 7).Set("Event", "Presence");
  const RawNotify right = RawNotify(*peer_, subscribe, "z9hG4bK-right", 4711)
                              .SetBody("application/pidf+xml", Pidf("open", "right"));
  for (const RawNotify& notify : {wrong_tag, longer_tag, wrong_call, wrong_case, right}) {
    peer_->SendRaw(gateway_->sip_udp_port(), notify.Text());
  }

  EXPECT_THAT(peer_->StatusOf(wrong_tag.sent()), IsOkAndHolds(481));
  EXPECT_THAT(peer_->StatusOf(longer_tag.sent()), IsOkAndHolds(481));
  EXPECT_THAT(peer_->StatusOf(wrong_call.sent()), IsOkAndHolds(481));
  EXPECT_THAT(peer_->StatusOf(wrong_case.sent()), IsOkAndHolds(AnyOf(481, 489)));
  EXPECT_THAT(peer_->StatusOf(right.sent()), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "right");
}

// SUB-24: of several things that are wrong the first of the order is told.
TEST_F(ConformanceInitialScenarioTest, FaultsOfANotifyAreToldInOrder) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  int count = 0;
  const auto status_of = [&](RawNotify notify) {
    peer_->SendRaw(gateway_->sip_udp_port(), notify.Text());
    return peer_->StatusOf(notify.sent());
  };
  const auto notify = [&] {
    ++count;
    return RawNotify(*peer_, subscribe, absl::StrCat("z9hG4bK-order-", count), 100 + count);
  };

  EXPECT_THAT(status_of(notify().Remove("Event").Add("Require", "x-none")), IsOkAndHolds(400));
  EXPECT_THAT(status_of(notify().Set("Event", "no-such").Add("Require", "x-none")),
              IsOkAndHolds(420));
  EXPECT_THAT(status_of(notify().Set("Event", "no-such").Set("Call-ID", "nobody")),
              IsOkAndHolds(489));
  EXPECT_THAT(status_of(notify().Set("Call-ID", "nobody").SetBody("text/html", "<p/>")),
              IsOkAndHolds(481));
  EXPECT_THAT(status_of(notify().SetBody("text/html", "<p/>")), IsOkAndHolds(415));
  EXPECT_THAT(status_of(notify()), IsOkAndHolds(200));
}

// RETRY-02: a Retry-After may say more than a number.
TEST_F(ConformanceInitialScenarioTest, RetryAfterWithCommentAndDurationIsKept) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions later;
  later.headers = {"Retry-After: 2 (I am in a (short) meeting);duration=3600"};
  peer_->Respond(subscribe, 480, later);

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_GE(again.time - subscribe.time, absl::Seconds(2));
  EXPECT_LE(again.time - subscribe.time, absl::Seconds(4));
}

// TIMER-K: what is answered after the final answer is of no account.
TEST_F(ConformanceInitialScenarioTest, SecondFinalAnswerIsOfNoAccount) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);
  ASSERT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active")), IsOkAndHolds(200));

  peer_->Respond(subscribe, 200);
  peer_->Respond(subscribe, 403);

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "on"))),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "on");
}

// CEN-09: 204 promises that no NOTIFY comes, which cannot be before the first one.
TEST_F(ConformanceInitialScenarioTest, FirstSubscribeAnswered204StillNeedsItsNotify) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(first, 204);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "no-notify");
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(again, 204);
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(again, "active", Pidf("open", "came"))),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "came");
}

// OUT-04 (RFC 3581): with `rport` the answer goes back where the request came from, not where
// its Via says.
TEST_F(ConformanceInitialScenarioTest, AnswerGoesBackWhereTheNotifyCameFrom) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  const RawNotify behind_nat = RawNotify(*peer_, subscribe, "z9hG4bK-nat", 9)
                                   .Set("Via", "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-nat;rport");

  peer_->SendRaw(gateway_->sip_udp_port(), behind_nat.Text());

  ASSERT_OK_AND_ASSIGN(const Received answer, peer_->WaitForResponse(behind_nat.sent()));
  EXPECT_EQ(answer.sip.status(), 200);
  EXPECT_EQ(ParameterOf(answer.Header("Via"), "rport"), absl::StrCat(peer_->port()));
}

// SUB-59, SUB-61: the caller leaves before anything was answered: no CANCEL; a NOTIFY that still
// comes is answered, and what it made is ended at once.
TEST_F(ConformanceInitialScenarioTest, AbandonedAttemptIsNotCancelledAndEndsWhatStillComes) {
  ASSERT_OK(StartGateway({"--linger=0s"}));
  ASSERT_OK_AND_ASSIGN(auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  cli.reset();
  EXPECT_OK(peer_->ExpectNone("CANCEL", absl::Milliseconds(500)));
  peer_->Respond(subscribe, 200);

  const Sent late = peer_->Notify(subscribe, "active;expires=600", Pidf("open", "late"));

  ASSERT_THAT(peer_->StatusOf(late), IsOkAndHolds(AnyOf(200, 481)));
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.call_id(), subscribe.call_id());
  EXPECT_THAT(unsubscribe.to_tag(), "a");
  EXPECT_THAT(peer_->StatusOf(peer_->Accept(unsubscribe)), IsOkAndHolds(200));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active")), IsOkAndHolds(481));
  EXPECT_EQ(peer_->Count("CANCEL"), 0);
}

// SUB-60, GEN-13: whether a server knows the package is found out by asking it.
TEST_F(ConformanceInitialScenarioTest, ServerWithoutThePackageIsUnimplemented) {
  for (const int status : {489, 405, 501}) {
    ASSERT_OK(StartGateway());
    ASSERT_OK_AND_ASSIGN(const auto cli,
                         CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=x-rare"}));
    ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    ResponseOptions options;
    options.headers = {status == 489 ? "Allow-Events: presence" : "Allow: OPTIONS"};
    peer_->Respond(subscribe, status, options);

    ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());

    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_THAT(outcome.Text(), HasSubstr("UNIMPLEMENTED"));
    EXPECT_THAT(outcome.Text(), HasSubstr(absl::StrCat(status)));
  }
}

}  // namespace
}  // namespace sipevents::testing
