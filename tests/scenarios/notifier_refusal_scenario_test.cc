#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// SUBSCRIBEs that a notifier must refuse, each with its own status and headers, and without a
// NOTIFY.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

class RefusedSubscribeTest : public NotifierScenario,
                             public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusedSubscribeTest, IsAnsweredAndMakesNothing) {
  ASSERT_OK(StartServer());
  RawRequest subscribe = watcher_->NewSubscribe();
  GetParam().change(subscribe);

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(subscribe));

  EXPECT_OK(CheckRefused(response, GetParam()));
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// NOT-02 to NOT-04, GEN-08, GEN-10, TOR-03 to TOR-05.
INSTANTIATE_TEST_SUITE_P(
    Events, RefusedSubscribeTest,
    ::testing::Values(
        Refusal{"UnknownPackage",
                [](RawRequest& r) { r.Set("Event", "weather"); },
                {489},
                "Allow-Events",
                "presence"},
        Refusal{"NoEvent",
                [](RawRequest& r) { r.Remove("Event"); },
                {489},
                "Allow-Events",
                "message-summary"},
        Refusal{"TwoEvents", [](RawRequest& r) { r.Add("Event", "dialog"); }, {400}},
        Refusal{"SameEventTwice", [](RawRequest& r) { r.Add("Event", "presence"); }, {400}},
        Refusal{"ListOfEvents", [](RawRequest& r) { r.Set("Event", "presence, dialog"); }, {400}},
        Refusal{"EmptyEvent", [](RawRequest& r) { r.Set("Event", ""); }, {400, 489}},
        Refusal{"TwoDots", [](RawRequest& r) { r.Set("Event", "a..b"); }, {400}},
        Refusal{"LeadingDot", [](RawRequest& r) { r.Set("Event", ".presence"); }, {400}},
        Refusal{"TrailingDot", [](RawRequest& r) { r.Set("Event", "presence."); }, {400}},
        Refusal{"QuotedId", [](RawRequest& r) { r.Set("Event", "presence;id=\"q\""); }, {400}},
        Refusal{"OtherCase", [](RawRequest& r) { r.Set("Event", "Presence"); }, {489}},
        Refusal{"UnknownTemplate", [](RawRequest& r) { r.Set("Event", "presence.list"); }, {489}},
        Refusal{"TemplateTooDeep",
                [](RawRequest& r) { r.Set("Event", "presence.winfo.winfo.winfo"); },
                {489},
                "Allow-Events"}),
    [](const auto& instance) { return std::string(instance.param.name); });

// NOT-13 and NOT-14.
INSTANTIATE_TEST_SUITE_P(
    Wishes, RefusedSubscribeTest,
    ::testing::Values(
        Refusal{"AcceptOfAnUnknownType", [](RawRequest& r) { r.Set("Accept", "text/foo"); }, {406}},
        Refusal{"AcceptOfAnotherPackage",
                [](RawRequest& r) { r.Set("Accept", "application/dialog-info+xml"); },
                {406}},
        Refusal{"AcceptOfAnotherTree", [](RawRequest& r) { r.Set("Accept", "text/*"); }, {406}},
        Refusal{"AcceptNotAtAll",
                [](RawRequest& r) { r.Set("Accept", "application/pidf+xml;q=0"); },
                {406}},
        Refusal{"RequireUnknown",
                [](RawRequest& r) { r.Set("Require", "foo"); },
                {420},
                "Unsupported",
                "foo"},
        Refusal{"RequireTwoUnknown",
                [](RawRequest& r) { r.Set("Require", "eventlist, foo, bar"); },
                {420},
                "Unsupported",
                "bar"},
        Refusal{"BodyOfAnUnknownType",
                [](RawRequest& r) { r.SetBody("text/plain", "weather, please"); },
                {415},
                "Accept"},
        Refusal{"BodyOfAFilter",
                [](RawRequest& r) { r.SetBody("application/simple-filter+xml", "<filter-set/>"); },
                {415},
                "Accept"},
        Refusal{
            "TooBrief", [](RawRequest& r) { r.Set("Expires", "30"); }, {423}, "Min-Expires", "60"},
        Refusal{"OneSecondTooBrief",
                [](RawRequest& r) { r.Set("Expires", "59"); },
                {423},
                "Min-Expires",
                "60"}),
    [](const auto& instance) { return std::string(instance.param.name); });

// SEC-09: NOTIFYs would be lost.
INSTANTIATE_TEST_SUITE_P(
    Contacts, RefusedSubscribeTest,
    ::testing::Values(
        Refusal{
            "AddressOfNobody", [](RawRequest& r) { r.Set("Contact", "<sip:b@0.0.0.0:9>"); }, {400}},
        Refusal{"Multicast", [](RawRequest& r) { r.Set("Contact", "<sip:b@224.0.1.75>"); }, {400}},
        Refusal{
            "Broadcast", [](RawRequest& r) { r.Set("Contact", "<sip:b@255.255.255.255>"); }, {400}},
        Refusal{"PortZero", [](RawRequest& r) { r.Set("Contact", "<sip:b@127.0.0.1:0>"); }, {400}},
        Refusal{"UnknownTransport",
                [](RawRequest& r) { r.Set("Contact", "<sip:b@127.0.0.1:9;transport=pigeon>"); },
                {400}},
        Refusal{"LinkLocal",
                [](RawRequest& r) { r.Set("Contact", "<sip:b@169.254.169.254>"); },
                {403}}),
    [](const auto& instance) { return std::string(instance.param.name); });

// NOT-14, NOT-39, TOR-16.
INSTANTIATE_TEST_SUITE_P(
    Targets, RefusedSubscribeTest,
    ::testing::Values(
        Refusal{"DomainThatIsNotServed",
                [](RawRequest& r) { r.SetRequestUri("sip:alice@elsewhere.example"); },
                {404, 403}},
        Refusal{"DomainWithoutUser",
                [](RawRequest& r) { r.SetRequestUri("sip:example.com"); },
                {404, 403, 484}},
        Refusal{"UriOfTheWeb",
                [](RawRequest& r) { r.SetRequestUri("http://example.com/alice"); },
                {416}},
        Refusal{
            "UnknownScheme", [](RawRequest& r) { r.SetRequestUri("nobodyknows:alice"); }, {416}},
        Refusal{"TagOfNoDialog",
                [](RawRequest& r) { r.Set("To", "<sip:alice@example.com>;tag=lost"); },
                {481}}),
    [](const auto& instance) { return std::string(instance.param.name); });

// GEN-01, GEN-17, TOR-20 and what RFC 3261 asks of any request.
INSTANTIATE_TEST_SUITE_P(
    Malformed, RefusedSubscribeTest,
    ::testing::Values(
        Refusal{"NoContact", [](RawRequest& r) { r.Remove("Contact"); }, {400}},
        Refusal{"ContactOfAll", [](RawRequest& r) { r.Set("Contact", "*"); }, {400}},
        Refusal{
            "TwoContacts", [](RawRequest& r) { r.Add("Contact", "<sip:b@127.0.0.1:9>"); }, {400}},
        Refusal{"NoFrom", [](RawRequest& r) { r.Remove("From"); }, {400}},
        Refusal{"NoFromTag", [](RawRequest& r) { r.Set("From", "<sip:bob@example.com>"); }, {400}},
        Refusal{"NoTo", [](RawRequest& r) { r.Remove("To"); }, {400}},
        Refusal{"NoCallId", [](RawRequest& r) { r.Remove("Call-ID"); }, {400}},
        Refusal{"TwoCallIds", [](RawRequest& r) { r.Add("Call-ID", "another"); }, {400}},
        Refusal{"NoCSeq", [](RawRequest& r) { r.Remove("CSeq"); }, {400}},
        Refusal{"CSeqOfAnotherMethod", [](RawRequest& r) { r.Set("CSeq", "1 NOTIFY"); }, {400}},
        Refusal{
            "CSeqTooLarge", [](RawRequest& r) { r.Set("CSeq", "4294967296 SUBSCRIBE"); }, {400}},
        Refusal{"BodyThatIsCut", [](RawRequest& r) { r.Set("Content-Length", "500"); }, {400}},
        Refusal{"OtherVersion", [](RawRequest& r) { r.SetVersion("SIP/7.0"); }, {505}},
        Refusal{"MethodInLowerCase",
                [](RawRequest& r) { r.SetMethod("subscribe").Set("CSeq", "1 subscribe"); },
                {501, 405}}),
    [](const auto& instance) { return std::string(instance.param.name); });

class NotifierRefusalScenarioTest : public NotifierScenario {};

// NOT-14: all of them are named, and only them.
TEST_F(NotifierRefusalScenarioTest, UnsupportedNamesEachUnknownOption) {
  ASSERT_OK(StartServer());
  RawRequest subscribe = watcher_->NewSubscribe();
  subscribe.Set("Require", "foo, eventlist").Add("Require", "bar");

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(subscribe));

  EXPECT_EQ(response.sip.status(), 420);
  std::string unsupported;
  for (const std::string& value : response.sip.Headers("Unsupported")) unsupported += value + ",";
  EXPECT_THAT(unsupported, HasSubstr("foo"));
  EXPECT_THAT(unsupported, HasSubstr("bar"));
  EXPECT_THAT(unsupported, ::testing::Not(HasSubstr("eventlist")));
}

// NOT-09: an hour is never too brief; nor is a fetch.
TEST_F(NotifierRefusalScenarioTest, AnHourIsLongEnoughWhateverTheMinimum) {
  ASSERT_OK(StartServer({"--sip_min_expires=2h", "--sip_max_expires=2h"}));
  ASSERT_OK_AND_ASSIGN(Received response,
                       watcher_->Ask(watcher_->NewSubscribe({.expires = "3599"})));
  EXPECT_EQ(response.sip.status(), 423);
  EXPECT_EQ(response.Header("Min-Expires"), "7200");

  ASSERT_OK_AND_ASSIGN(response, watcher_->Subscribe({.expires = "3600"}));

  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_LE(response.expires(), 3600);
  EXPECT_OK(watcher_->NextNotify().status());
}

// NOT-10: what is too brief ends its transaction only.
TEST_F(NotifierRefusalScenarioTest, RefreshThatIsTooBriefLeavesTheSubscription) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Refresh("10"));

  EXPECT_EQ(response.sip.status(), 423);
  EXPECT_EQ(response.Header("Min-Expires"), "60");
  EXPECT_OK(watcher_->ExpectNoNotify());
  ASSERT_OK(Publish("still there"));
  EXPECT_OK(watcher_->NotifyWith("still there").status());
}

// GEN-17: 405 and 489 say what would do.
TEST_F(NotifierRefusalScenarioTest, OtherMethodsAreToldWhatIsAllowed) {
  ASSERT_OK(StartServer());
  RawRequest message("MESSAGE", "sip:alice@example.com", watcher_->peer().port());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(message));

  EXPECT_EQ(response.sip.status(), 405);
  for (const char* method : {"SUBSCRIBE", "PUBLISH", "NOTIFY", "OPTIONS"}) {
    EXPECT_THAT(response.Header("Allow"), HasSubstr(method));
  }
}

// SEC-07: what is encrypted for somebody else is refused, and nothing ends.
TEST_F(NotifierRefusalScenarioTest, EncryptedBodyIsRefused) {
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received response,
                       watcher_->Ask(watcher_->NewSubscribe(
                           {.content_type = "application/pkcs7-mime; smime-type=enveloped-data",
                            .body = "\x30\x80\x06\x09"})));

  EXPECT_EQ(response.sip.status(), 415);
  EXPECT_OK(watcher_->Begin().status());
}

// NOT-14, RFC 3261 section 8.2.3: a body that need not be understood is ignored.
TEST_F(NotifierRefusalScenarioTest, OptionalBodyOfAnUnknownTypeIsIgnored) {
  ASSERT_OK(StartServer());
  WatchSpec spec = {.content_type = "application/simple-filter+xml", .body = "<filter-set/>"};
  for (const std::string handling : {"required", "optional"}) {
    spec.headers = {absl::StrCat("Content-Disposition: filter;handling=", handling)};

    ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe(spec));

    EXPECT_EQ(response.sip.status(), handling == "optional" ? 200 : 415);
  }
  EXPECT_OK(watcher_->NextNotify().status());
}

// RFC 3261 section 8.2.7: of a request that nobody remembers.
TEST_F(NotifierRefusalScenarioTest, RefusalOfARepeatedRequestHasTheSameToTag) {
  ASSERT_OK(StartServer());
  const RawRequest message("MESSAGE", "sip:alice@example.com", watcher_->peer().port());

  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Ask(message));
  ASSERT_OK_AND_ASSIGN(const Received second, watcher_->Ask(message));

  EXPECT_EQ(first.sip.status(), 405);
  EXPECT_NE(first.to_tag(), "");
  EXPECT_EQ(second.to_tag(), first.to_tag());
}

}  // namespace
}  // namespace sipevents::testing
