#include <memory>
#include <string>

#include "tests/scenarios/scenario.h"

// What one subscription looks like on the wire and on the stream.

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using SubscribeScenarioTest = Scenario;

// SUB-01, SUB-02, SUB-08.
TEST_F(SubscribeScenarioTest, SubscribeCarriesWhatBeginsADialog) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch("sip:Alice@EXAMPLE.com", "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_EQ(subscribe.sip.request_uri(), "sip:Alice@example.com");
  EXPECT_THAT(subscribe.sip.Headers("Event"), ElementsAre("presence"));
  EXPECT_EQ(subscribe.expires(), 3600);
  EXPECT_THAT(subscribe.Header("Accept"), HasSubstr("application/pidf+xml"));
  EXPECT_THAT(subscribe.Header("From"), HasSubstr("<sip:gateway@example.com>"));
  EXPECT_THAT(subscribe.from_tag(), Not(IsEmpty()));
  EXPECT_THAT(subscribe.to_tag(), IsEmpty());
  EXPECT_THAT(subscribe.Header("Contact"), HasSubstr("sip:"));
  EXPECT_EQ(subscribe.Header("Max-Forwards"), "70");
  EXPECT_THAT(subscribe.Header("Route"), HasSubstr(peer_->uri() + ";lr"));
}

// SUB-12: the NOTIFY overtakes the response.
TEST_F(SubscribeScenarioTest, NotifyBeforeOkIsAnsweredAndDelivered) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  const Sent notify = peer_->Notify(subscribe, "active;expires=600", Pidf("open", "early"));

  EXPECT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "early");
  EXPECT_EQ(event.target_uri(), kAlice);
  EXPECT_EQ(event.body().content_type(), "application/pidf+xml");
  EXPECT_EQ(event.presence().tuples(0).basic(), v1::OPEN);
  peer_->Respond(subscribe, 200);
  const Sent second = peer_->Notify(subscribe, "active;expires=600", Pidf("closed", "late"));
  EXPECT_THAT(peer_->StatusOf(second), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event next, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(next), "late");
  EXPECT_EQ(next.dialog(), event.dialog());
}

// SUB-12: the response never comes; Timer F passes, the subscription stays.
TEST_F(SubscribeScenarioTest, NotifyWithoutAnyResponseKeepsTheSubscription) {
  ASSERT_OK(StartGateway({"--sip_t1=10ms", "--sip_retry_base=600ms"}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  const Sent first = peer_->Notify(subscribe, "active;expires=600", Pidf("open", "one"));
  ASSERT_THAT(peer_->StatusOf(first), IsOkAndHolds(200));

  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(64 * 10 + 500)));

  const Sent second = peer_->Notify(subscribe, "active;expires=600", Pidf("closed", "two"));
  EXPECT_THAT(peer_->StatusOf(second), IsOkAndHolds(200));
  EXPECT_OK(cli->WaitForItem(
      "the second state", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "two"; }));
}

TEST_F(SubscribeScenarioTest, TwoWatchesShareOneSubscribeAndTheSecondGetsTheStateAtOnce) {
  ASSERT_OK(StartGateway({"--linger=1s"}));
  std::unique_ptr<CliProcess> first;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(first));

  ASSERT_OK_AND_ASSIGN(auto second, Watch(kAlice, "presence"));

  ASSERT_OK_AND_ASSIGN(const v1::Event snapshot, second->WaitForEvent());
  EXPECT_TRUE(snapshot.initial());
  EXPECT_EQ(NoteOf(snapshot), "first");
  ASSERT_OK_AND_ASSIGN(const v1::Bookmark complete,
                       second->WaitForBookmark(v1::Bookmark::INITIAL_STATE_COMPLETE));
  EXPECT_TRUE(complete.has_state());
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 1);

  // One leaves: nothing happens. The last leaves: the linger passes, then it ends (SUB-52).
  first.reset();
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(1500)));
  second.reset();
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.to_tag(), "a");
  EXPECT_EQ(unsubscribe.call_id(), subscribe.call_id());
  EXPECT_EQ(unsubscribe.sip.cseq(), subscribe.sip.cseq() + 1);
  const Sent last = peer_->Accept(unsubscribe);
  EXPECT_THAT(peer_->StatusOf(last), IsOkAndHolds(200));
  const Sent stray = peer_->Notify(subscribe, "active", Pidf("open"));
  EXPECT_THAT(peer_->StatusOf(stray), IsOkAndHolds(481));
}

// SUB-04, SUB-19, SUB-20, SUB-45: the refresh follows the dialog that the NOTIFY made.
TEST_F(SubscribeScenarioTest, RefreshKeepsTheDialogAndFollowsTheContactOfTheNotify) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions grant;
  grant.expires = "4";
  grant.headers = {"Record-Route: <sip:wrong.example.com;lr>"};
  peer_->Respond(subscribe, 200, grant);
  NotifyOptions options;
  options.contact = "sip:moved@127.0.0.1:" + std::to_string(peer_->port());
  options.headers = {"Record-Route: <" + peer_->uri() + ";lr;hop=1>"};
  peer_->Notify(subscribe, "active;expires=4", Pidf("open"), options);

  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_LT(refresh.time - subscribe.time, absl::Seconds(4));
  EXPECT_EQ(refresh.call_id(), subscribe.call_id());
  EXPECT_EQ(refresh.from_tag(), subscribe.from_tag());
  EXPECT_EQ(refresh.to_tag(), "a");
  EXPECT_EQ(refresh.sip.cseq(), subscribe.sip.cseq() + 1);
  EXPECT_GT(refresh.expires(), 0);
  EXPECT_EQ(refresh.sip.request_uri(), options.contact);
  EXPECT_THAT(refresh.Header("Route"), HasSubstr("hop=1"));
  EXPECT_THAT(refresh.Header("Route"), Not(HasSubstr("wrong")));
}

// SUB-09: 202 is as good as 200.
TEST_F(SubscribeScenarioTest, AcceptedIsTakenAsOk) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  peer_->Respond(subscribe, 202);
  peer_->Notify(subscribe, "pending;expires=600");

  EXPECT_OK(cli->WaitForState(v1::Subscription::PENDING));
  peer_->Notify(subscribe, "active;expires=600", Pidf("open", "granted"));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "granted");
}

// SUB-44: an older NOTIFY is refused and not delivered; a gap is legal.
TEST_F(SubscribeScenarioTest, NotifyOutOfOrderIsRefused) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));
  NotifyOptions numbered;

  numbered.cseq = 50;
  const Sent gap = peer_->Notify(subscribe, "active", Pidf("open", "fifty"), numbered);
  EXPECT_THAT(peer_->StatusOf(gap), IsOkAndHolds(200));
  numbered.cseq = 49;
  const Sent older = peer_->Notify(subscribe, "active", Pidf("open", "older"), numbered);
  EXPECT_THAT(peer_->StatusOf(older), IsOkAndHolds(500));
  numbered.cseq = 51;
  const Sent newer = peer_->Notify(subscribe, "active", Pidf("open", "newer"), numbered);
  EXPECT_THAT(peer_->StatusOf(newer), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event first, cli->WaitForEvent());
  ASSERT_OK_AND_ASSIGN(const v1::Event second, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(first), "fifty");
  EXPECT_EQ(NoteOf(second), "newer");
}

// SUB-21, SUB-22: what does not belong to the dialog does not reach it.
TEST_F(SubscribeScenarioTest, NotifyOfAnotherPackageOrTagIsNotOurs) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  NotifyOptions other;
  other.event = "dialog";
  const Sent package = peer_->Notify(subscribe, "active", DialogInfo(0, "x", "early"), other);
  const Sent identified = [&] {
    other.event = "presence;id=5";
    return peer_->Notify(subscribe, "active", Pidf("open", "stray"), other);
  }();

  EXPECT_THAT(peer_->StatusOf(package), IsOkAndHolds(481));
  EXPECT_THAT(peer_->StatusOf(identified), IsOkAndHolds(481));
  const Sent good = peer_->Notify(subscribe, "active", Pidf("open", "good"));
  EXPECT_THAT(peer_->StatusOf(good), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "good");
}

TEST_F(SubscribeScenarioTest, MessageSummaryAndDialogInfoArriveTyped) {
  std::unique_ptr<CliProcess> dialogs;
  std::unique_ptr<CliProcess> messages;
  ASSERT_OK_AND_ASSIGN(const Received dialog, Establish(dialogs, "dialog"));
  ASSERT_OK_AND_ASSIGN(const Received summary, Establish(messages, "message-summary"));

  peer_->Notify(dialog, "active", DialogInfo(1, "call-7", "early"));
  peer_->Notify(summary, "active", MessageSummary(3, 4));

  ASSERT_OK_AND_ASSIGN(const v1::Event lamp, dialogs->WaitForEvent());
  ASSERT_EQ(lamp.dialog_info().dialogs_size(), 1);
  EXPECT_EQ(lamp.dialog_info().dialogs(0).id(), "call-7");
  EXPECT_EQ(lamp.dialog_info().dialogs(0).state(), v1::EARLY);
  EXPECT_EQ(lamp.dialog_info().dialogs(0).direction(), v1::RECIPIENT);
  ASSERT_OK_AND_ASSIGN(const v1::Event mailbox, messages->WaitForEvent());
  EXPECT_TRUE(mailbox.message_summary().messages_waiting());
  ASSERT_EQ(mailbox.message_summary().counts_size(), 1);
  EXPECT_EQ(mailbox.message_summary().counts(0).new_count(), 3U);
  EXPECT_EQ(mailbox.message_summary().counts(0).old_count(), 4U);
}

// Requests and responses go over a connection where the next hop says so (`transport=tcp`).
TEST_F(SubscribeScenarioTest, SubscriptionOverTcpLivesOnItsConnection) {
  ASSERT_OK(StartGateway(
      {"--linger=0s", "--sip_outbound_proxy=" + peer_->uri(/*over_tcp=*/true) + ";lr"}));
  std::unique_ptr<CliProcess> cli;

  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EXPECT_TRUE(subscribe.flow.is_tcp());
  EXPECT_THAT(subscribe.Header("Via"), HasSubstr("SIP/2.0/TCP"));
  EXPECT_THAT(subscribe.Header("Contact"), HasSubstr("transport=tcp"));
  cli.reset();
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_TRUE(unsubscribe.flow.is_tcp());
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_THAT(peer_->StatusOf(peer_->Accept(unsubscribe)), IsOkAndHolds(200));
}

}  // namespace
}  // namespace sipevents::testing
