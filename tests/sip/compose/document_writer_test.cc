#include "sip/compose/document_writer.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/body_size.h"
#include "sip/compose/composition.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

constexpr std::string_view kMira = "sip:mira@example.com";
constexpr std::string_view kNasty = "a<b>&\"c'd\" \xC3\xB6\xE2\x82\xAC ]]> -->";

// Writes a document, and expects that a watcher reads the same one.
void ExpectRoundTrip(std::string_view event_package, const Document& document,
                     const Document& expected) {
  ASSERT_OK_AND_ASSIGN(const ComposedBody body, WriteDocument(kMira, document));
  EXPECT_OK(CheckPublished(event_package, kMira, body.content_type, body.body)) << body.body;
  EXPECT_EQ(Shown(event_package, body), Shown(expected)) << body.body;
  // As it goes to watchers.
  const ComposedBody composed =
      Compose(event_package, kMira, {Published("s1", body.body, 1, body.content_type)});
  EXPECT_EQ(Shown(event_package, composed), Shown(expected)) << composed.body;
}

void ExpectRoundTrip(std::string_view event_package, const Document& document) {
  ExpectRoundTrip(event_package, document, document);
}

RichPresence EveryRichElement() {
  RichPresence rich;
  rich.elements = {
      {kActivities,
       {.values = {"on-the-phone", "away"},
        .other = kNasty,
        .from_time = AtHour(1),
        .until_time = AtHour(2) + absl::Milliseconds(250),
        .notes = {{kNasty, "en"}, {"zwei", "de-CH"}}}},
      {kClass, {.values = {"auth"}}},
      {kMood, {.values = {"happy", "other"}}},
      {kPlaceIsAudio, {.values = {"noisy"}, .from_time = AtHour(3), .notes = {{"loud", ""}}}},
      {kPlaceIsVideo, {.values = {"dark"}}},
      {kPlaceIsText, {.values = {"uncomfortable"}}},
      {kPlaceType, {.values = {"office"}}},
      {kPrivacy, {.values = {"audio", "text", "video"}}},
      {kRelationship, {.values = {"self"}}},
      {kServiceClass, {.values = {"electronic"}}},
      {kSphere, {.values = {"bowling league"}}},
      {kSphere, {.values = {"work"}}},
      {kStatusIcon, {.values = {"https://example.com/i?a=1&b=2"}}},
  };
  rich.time_offset = TimeOffset{.minutes = -90, .description = kNasty};
  rich.user_input = UserInput{.idle = true,
                              .state_given = true,
                              .idle_threshold = absl::Seconds(600),
                              .last_input_time = AtHour(4)};
  return rich;
}

ContactCard EveryCardField() {
  return {.card = "https://example.com/card",
          .display_name = kNasty,
          .homepage = "https://example.com/~mira",
          .icon = "https://example.com/icon",
          .map = "https://example.com/map",
          .sound = "https://example.com/sound"};
}

Presence EverythingOfPresence() {
  Presence presence;
  presence.entity = kMira;
  presence.notes = {{kNasty, "en"}, {"", ""}};
  PresenceTuple& tuple = presence.tuples.emplace_back();
  tuple.id = "desk-1.a_\xC3\xB6";
  tuple.basic = PresenceBasic::kClosed;
  tuple.contact = "sip:mira@192.0.2.7;gr=urn:uuid:1?x=%22&y";
  tuple.contact_priority = 0.125;
  tuple.notes = {{"a note", ""}};
  tuple.timestamp = AtHour(5);
  tuple.device_ids = {"urn:uuid:1", "urn:uuid:2"};
  tuple.rich = EveryRichElement();
  tuple.timed_statuses = {
      {.from_time = AtHour(6), .until_time = AtHour(7), .basic = PresenceBasic::kOpen, .rich = {}},
      {.from_time = AtHour(8),
       .until_time = {},
       .basic = PresenceBasic::kUnspecified,
       .rich = EveryRichElement()}};
  tuple.contact_card = EveryCardField();
  presence.tuples.push_back({.id = "mobile", .basic = PresenceBasic::kOpen});
  presence.persons.push_back({.id = "p1",
                              .notes = {{"Back at noon", "en"}},
                              .timestamp = AtHour(9),
                              .rich = EveryRichElement(),
                              .contact_card = EveryCardField()});
  presence.devices.push_back({.id = "d1",
                              .device_id = "urn:uuid:1",
                              .notes = {{"in the kitchen", ""}},
                              .timestamp = AtHour(10),
                              .rich = EveryRichElement()});
  return presence;
}

TEST(DocumentWriterTest, PresenceIsReadAsItWasWritten) {
  ExpectRoundTrip("presence", EverythingOfPresence());
}

TEST(DocumentWriterTest, EmptyPresenceIsADocument) {
  ExpectRoundTrip("presence", Presence{.entity = kMira});
}

TEST(DocumentWriterTest, PrioritiesHaveThreeDigits) {
  struct Row {
    double priority;
    std::string_view text;
  };
  for (const Row& row : std::vector<Row>{{0, "\"0\""},
                                         {1, "\"1\""},
                                         {0.5, "\"0.5\""},
                                         {0.1234567, "\"0.123\""},
                                         {1e-9, "\"0\""}}) {
    Presence presence;
    presence.tuples.push_back({.id = "t",
                               .basic = PresenceBasic::kOpen,
                               .contact = "sip:a@example.com",
                               .contact_priority = row.priority});
    ASSERT_OK_AND_ASSIGN(const ComposedBody body, WriteDocument(kMira, presence));
    EXPECT_THAT(body.body, HasSubstr("<contact priority=" + std::string(row.text) + ">"));
  }
}

TEST(DocumentWriterTest, EntityAndVersionOfTheDocumentArePassedOver) {
  ExpectRoundTrip("presence", Presence{.entity = "sip:other@example.com"},
                  Presence{.entity = kMira});
  ExpectRoundTrip("dialog", DialogInfo{.entity = "sip:other@example.com", .version = 9},
                  DialogInfo{.entity = kMira});
}

DialogInfo EverythingOfDialogs() {
  DialogInfo info;
  info.entity = kMira;
  Call& call = info.calls.emplace_back();
  call.id = "1 & \"2\"";
  call.call_id = "c<1>@ua";
  call.local_tag = "l'1";
  call.remote_tag = "r1";
  call.direction = CallDirection::kRecipient;
  call.state = CallState::kTerminated;
  call.event = CallEvent::kLocalBye;
  call.code = 200;
  call.duration = absl::Seconds(34);
  call.replaces = CallReference{.call_id = "c0", .local_tag = "l0", .remote_tag = "r0"};
  call.referred_by = "sip:bob@example.com?a=b&c";
  call.referred_by_display_name = kNasty;
  call.route_set = {"<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"};
  call.local = {.identity = "sip:mira@example.com",
                .display_name = kNasty,
                .target = "sip:mira@192.0.2.7",
                .target_parameters = {{"+sip.rendering", "no"}, {"a", ""}},
                .session_description_type = "application/sdp",
                .session_description = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=<a&b>\r\n",
                .cseq = 4294967295};
  call.remote = {.identity = "tel:+123", .display_name = "", .target = "", .cseq = 0};
  info.calls.push_back({.id = "3", .state = CallState::kTrying});
  return info;
}

TEST(DocumentWriterTest, DialogsAreReadAsTheyWereWritten) {
  ExpectRoundTrip("dialog", EverythingOfDialogs());
}

TEST(DocumentWriterTest, EachWordOfDialogsIsReadAsItWasWritten) {
  for (const CallState state : {CallState::kTrying, CallState::kProceeding, CallState::kEarly,
                                CallState::kConfirmed, CallState::kTerminated}) {
    ExpectRoundTrip("dialog", DialogInfo{.entity = kMira, .calls = {{.id = "1", .state = state}}});
  }
  for (const CallEvent event :
       {CallEvent::kCancelled, CallEvent::kRejected, CallEvent::kReplaced, CallEvent::kLocalBye,
        CallEvent::kRemoteBye, CallEvent::kError, CallEvent::kTimeout}) {
    ExpectRoundTrip("dialog", DialogInfo{.entity = kMira,
                                         .calls = {{.id = "1",
                                                    .direction = CallDirection::kInitiator,
                                                    .state = CallState::kTerminated,
                                                    .event = event}}});
  }
}

TEST(DocumentWriterTest, SummaryIsReadAsItWasWritten) {
  MessageSummary summary;
  summary.messages_waiting = true;
  summary.account = "sip:mira@vm.example.com";
  summary.counts = {{.message_class = MessageClass::kVoice,
                     .new_count = 2,
                     .old_count = 4294967295,
                     .urgent_new_count = 1,
                     .urgent_old_count = 3},
                    {.message_class = MessageClass::kVideo, .new_count = 1},
                    {.message_class = MessageClass::kFax},
                    {.message_class = MessageClass::kPager},
                    {.message_class = MessageClass::kMultimedia},
                    {.message_class = MessageClass::kText},
                    {.message_class = MessageClass::kNone, .old_count = 7}};
  summary.new_messages = {{{"From", "Bob <sip:bob@example.com>"}, {"Subject", "a: \xC3\xB6"}},
                          {{"Subject", "b"}}};
  ExpectRoundTrip("message-summary", summary);
  ExpectRoundTrip("message-summary", MessageSummary());
}

TEST(DocumentWriterTest, DocumentThatIsTooLargeIsRefused) {
  const std::string text(kMaxBodyOctets, 'x');
  EXPECT_THAT(WriteDocument(kMira, Presence{.notes = {{text, ""}}}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("at most 1048576")));
}

}  // namespace
}  // namespace sipevents::sip
