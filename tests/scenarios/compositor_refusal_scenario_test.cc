#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// PUBLISHes that a compositor must refuse (RFC 3903 section 6), each with its own status and
// headers, and without any effect.

namespace sipevents::testing {
namespace {

using ::testing::IsEmpty;

class RefusedPublishTest : public NotifierScenario,
                           public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusedPublishTest, IsAnsweredAndChangesNothing) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("before"));
  ASSERT_OK(watcher_->Begin().status());
  RawRequest publish = publisher_->NewPublish(Pidf("closed", "refused"));
  GetParam().change(publish);

  ASSERT_OK_AND_ASSIGN(const Received response, publisher_->Ask(publish));

  EXPECT_OK(CheckRefused(response, GetParam()));
  EXPECT_THAT(response.sip.Headers("SIP-ETag"), IsEmpty());
  EXPECT_OK(watcher_->ExpectNoNotify(absl::Milliseconds(150)));
  // The publication that was there has not changed either.
  ASSERT_OK_AND_ASSIGN(const Received refreshed, publisher_->Refresh());
  EXPECT_EQ(refreshed.sip.status(), 200);
}

// ESC-01, ESC-03, ESC-04, ESC-24, GEN-10.
INSTANTIATE_TEST_SUITE_P(
    Requests, RefusedPublishTest,
    ::testing::Values(
        Refusal{"RequireUnknown",
                [](RawRequest& r) { r.Set("Require", "foo"); },
                {420},
                "Unsupported",
                "foo"},
        Refusal{"DomainThatIsNotServed",
                [](RawRequest& r) { r.SetRequestUri("sip:alice@elsewhere.example"); },
                {404, 403}},
        Refusal{
            "UnknownScheme", [](RawRequest& r) { r.SetRequestUri("nobodyknows:alice"); }, {416}},
        Refusal{
            "NoEvent", [](RawRequest& r) { r.Remove("Event"); }, {489}, "Allow-Events", "presence"},
        Refusal{"UnknownPackage",
                [](RawRequest& r) { r.Set("Event", "weather"); },
                {489},
                "Allow-Events",
                "presence"},
        Refusal{"TemplateIsNotPublished",
                [](RawRequest& r) { r.Set("Event", "presence.winfo"); },
                {489},
                "Allow-Events"},
        Refusal{"TwoEvents", [](RawRequest& r) { r.Add("Event", "dialog"); }, {400}},
        Refusal{"TwoDots", [](RawRequest& r) { r.Set("Event", "a..b"); }, {400}},
        Refusal{"TagOfNoDialog",
                [](RawRequest& r) { r.Set("To", "<sip:alice@example.com>;tag=lost"); },
                {481}},
        Refusal{"CSeqOfAnotherMethod", [](RawRequest& r) { r.Set("CSeq", "1 NOTIFY"); }, {400}},
        Refusal{"NoFrom", [](RawRequest& r) { r.Remove("From"); }, {400}},
        Refusal{"NoTo", [](RawRequest& r) { r.Remove("To"); }, {400}},
        Refusal{"NoCallId", [](RawRequest& r) { r.Remove("Call-ID"); }, {400}},
        Refusal{"NoCSeq", [](RawRequest& r) { r.Remove("CSeq"); }, {400}}),
    [](const auto& instance) { return std::string(instance.param.name); });

// ESC-06, ESC-07, TOR-17.
INSTANTIATE_TEST_SUITE_P(
    Conditions, RefusedPublishTest,
    ::testing::Values(
        Refusal{"ListOfTags", [](RawRequest& r) { r.Set("SIP-If-Match", "a, b"); }, {400}},
        Refusal{"TwoTags",
                [](RawRequest& r) { r.Add("SIP-If-Match", "a").Add("SIP-If-Match", "b"); },
                {400}},
        Refusal{"Star", [](RawRequest& r) { r.Set("SIP-If-Match", "*"); }, {400, 412}},
        Refusal{"QuotedTag", [](RawRequest& r) { r.Set("SIP-If-Match", "\"x\""); }, {400}},
        Refusal{"WeakTag", [](RawRequest& r) { r.Set("SIP-If-Match", "W/\"x\""); }, {400}},
        Refusal{"EmptyTag", [](RawRequest& r) { r.Set("SIP-If-Match", ""); }, {400}},
        Refusal{"UnknownTag", [](RawRequest& r) { r.Set("SIP-If-Match", "nobodys"); }, {412}}),
    [](const auto& instance) { return std::string(instance.param.name); });

// ESC-09, ESC-10, ESC-12, ESC-22, SEC-07.
INSTANTIATE_TEST_SUITE_P(
    Bodies, RefusedPublishTest,
    ::testing::Values(
        Refusal{
            "TooBrief", [](RawRequest& r) { r.Set("Expires", "1"); }, {423}, "Min-Expires", "60"},
        Refusal{"OneSecondTooBrief",
                [](RawRequest& r) { r.Set("Expires", "59"); },
                {423},
                "Min-Expires",
                "60"},
        Refusal{"UnknownType",
                [](RawRequest& r) { r.SetBody("text/plain", "open"); },
                {415},
                "Accept",
                "application/pidf+xml"},
        Refusal{"TypeOfAnotherPackage",
                [](RawRequest& r) {
                  r.SetBody("application/simple-message-summary", MessageSummary(1, 0));
                },
                {415},
                "Accept",
                "application/pidf+xml"},
        Refusal{"SignedBody",
                [](RawRequest& r) {
                  r.SetBody(
                      "multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"",
                      "--b\r\n\r\nx\r\n--b--\r\n");
                },
                {415},
                "Accept"},
        Refusal{"NoBodyAndNoTag",
                [](RawRequest& r) { r.SetBody("", "").Remove("Content-Type"); },
                {400}},
        Refusal{"NoType", [](RawRequest& r) { r.Remove("Content-Type"); }, {400, 415}},
        Refusal{"XmlThatIsCut",
                [](RawRequest& r) { r.SetBody("application/pidf+xml", "<presence><tup"); },
                {400}},
        Refusal{"OtherRoot",
                [](RawRequest& r) {
                  r.SetBody("application/pidf+xml", "<lamp xmlns=\"urn:x\" state=\"on\"/>");
                },
                {400}},
        Refusal{"OtherNamespace",
                [](RawRequest& r) {
                  r.SetBody("application/pidf+xml",
                            "<presence xmlns=\"urn:x\" entity=\"sip:alice@example.com\"/>");
                },
                {400}},
        Refusal{"TupleWithoutId",
                [](RawRequest& r) {
                  r.SetBody("application/pidf+xml",
                            "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
                            "entity=\"sip:alice@example.com\"><tuple><status><basic>open</basic>"
                            "</status></tuple></presence>");
                },
                {400}},
        Refusal{
            "XmlBomb", [](RawRequest& r) { r.SetBody("application/pidf+xml", kXmlBomb); }, {400}}),
    [](const auto& instance) { return std::string(instance.param.name); });

class CompositorRefusalScenarioTest : public NotifierScenario {};

// ESC-25: larger than any state may be, whole and well-formed.
TEST_F(CompositorRefusalScenarioTest, BodyThatIsTooLargeIsRefused) {
  ASSERT_OK(StartServer());
  SipPeer& peer = publisher_->peer();
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer.ConnectTcp(gateway_->sip_tcp_port()));
  RawRequest publish = publisher_->NewPublish(Pidf("open", std::string(1'100'000, 'x')));
  publish.Set("Via", absl::StrCat("SIP/2.0/TCP 127.0.0.1:", peer.port(),
                                  ";branch=", publish.sent().branch));

  peer.SendRaw(flow, publish.Text());

  ASSERT_OK_AND_ASSIGN(const Received response,
                       peer.WaitForResponse(publish.sent(), kServerPatience));
  EXPECT_EQ(response.sip.status(), 413);
}

// ESC-25: phones that never name their last tag push out their own, and nobody else's.
TEST_F(CompositorRefusalScenarioTest, PhoneThatForgetsItsTagsPushesOutItsOwn) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const other, NewPublisher());
  ASSERT_OK(other->Publish(other->NewPublish(Pidf("open")).Set("User-Agent", "other")).status());
  ASSERT_OK(Publish("first"));
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received response,
                         publisher_->Ask(publisher_->NewPublish(Pidf("open"))));
    EXPECT_EQ(response.sip.status(), 200);
  }

  ASSERT_OK_AND_ASSIGN(const Received forgotten, publisher_->Refresh());
  ASSERT_OK_AND_ASSIGN(const Received kept, other->Refresh());

  EXPECT_EQ(forgotten.sip.status(), 412);
  EXPECT_EQ(kept.sip.status(), 200);
}

// ESC-21, ESC-25: nor can many phones make more than so many.
TEST_F(CompositorRefusalScenarioTest, PublicationsOfOneResourceAreBounded) {
  ASSERT_OK(StartServer());
  Refusal full{"Full", nullptr, {503, 403}, "Retry-After"};
  for (int i = 0; i < 32; ++i) {
    ASSERT_OK_AND_ASSIGN(
        const Received response,
        publisher_->Ask(
            publisher_->NewPublish(Pidf("open")).Set("User-Agent", absl::StrCat("phone ", i))));
    EXPECT_EQ(response.sip.status(), 200);
  }

  ASSERT_OK_AND_ASSIGN(
      const Received response,
      publisher_->Ask(publisher_->NewPublish(Pidf("open")).Set("User-Agent", "one too many")));

  EXPECT_OK(CheckRefused(response, full));
  // Others do not suffer.
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const carol, NewPublisher("sip:carol@example.com"));
  ASSERT_OK_AND_ASSIGN(const Received elsewhere, carol->Publish(Pidf("open")));
  EXPECT_EQ(elsewhere.sip.status(), 200);
}

// ESC-07: a tag is good for its resource and package only.
TEST_F(CompositorRefusalScenarioTest, TagOfAnotherPackageOrResourceIsRefused) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("mine"));
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const mail, NewPublisher(kAlice, "message-summary"));
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const carol, NewPublisher("sip:carol@example.com"));

  ASSERT_OK_AND_ASSIGN(
      const Received other_package,
      mail->Ask(mail->NewPublish(MessageSummary(1, 0)).Set("SIP-If-Match", publisher_->tag())));
  ASSERT_OK_AND_ASSIGN(
      const Received other_resource,
      carol->Ask(carol->NewPublish(Pidf("open")).Set("SIP-If-Match", publisher_->tag())));

  EXPECT_EQ(other_package.sip.status(), 412);
  EXPECT_EQ(other_resource.sip.status(), 412);
  ASSERT_OK_AND_ASSIGN(const Received refreshed, publisher_->Refresh());
  EXPECT_EQ(refreshed.sip.status(), 200);
}

// ESC-07, ESC-19: superseded, removed, expired.
TEST_F(CompositorRefusalScenarioTest, TagThatIsOverIsRefused) {
  ASSERT_OK(StartServer({"--sip_min_expires=1s"}));
  ASSERT_OK(Publish("one"));
  const std::string first = publisher_->tag();
  ASSERT_OK(Publish("two"));
  const auto status_of = [&](const std::string& tag) -> absl::StatusOr<int> {
    absl::StatusOr<Received> response =
        publisher_->Ask(publisher_->NewPublish("").Set("SIP-If-Match", tag));
    if (!response.ok()) return response.status();
    return response->sip.status();
  };

  EXPECT_THAT(status_of(first), IsOkAndHolds(412));
  const std::string second = publisher_->tag();
  ASSERT_OK_AND_ASSIGN(const Received removed, publisher_->Remove());
  EXPECT_THAT(status_of(second), IsOkAndHolds(412));
  EXPECT_THAT(status_of(removed.Header("SIP-ETag")), IsOkAndHolds(412));
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const clock, NewWatcher());
  ASSERT_OK(clock->Begin().status());
  ASSERT_OK(publisher_->Publish(publisher_->NewPublish(Pidf("open", "brief")).Set("Expires", "1"))
                .status());
  ASSERT_OK(clock->NotifyWith("brief").status());
  ASSERT_OK(clock->NextNotify().status());  // it has expired
  EXPECT_THAT(status_of(publisher_->tag()), IsOkAndHolds(412));
}

// GEN-17: 412 and 489 carry nothing of a success.
TEST_F(CompositorRefusalScenarioTest, MessageSummaryThatIsNoneIsRefused) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const mail, NewPublisher(kAlice, "message-summary"));
  for (const char* body :
       {"Voice-Message: 1/0\r\n", "<presence/>", "Messages-Waiting: perhaps\r\n"}) {
    ASSERT_OK_AND_ASSIGN(const Received response, mail->Ask(mail->NewPublish(body)));
    EXPECT_EQ(response.sip.status(), 400) << body;
    EXPECT_THAT(response.sip.Headers("Expires"), IsEmpty());
  }
}

}  // namespace
}  // namespace sipevents::testing
