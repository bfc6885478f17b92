#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/compose/document_writer.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::IsOk;
using ::sipevents::testing::StatusIs;
using ::testing::StartsWith;

constexpr std::string_view kMira = "sip:mira@example.com";
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// One change to a document that is fine, and what is said of it.
template <typename T>
struct Row {
  std::function<void(T&)> spoil;
  std::string_view message;  // how it begins
};

template <typename T>
void ExpectErrors(const T& fine, const std::vector<Row<T>>& rows) {
  ASSERT_THAT(WriteDocument(kMira, fine), IsOk());
  for (const Row<T>& row : rows) {
    T document = fine;
    row.spoil(document);
    EXPECT_THAT(WriteDocument(kMira, document),
                StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(std::string(row.message))));
  }
}

TEST(DocumentWriterErrorsTest, PresenceNamesTheField) {
  Presence fine;
  fine.tuples = {{.id = "a", .basic = PresenceBasic::kOpen, .contact = "sip:a@example.com"},
                 {.id = "b", .basic = PresenceBasic::kClosed}};
  fine.tuples[0].timed_statuses = {{.from_time = AtHour(1), .basic = PresenceBasic::kOpen}};
  fine.persons = {{.id = "p"}};
  fine.devices = {{.id = "d", .device_id = "urn:uuid:1"}};
  fine.notes = {{"n", "en"}};
  ExpectErrors<Presence>(
      fine,
      {
          {[](Presence& p) { p.tuples[1].id = ""; },
           "presence.tuples[1].id: missing; expected a letter or underscore, then"},
          {[](Presence& p) { p.tuples[0].id = "1a"; }, "presence.tuples[0].id: \"1a\"; expected a"},
          {[](Presence& p) { p.tuples[0].id = "a b"; }, "presence.tuples[0].id: \"a b\""},
          {[](Presence& p) { p.tuples[0].id = "a:b"; }, "presence.tuples[0].id: \"a:b\""},
          {[](Presence& p) { p.tuples[1].id = "a"; },
           "presence.tuples[1].id: \"a\"; expected an id that no other element"},
          {[](Presence& p) { p.persons[0].id = "a"; },
           "presence.persons[0].id: \"a\"; expected an"},
          {[](Presence& p) { p.devices[0].id = ""; }, "presence.devices[0].id: missing"},
          {[](Presence& p) { p.devices[0].device_id = ""; },
           "presence.devices[0].device_id: missing; expected a URI"},
          {[](Presence& p) { p.tuples[1].basic = PresenceBasic::kUnspecified; },
           "presence.tuples[1].basic: PRESENCE_BASIC_UNSPECIFIED; expected OPEN or CLOSED"},
          {[](Presence& p) { p.tuples[0].contact_priority = 1.01; },
           "presence.tuples[0].contact_priority: 1.01; expected 0 to 1"},
          {[](Presence& p) { p.tuples[0].contact_priority = -0.5; },
           "presence.tuples[0].contact_priority: -0.5"},
          {[](Presence& p) { p.tuples[0].contact_priority = kNan; },
           "presence.tuples[0].contact_priority: nan"},
          {[](Presence& p) { p.tuples[1].contact_priority = 0.5; },
           "presence.tuples[1].contact_priority: 0.5; expected a contact beside it"},
          {[](Presence& p) { p.tuples[0].contact = "mira"; },
           "presence.tuples[0].contact: \"mira\"; expected a URI like"},
          {[](Presence& p) { p.tuples[0].contact = "sip:a b"; },
           "presence.tuples[0].contact: \"sip"},
          {[](Presence& p) { p.tuples[0].contact = "sip:\xC3\xB6@b"; },
           "presence.tuples[0].contact: \"sip:\\xc3"},
          {[](Presence& p) {
             p.tuples[0].device_ids = {"urn:x:1", "2"};
           },
           "presence.tuples[0].device_ids[1]: \"2\""},
          {[](Presence& p) { p.tuples[0].timestamp = absl::InfiniteFuture(); },
           "presence.tuples[0].timestamp: infinite-future; expected a time of the years"},
          {[](Presence& p) {
             p.tuples[0].notes = {{"a\x01", ""}};
           },
           "presence.tuples[0].notes[0].text: \"a\\x01\"; expected UTF-8 without control"},
          {[](Presence& p) { p.notes[0].text = "\xFF"; }, "presence.notes[0].text: \"\\xff\""},
          {[](Presence& p) { p.notes[0].text = "\xEF\xBF\xBF"; }, "presence.notes[0].text: "},
          {[](Presence& p) { p.notes[0].language = "english language"; },
           "presence.notes[0].language: \"english language\"; expected a language tag"},
          {[](Presence& p) { p.notes[0].language = "en-"; }, "presence.notes[0].language: \"en-\""},
          {[](Presence& p) { p.tuples[0].timed_statuses[0].from_time.reset(); },
           "presence.tuples[0].timed_statuses[0].from_time: missing; expected when"},
          {[](Presence& p) { p.tuples[0].timed_statuses[0].until_time = AtHour(0); },
           "presence.tuples[0].timed_statuses[0].until_time: 2026-03-01T00:00:00Z; expected a"},
          {[](Presence& p) { p.tuples[0].timed_statuses[0].basic = PresenceBasic::kUnspecified; },
           "presence.tuples[0].timed_statuses[0].basic: PRESENCE_BASIC_UNSPECIFIED"},
          {[](Presence& p) { p.tuples[0].contact_card.homepage = "example.com"; },
           "presence.tuples[0].contact_card.homepage: \"example.com\"; expected a URI"},
          {[](Presence& p) { p.persons[0].contact_card.display_name = std::string_view("\0", 1); },
           "presence.persons[0].contact_card.display_name: \"\\x00\""},
      });
}

TEST(DocumentWriterErrorsTest, RichPresenceNamesTheField) {
  Presence fine;
  fine.persons = {{.id = "p"}};
  RichPresence& rich = fine.persons[0].rich;
  rich.elements = {{kActivities, {.values = {"away"}, .from_time = AtHour(2)}},
                   {kClass, {.values = {"auth"}}},
                   {kStatusIcon, {.values = {"https://example.com/i"}}}};
  rich.time_offset = TimeOffset{};
  rich.user_input = UserInput{.state_given = true};
  const auto element = [](Presence& p, size_t i) -> RichElement& {
    return p.persons[0].rich.elements[i].second;
  };
  ExpectErrors<Presence>(
      fine,
      {
          {[&](Presence& p) { element(p, 0).values.clear(); },
           "presence.persons[0].rich.activities.values: empty; expected at least one value"},
          {[&](Presence& p) { element(p, 0).values.push_back("out to lunch"); },
           "presence.persons[0].rich.activities.values[1]: \"out to lunch\"; expected an activity "
           "of RFC "
           "4480 section 3.2, like on-the-phone; free text goes into other"},
          {[&](Presence& p) { element(p, 0).other = "\x02"; },
           "presence.persons[0].rich.activities.other: \"\\x02\""},
          {[&](Presence& p) { element(p, 0).until_time = AtHour(1); },
           "presence.persons[0].rich.activities.until_time: 2026-03-01T01:00:00Z; expected a time"},
          {[&](Presence& p) {
             element(p, 0).notes = {{"n", "?"}};
           },
           "presence.persons[0].rich.activities.notes[0].language: \"?\""},
          {[&](Presence& p) {
             element(p, 1).values = {"a", "b"};
           },
           "presence.persons[0].rich.class.values: 2 values; expected one value"},
          {[&](Presence& p) { element(p, 1).values = {" "}; },
           "presence.persons[0].rich.class.values[0]: missing"},
          {[&](Presence& p) { element(p, 1).other = "x"; },
           "presence.persons[0].rich.class.other: \"x\"; expected nothing here"},
          {[&](Presence& p) {
             element(p, 1).notes = {{"n", ""}};
           },
           "presence.persons[0].rich.class.notes: 1 notes; expected none here"},
          {[&](Presence& p) { element(p, 2).values = {"icon"}; },
           "presence.persons[0].rich.status_icon.values[0]: \"icon\"; expected a URI"},
          {[](Presence& p) { p.persons[0].rich.time_offset->minutes = 1441; },
           "presence.persons[0].rich.time_offset.minutes: 1441; expected -1440 to 1440"},
          {[](Presence& p) { p.persons[0].rich.user_input->state_given = false; },
           "presence.persons[0].rich.user_input.state: STATE_UNSPECIFIED; expected ACTIVE"},
          {[](Presence& p) { p.persons[0].rich.user_input->idle_threshold = absl::Seconds(-1); },
           "presence.persons[0].rich.user_input.idle_threshold: -1s; expected 0 to"},
          {[](Presence& p) { p.persons[0].rich.user_input->idle_threshold = absl::Seconds(0); },
           "presence.persons[0].rich.user_input.idle_threshold: 0; expected whole seconds, 1 or"},
          {[](Presence& p) { p.persons[0].rich.user_input->idle_threshold = absl::Seconds(1.5); },
           "presence.persons[0].rich.user_input.idle_threshold: 1.5s; expected whole seconds"},
          {[](Presence& p) {
             p.persons[0].rich.user_input->last_input_time = absl::InfinitePast();
           },
           "presence.persons[0].rich.user_input.last_input_time: infinite-past"},
      });
}

TEST(DocumentWriterErrorsTest, DialogsNameTheField) {
  DialogInfo fine;
  fine.calls = {{.id = "1", .state = CallState::kEarly}, {.id = "2", .state = CallState::kEarly}};
  ExpectErrors<DialogInfo>(
      fine, {
                {[](DialogInfo& d) { d.calls[1].id = " "; },
                 "dialog_info.dialogs[1].id: missing; expected some text"},
                {[](DialogInfo& d) { d.calls[1].id = "1"; },
                 "dialog_info.dialogs[1].id: \"1\"; expected an id that no other dialog has"},
                {[](DialogInfo& d) { d.calls[0].state = CallState::kUnspecified; },
                 "dialog_info.dialogs[0].state: CALL_STATE_UNSPECIFIED; expected TRYING"},
                {[](DialogInfo& d) { d.calls[0].code = 700; },
                 "dialog_info.dialogs[0].code: 700; expected 0, or 100 to 699"},
                {[](DialogInfo& d) { d.calls[0].code = -1; }, "dialog_info.dialogs[0].code: -1"},
                {[](DialogInfo& d) { d.calls[0].call_id = "\r\x03"; },
                 "dialog_info.dialogs[0].call_id: \"\\x0d\\x03\""},
                {[](DialogInfo& d) { d.calls[0].local_tag = "\x03"; },
                 "dialog_info.dialogs[0].local_tag: "},
                {[](DialogInfo& d) { d.calls[0].remote_tag = "\x03"; },
                 "dialog_info.dialogs[0].remote_tag: "},
                {[](DialogInfo& d) { d.calls[0].duration = absl::InfiniteDuration(); },
                 "dialog_info.dialogs[0].duration: inf; expected 0 to 4294967295 seconds"},
                {[](DialogInfo& d) { d.calls[0].replaces = CallReference{.call_id = "c"}; },
                 "dialog_info.dialogs[0].replaces.local_tag: missing"},
                {[](DialogInfo& d) { d.calls[0].referred_by_display_name = "Bob"; },
                 "dialog_info.dialogs[0].referred_by: missing"},
                {[](DialogInfo& d) {
                   d.calls[0].route_set = {"<sip:a>", ""};
                 },
                 "dialog_info.dialogs[0].route_set[1]: missing"},
                {[](DialogInfo& d) { d.calls[0].local.identity = "\xFE"; },
                 "dialog_info.dialogs[0].local.identity: \"\\xfe\""},
                {[](DialogInfo& d) { d.calls[0].remote.display_name = "\x04"; },
                 "dialog_info.dialogs[0].remote.display_name: \"\\x04\""},
                {[](DialogInfo& d) {
                   d.calls[0].remote.target_parameters = {{"a", "b"}};
                 },
                 "dialog_info.dialogs[0].remote.target: missing"},
                {[](DialogInfo& d) {
                   d.calls[0].remote.target = "sip:a";
                   d.calls[0].remote.target_parameters = {{"a", "\x05"}};
                 },
                 "dialog_info.dialogs[0].remote.target_parameters: \"\\x05\""},
                {[](DialogInfo& d) { d.calls[0].remote.session_description = "v=0"; },
                 "dialog_info.dialogs[0].remote.session_description_type: missing"},
                {[](DialogInfo& d) {
                   d.calls[0].remote.session_description_type = "application/sdp";
                   d.calls[0].remote.session_description = std::string_view("v\0", 2);
                 },
                 "dialog_info.dialogs[0].remote.session_description: \"v\\x00\""},
            });
}

TEST(DocumentWriterErrorsTest, SummaryNamesTheField) {
  MessageSummary fine;
  fine.counts = {{.message_class = MessageClass::kVoice, .new_count = 1, .old_count = 1}};
  fine.new_messages = {{{"Subject", "a"}}};
  ExpectErrors<MessageSummary>(
      fine,
      {
          {[](MessageSummary& s) { s.account = "mira"; },
           "message_summary.account: \"mira\"; expected a URI"},
          {[](MessageSummary& s) { s.counts[0].message_class = MessageClass::kUnspecified; },
           "message_summary.counts[0].class: MESSAGE_CLASS_UNSPECIFIED; expected a class like"},
          {[](MessageSummary& s) { s.counts.push_back(s.counts[0]); },
           "message_summary.counts[1].class: the same again; expected each class once"},
          {[](MessageSummary& s) { s.counts[0].urgent_new_count = 2; },
           "message_summary.counts[0].urgent_new_count: 2; expected at most new_count, which is 1"},
          {[](MessageSummary& s) { s.counts[0].urgent_old_count = 3; },
           "message_summary.counts[0].urgent_old_count: 3; expected at most old_count"},
          {[](MessageSummary& s) { s.new_messages.emplace_back(); },
           "message_summary.new_messages[1].headers: empty; expected at least one"},
          {[](MessageSummary& s) { s.new_messages[0][0].first = "Sub ject"; },
           "message_summary.new_messages[0].headers[0].name: \"Sub ject\""},
          {[](MessageSummary& s) { s.new_messages[0][0].second = "a\r\nMessages-Waiting: no"; },
           "message_summary.new_messages[0].headers[0].value: \"a\\x0d\\x0aMessages-W"},
      });
}

TEST(DocumentWriterErrorsTest, OtherPackagesHaveNoTypedForm) {
  for (const Document& document : {Document(), Document(EncodedDocument{.number = 20})}) {
    EXPECT_THAT(WriteDocument(kMira, document),
                StatusIs(absl::StatusCode::kInvalidArgument, StartsWith("document: ")));
  }
}

}  // namespace
}  // namespace sipevents::sip
