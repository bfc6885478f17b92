#include "gateway/publications/published_content.h"

#include <string>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kPidf[] =
    "<?xml version=\"1.0\"?>"
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:desk@example.com\">"
    "<tuple id=\"a\"><status><basic>open</basic></status></tuple></presence>";

ContentPlace Place(std::string_view package, bool local = true) {
  return {.target_uri = "sip:desk@example.com", .event_package = package, .local = local};
}

// "field: what is wrong with it", of all that is wrong.
std::string Wrong(const v1::Publication& publication, const ContentPlace& place) {
  FieldViolations violations;
  CheckContent(publication, place, violations);
  google::rpc::BadRequest bad;
  const absl::Status status = violations.ToStatus();
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (!payload.has_value()) return "";
  bad.ParseFromString(std::string(*payload));
  std::string wrong;
  for (const auto& violation : bad.field_violations()) {
    wrong += violation.field() + ": " + violation.description() + "\n";
  }
  return wrong;
}

v1::Publication WithBody(const std::string& type, const std::string& data) {
  v1::Publication publication;
  publication.mutable_body()->set_content_type(type);
  publication.mutable_body()->set_data(data);
  return publication;
}

v1::Publication OpenPresence() {
  v1::Publication publication;
  v1::PresenceTuple& tuple = *publication.mutable_presence()->add_tuples();
  tuple.set_id("desk");
  tuple.set_basic(v1::OPEN);
  return publication;
}

TEST(PublishedContentTest, BodyIsKeptOctetByOctet) {
  const v1::Publication given = WithBody("Application/PIDF+XML;charset=UTF-8", kPidf);
  FieldViolations violations;

  const PublishedContent content = CheckContent(given, Place("presence"), violations);

  ASSERT_TRUE(violations.empty()) << violations.ToStatus();
  EXPECT_EQ(content.content_type, "application/pidf+xml;charset=UTF-8");
  EXPECT_EQ(content.body, kPidf);
  v1::Publication shown;
  content.ShowIn(shown);
  EXPECT_EQ(shown.body().data(), kPidf);
}

TEST(PublishedContentTest, BodyThatItsTypeDoesNotParseIsNamed) {
  EXPECT_THAT(Wrong(WithBody("application/pidf+xml", "<presence"), Place("presence")),
              StartsWith("publication.body.data: "));
  EXPECT_THAT(Wrong(WithBody("application/pidf+xml", "<presence"), Place("presence", false)),
              StartsWith("publication.body.data: "));
  EXPECT_THAT(Wrong(WithBody("application/pidf+xml", ""), Place("presence")),
              HasSubstr("publication.body.data: \"0 octets\": expected 1 to 1048576 octets"));
  EXPECT_THAT(Wrong(WithBody("pidf", "x"), Place("presence")),
              StartsWith("publication.body.content_type: \"pidf\": expected a media type"));
}

TEST(PublishedContentTest, TypeThatWeDoNotKnowIsForTheCompositorElsewhereToJudge) {
  const v1::Publication given = WithBody("text/plain", "back at noon");

  EXPECT_THAT(Wrong(given, Place("presence", /*local=*/true)),
              StartsWith("publication.body.content_type: "));
  EXPECT_EQ(Wrong(given, Place("presence", /*local=*/false)), "");
}

TEST(PublishedContentTest, TypedPresenceBecomesPidfAndIsShownAsItWasGiven) {
  FieldViolations violations;
  v1::Publication given = OpenPresence();
  given.mutable_presence()->add_notes()->set_text("back at noon");

  const PublishedContent content = CheckContent(given, Place("presence"), violations);

  ASSERT_TRUE(violations.empty()) << violations.ToStatus();
  EXPECT_EQ(content.content_type, "application/pidf+xml");
  EXPECT_THAT(content.body, AllOf(HasSubstr("entity=\"sip:desk@example.com\""), HasSubstr("open"),
                                  HasSubstr("back at noon")));
  v1::Publication shown;
  content.ShowIn(shown);
  EXPECT_EQ(shown.SerializeAsString(), given.SerializeAsString());
}

TEST(PublishedContentTest, EveryElementOfPresenceFindsItsWay) {
  v1::Publication given = OpenPresence();
  v1::PresenceTuple& tuple = *given.mutable_presence()->mutable_tuples(0);
  tuple.set_contact("sip:desk@192.0.2.7");
  tuple.set_contact_priority(0.5);
  tuple.add_device_ids("urn:uuid:1");
  tuple.mutable_timestamp()->set_seconds(1'700'000'000);
  tuple.mutable_contact_card()->set_homepage("http://example.com/desk");
  v1::TimedStatus& timed = *tuple.add_timed_statuses();
  timed.mutable_from_time()->set_seconds(1'800'000'000);
  timed.set_basic(v1::CLOSED);
  v1::PresencePerson& person = *given.mutable_presence()->add_persons();
  person.set_id("p");
  v1::RichPresence& rich = *person.mutable_rich();
  rich.mutable_activities()->add_values("on-the-phone");
  rich.mutable_mood()->add_values("happy");
  rich.mutable_place_type()->add_values("office");
  rich.mutable_sphere()->add_values("work");
  rich.mutable_status_icon()->add_values("http://example.com/icon.png");
  rich.mutable_time_offset()->set_minutes(120);
  rich.mutable_user_input()->set_state(v1::UserInput::IDLE);
  rich.mutable_user_input()->mutable_idle_threshold()->set_seconds(600);
  v1::PresenceDevice& device = *given.mutable_presence()->add_devices();
  device.set_id("d");
  device.set_device_id("urn:uuid:1");
  FieldViolations violations;

  const PublishedContent content = CheckContent(given, Place("presence"), violations);

  ASSERT_TRUE(violations.empty()) << violations.ToStatus();
  for (const char* part :
       {"sip:desk@192.0.2.7", "0.5", "2023-11-14T22:13:20Z", "http://example.com/desk",
        "2027-01-15T08:00:00Z", "on-the-phone", "happy", "office", "work",
        "http://example.com/icon.png", "120", "idle", "600", "urn:uuid:1"}) {
    EXPECT_THAT(content.body, HasSubstr(part));
  }
}

TEST(PublishedContentTest, TypedStateThatCannotBeValidNamesTheField) {
  v1::Publication no_id = OpenPresence();
  no_id.mutable_presence()->mutable_tuples(0)->clear_id();
  v1::Publication no_status = OpenPresence();
  no_status.mutable_presence()->mutable_tuples(0)->clear_basic();
  v1::Publication priority = OpenPresence();
  priority.mutable_presence()->mutable_tuples(0)->set_contact("sip:a@b");
  priority.mutable_presence()->mutable_tuples(0)->set_contact_priority(1.5);
  v1::Publication call;
  call.mutable_dialog_info()->add_dialogs()->set_id("1");

  EXPECT_THAT(Wrong(no_id, Place("presence")), StartsWith("publication.presence.tuples[0].id: "));
  EXPECT_THAT(Wrong(no_status, Place("presence")),
              StartsWith("publication.presence.tuples[0].basic: "));
  EXPECT_THAT(
      Wrong(priority, Place("presence")),
      AllOf(StartsWith("publication.presence.tuples[0].contact_priority: "), HasSubstr("1.5")));
  EXPECT_THAT(Wrong(call, Place("dialog")), StartsWith("publication.dialog_info.dialogs[0].state"));
}

// proto3 lets any number through.
TEST(PublishedContentTest, NumberThatIsNoneOfTheEnumNamesTheFieldTheValueAndWhatWasExpected) {
  v1::Publication presence = OpenPresence();
  v1::PresenceTuple& tuple = *presence.mutable_presence()->mutable_tuples(0);
  tuple.set_basic(static_cast<v1::PresenceBasic>(7));
  tuple.add_timed_statuses()->set_basic(static_cast<v1::PresenceBasic>(-1));
  tuple.mutable_rich()->mutable_user_input()->set_state(static_cast<v1::UserInput::State>(3));
  v1::Publication dialogs;
  dialogs.mutable_dialog_info()->add_dialogs();
  v1::DialogInfoDialog& call = *dialogs.mutable_dialog_info()->add_dialogs();
  call.set_direction(static_cast<v1::CallDirection>(9));
  call.set_state(static_cast<v1::CallState>(6));
  call.set_event(static_cast<v1::CallEvent>(9));
  v1::Publication summary;
  summary.mutable_message_summary()->add_counts()->set_class_(static_cast<v1::MessageClass>(99));

  EXPECT_EQ(Wrong(presence, Place("presence")),
            "publication.presence.tuples[0].basic: \"7\": expected OPEN or CLOSED\n"
            "publication.presence.tuples[0].rich.user_input.state: \"3\": expected ACTIVE or IDLE\n"
            "publication.presence.tuples[0].timed_statuses[0].basic: \"-1\": expected OPEN or "
            "CLOSED\n");
  EXPECT_EQ(Wrong(dialogs, Place("dialog")),
            "publication.dialog_info.dialogs[1].direction: \"9\": expected INITIATOR or RECIPIENT\n"
            "publication.dialog_info.dialogs[1].state: \"6\": expected TRYING, PROCEEDING, EARLY, "
            "CONFIRMED or TERMINATED\n"
            "publication.dialog_info.dialogs[1].event: \"9\": expected CANCELLED, REJECTED, "
            "REPLACED, LOCAL_BYE, REMOTE_BYE, ERROR or TIMEOUT\n");
  EXPECT_THAT(Wrong(summary, Place("message-summary")),
              StartsWith("publication.message_summary.counts[0].class: \"99\": expected "
                         "VOICE_MESSAGE, VIDEO_MESSAGE, "));
}

TEST(PublishedContentTest, TimeThatIsNoneNamesTheField) {
  v1::Publication presence = OpenPresence();
  v1::PresenceTuple& tuple = *presence.mutable_presence()->mutable_tuples(0);
  tuple.mutable_timestamp()->set_seconds(1000);
  tuple.mutable_timestamp()->set_nanos(2'000'000'000);
  v1::Publication call;
  call.mutable_dialog_info()->add_dialogs()->mutable_duration()->set_seconds(5);
  call.mutable_dialog_info()->mutable_dialogs(0)->mutable_duration()->set_nanos(-1);

  EXPECT_EQ(Wrong(presence, Place("presence")),
            "publication.presence.tuples[0].timestamp: \"seconds: 1000 nanos: 2000000000\": "
            "expected nanos of 0 to 999999999\n");
  EXPECT_EQ(Wrong(call, Place("dialog")),
            "publication.dialog_info.dialogs[0].duration: \"seconds: 5 nanos: -1\": expected nanos "
            "of the same sign as seconds, below 1e9\n");
}

TEST(PublishedContentTest, DocumentOfAnotherPackageIsRefused) {
  EXPECT_THAT(Wrong(OpenPresence(), Place("dialog")),
              StartsWith("publication.event_package: \"dialog\": expected the event package of "
                         "presence, presence"));
  EXPECT_THAT(Wrong({}, Place("presence")), StartsWith("publication.content: "));
}

TEST(PublishedContentTest, TypedCallBecomesDialogInfoWithAVersion) {
  v1::Publication given;
  v1::DialogInfoDialog& call = *given.mutable_dialog_info()->add_dialogs();
  call.set_id("1");
  call.set_state(v1::CONFIRMED);
  call.set_direction(v1::RECIPIENT);
  call.mutable_remote()->set_identity("sip:bob@example.com");
  (*call.mutable_remote()->mutable_target_parameters())["+sip.rendering"] = "no";
  call.mutable_remote()->set_target("sip:bob@192.0.2.8");
  FieldViolations violations;

  const PublishedContent content = CheckContent(given, Place("dialog"), violations);

  ASSERT_TRUE(violations.empty()) << violations.ToStatus();
  EXPECT_EQ(content.content_type, "application/dialog-info+xml");
  EXPECT_THAT(content.body,
              AllOf(HasSubstr("version=\"0\""), HasSubstr("confirmed"), HasSubstr("recipient"),
                    HasSubstr("sip:bob@example.com"), HasSubstr("+sip.rendering")));
}

TEST(PublishedContentTest, TypedMailboxBecomesAMessageSummary) {
  v1::Publication given;
  given.mutable_message_summary()->set_messages_waiting(true);
  v1::MessageCount& voice = *given.mutable_message_summary()->add_counts();
  voice.set_class_(v1::VOICE_MESSAGE);
  voice.set_new_count(2);
  voice.set_old_count(8);
  FieldViolations violations;

  const PublishedContent content = CheckContent(given, Place("message-summary"), violations);

  ASSERT_TRUE(violations.empty()) << violations.ToStatus();
  EXPECT_THAT(content.body,
              AllOf(HasSubstr("Messages-Waiting: yes"), HasSubstr("Voice-Message: 2/8")));
}

}  // namespace
}  // namespace sipevents::gateway
