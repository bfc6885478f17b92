#include "gateway/registry/event_encoder.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "sipevents/v1/event.pb.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kReceived = absl::FromUnixMillis(1'700'000'000'125);

class EventEncoderTest : public ::testing::Test {
 protected:
  // Encodes as the registry does, and reads as a client does.
  v1::Event RoundTrip(const sip::Notification& notification, std::string_view last_document = {}) {
    encoded_ = encoder_.Encode(head_, notification, last_document);
    v1::Event event;
    EXPECT_TRUE(event.ParseFromString(std::string(encoded_.event)));
    return event;
  }

  v1::Event RoundTrip(const sip::Document& document) {
    notification_.document = &document;
    return RoundTrip(notification_);
  }

  std::string DocumentOfLast() const {
    return std::string(encoded_.event.substr(encoded_.event.size() - encoded_.document_octets));
  }

  EventEncoder encoder_;
  std::string head_ =
      EventEncoder::EncodeHead("subscriptions/a", "sip:alice@example.com", "presence");
  sip::Notification notification_{.dialog = "d1", .receive_time = kReceived};
  EventEncoder::Encoded encoded_;
};

TEST_F(EventEncoderTest, FieldsOfTheNotificationAreTold) {
  notification_.content_type = "application/pidf+xml";
  notification_.body = std::string_view("<a>\0\xff</a>", 9);
  notification_.body_is_partial = true;

  const v1::Event event = RoundTrip(notification_);

  EXPECT_EQ(event.subscription(), "subscriptions/a");
  EXPECT_EQ(event.target_uri(), "sip:alice@example.com");
  EXPECT_EQ(event.event_package(), "presence");
  EXPECT_EQ(event.dialog(), "d1");
  EXPECT_EQ(event.receive_time().seconds(), 1'700'000'000);
  EXPECT_EQ(event.receive_time().nanos(), 125'000'000);
  EXPECT_EQ(event.body().content_type(), "application/pidf+xml");
  EXPECT_EQ(event.body().data(), notification_.body);
  EXPECT_TRUE(event.body_is_partial());
  EXPECT_FALSE(event.initial());
  EXPECT_EQ(event.superseded(), 0u);
  EXPECT_EQ(event.document_case(), v1::Event::DOCUMENT_NOT_SET);
  EXPECT_EQ(encoded_.document_octets, 0u);
}

TEST_F(EventEncoderTest, NotifyWithoutBodyHasNone) {
  const v1::Event event = RoundTrip(notification_);

  EXPECT_FALSE(event.has_body());
}

TEST_F(EventEncoderTest, EncodingIsTheCanonicalOne) {
  notification_.content_type = "text/plain";
  const std::string body(300, 'x');
  notification_.body = body;
  const sip::Document document =
      sip::MessageSummary{.messages_waiting = true, .account = "sip:a@b"};
  notification_.document = &document;

  const v1::Event event = RoundTrip(notification_);

  EXPECT_EQ(event.SerializeAsString(), encoded_.event);
}

sip::RichPresence FullRichPresence() {
  sip::RichPresence rich;
  rich.elements = {
      {sip::kActivities,
       {.values = {"on-the-phone", "meeting"},
        .other = "juggling",
        .from_time = kReceived,
        .until_time = kReceived + absl::Hours(1),
        .notes = {{"soon back", "en"}}}},
      {sip::kStatusIcon, {.values = {"http://example.com/icon"}}},
  };
  rich.time_offset = sip::TimeOffset{-120, "ADT"};
  rich.user_input = sip::UserInput{.idle = true,
                                   .state_given = true,
                                   .idle_threshold = absl::Seconds(600),
                                   .last_input_time = kReceived - absl::Seconds(700)};
  return rich;
}

TEST_F(EventEncoderTest, PresenceKeepsEveryField) {
  sip::Presence presence{.entity = "pres:alice@example.com"};
  presence.tuples = {
      {.id = "t1",
       .basic = sip::PresenceBasic::kOpen,
       .contact = "sip:alice@192.0.2.7",
       .contact_priority = 0.0,
       .notes = {{"here", "en"}, {"ici", "fr"}},
       .timestamp = kReceived,
       .device_ids = {"urn:x:1", "urn:x:2"},
       .rich = FullRichPresence()},
      {.id = "t2", .basic = sip::PresenceBasic::kClosed},
  };
  presence.persons = {{.id = "p1", .notes = {{"busy", ""}}, .rich = FullRichPresence()}};
  presence.devices = {{.id = "v1", .device_id = "urn:x:1", .timestamp = kReceived}};
  presence.notes = {{"all of it", "en"}};

  const v1::Presence read = RoundTrip(sip::Document(presence)).presence();

  EXPECT_EQ(read.entity(), "pres:alice@example.com");
  ASSERT_THAT(read.tuples(), SizeIs(2));
  const v1::PresenceTuple& tuple = read.tuples(0);
  EXPECT_EQ(tuple.id(), "t1");
  EXPECT_EQ(tuple.basic(), v1::OPEN);
  EXPECT_EQ(tuple.contact(), "sip:alice@192.0.2.7");
  EXPECT_TRUE(tuple.has_contact_priority());
  EXPECT_EQ(tuple.contact_priority(), 0.0);
  ASSERT_THAT(tuple.notes(), SizeIs(2));
  EXPECT_EQ(tuple.notes(1).language(), "fr");
  EXPECT_EQ(tuple.timestamp().nanos(), 125'000'000);
  EXPECT_THAT(tuple.device_ids(), ElementsAre("urn:x:1", "urn:x:2"));
  const v1::RichPresence& rich = tuple.rich();
  EXPECT_THAT(rich.activities().values(), ElementsAre("on-the-phone", "meeting"));
  EXPECT_EQ(rich.activities().other(), "juggling");
  EXPECT_EQ(rich.activities().until_time().seconds(), 1'700'003'600);
  EXPECT_EQ(rich.activities().notes(0).text(), "soon back");
  EXPECT_THAT(rich.status_icon().values(), ElementsAre("http://example.com/icon"));
  EXPECT_FALSE(rich.has_mood());
  EXPECT_EQ(rich.time_offset().minutes(), -120);
  EXPECT_EQ(rich.time_offset().description(), "ADT");
  EXPECT_EQ(rich.user_input().state(), v1::UserInput::IDLE);
  EXPECT_EQ(rich.user_input().idle_threshold().seconds(), 600);
  EXPECT_EQ(read.tuples(1).basic(), v1::CLOSED);
  EXPECT_FALSE(read.tuples(1).has_rich());
  EXPECT_FALSE(read.tuples(1).has_contact_priority());
  EXPECT_EQ(read.persons(0).id(), "p1");
  EXPECT_EQ(read.persons(0).notes(0).text(), "busy");
  EXPECT_EQ(read.devices(0).device_id(), "urn:x:1");
  EXPECT_EQ(read.notes(0).text(), "all of it");
}

TEST_F(EventEncoderTest, TimedStatusAndContactCardKeepEveryField) {
  const sip::ContactCard card = {.card = "urn:c",
                                 .display_name = "Alice",
                                 .homepage = "urn:h",
                                 .icon = "urn:i",
                                 .map = "urn:m",
                                 .sound = "urn:s"};
  sip::Presence presence;
  presence.tuples = {{.id = "t1",
                      .timed_statuses = {{.from_time = kReceived,
                                          .until_time = kReceived + absl::Hours(1),
                                          .basic = sip::PresenceBasic::kClosed,
                                          .rich = FullRichPresence()},
                                         {}},
                      .contact_card = card},
                     {.id = "t2"}};
  presence.persons = {{.id = "p1", .contact_card = card}, {.id = "p2"}};

  const v1::Presence read = RoundTrip(sip::Document(presence)).presence();

  ASSERT_THAT(read.tuples(), SizeIs(2));
  ASSERT_THAT(read.tuples(0).timed_statuses(), SizeIs(2));
  const v1::TimedStatus& status = read.tuples(0).timed_statuses(0);
  EXPECT_EQ(status.from_time().seconds(), 1'700'000'000);
  EXPECT_EQ(status.until_time().seconds(), 1'700'003'600);
  EXPECT_EQ(status.basic(), v1::CLOSED);
  EXPECT_THAT(status.rich().activities().values(), ElementsAre("on-the-phone", "meeting"));
  EXPECT_FALSE(read.tuples(0).timed_statuses(1).has_from_time());
  ASSERT_THAT(read.persons(), SizeIs(2));
  for (const v1::ContactCard& one :
       {read.tuples(0).contact_card(), read.persons(0).contact_card()}) {
    EXPECT_EQ(one.card(), "urn:c");
    EXPECT_EQ(one.display_name(), "Alice");
    EXPECT_EQ(one.homepage(), "urn:h");
    EXPECT_EQ(one.icon(), "urn:i");
    EXPECT_EQ(one.map(), "urn:m");
    EXPECT_EQ(one.sound(), "urn:s");
  }
  EXPECT_FALSE(read.tuples(1).has_contact_card());
  EXPECT_FALSE(read.persons(1).has_contact_card());
}

TEST_F(EventEncoderTest, DialogInfoKeepsEveryField) {
  sip::Call call{.id = "c1", .call_id = "call@host", .local_tag = "l", .remote_tag = "r"};
  call.direction = sip::CallDirection::kRecipient;
  call.state = sip::CallState::kTerminated;
  call.event = sip::CallEvent::kRemoteBye;
  call.code = 487;
  call.duration = absl::Seconds(61);
  call.replaces = sip::CallReference{"other@host", "l2", "r2"};
  call.referred_by = "sip:carol@example.com";
  call.referred_by_display_name = "Carol";
  call.route_set = {"<sip:p1;lr>", "<sip:p2;lr>"};
  call.local = {.identity = "sip:100@example.com",
                .display_name = "Front desk",
                .target = "sip:100@192.0.2.9",
                .target_parameters = {{"+sip.rendering", "no"}, {"audio", ""}},
                .session_description_type = "application/sdp",
                .session_description = "v=0\r\n",
                .cseq = 0};
  const sip::DialogInfo info{.entity = "sip:100@example.com", .version = 7, .calls = {call}};

  const v1::DialogInfo read = RoundTrip(sip::Document(info)).dialog_info();

  EXPECT_EQ(read.version(), 7u);
  ASSERT_THAT(read.dialogs(), SizeIs(1));
  const v1::DialogInfoDialog& dialog = read.dialogs(0);
  EXPECT_EQ(dialog.id(), "c1");
  EXPECT_EQ(dialog.call_id(), "call@host");
  EXPECT_EQ(dialog.local_tag(), "l");
  EXPECT_EQ(dialog.remote_tag(), "r");
  EXPECT_EQ(dialog.direction(), v1::RECIPIENT);
  EXPECT_EQ(dialog.state(), v1::TERMINATED);
  EXPECT_EQ(dialog.event(), v1::REMOTE_BYE);
  EXPECT_EQ(dialog.code(), 487);
  EXPECT_EQ(dialog.duration().seconds(), 61);
  EXPECT_EQ(dialog.replaces().remote_tag(), "r2");
  EXPECT_EQ(dialog.referred_by(), "sip:carol@example.com");
  EXPECT_EQ(dialog.referred_by_display_name(), "Carol");
  EXPECT_THAT(dialog.route_set(), ElementsAre("<sip:p1;lr>", "<sip:p2;lr>"));
  EXPECT_EQ(dialog.local().display_name(), "Front desk");
  EXPECT_EQ(dialog.local().target_parameters().at("+sip.rendering"), "no");
  EXPECT_EQ(dialog.local().target_parameters().at("audio"), "");
  EXPECT_EQ(dialog.local().session_description(), "v=0\r\n");
  EXPECT_TRUE(dialog.local().has_cseq());
  EXPECT_FALSE(dialog.has_remote());
}

TEST_F(EventEncoderTest, MessageSummaryKeepsEveryField) {
  const sip::MessageSummary summary{
      .messages_waiting = true,
      .account = "sip:alice@vmail.example.com",
      .counts = {{sip::MessageClass::kVoice, 4, 8, 1, 2}, {sip::MessageClass::kNone, 0, 0, 0, 0}},
      .new_messages = {{{"From", "sip:bob@example.com"}, {"Subject", ""}}, {}}};

  const v1::MessageSummary read = RoundTrip(sip::Document(summary)).message_summary();

  EXPECT_TRUE(read.messages_waiting());
  EXPECT_EQ(read.account(), "sip:alice@vmail.example.com");
  ASSERT_THAT(read.counts(), SizeIs(2));
  EXPECT_EQ(read.counts(0).class_(), v1::VOICE_MESSAGE);
  EXPECT_EQ(read.counts(0).new_count(), 4u);
  EXPECT_EQ(read.counts(0).old_count(), 8u);
  EXPECT_EQ(read.counts(0).urgent_new_count(), 1u);
  EXPECT_EQ(read.counts(0).urgent_old_count(), 2u);
  EXPECT_EQ(read.counts(1).class_(), v1::NONE);
  ASSERT_THAT(read.new_messages(), SizeIs(2));
  EXPECT_EQ(read.new_messages(0).headers(0).name(), "From");
  EXPECT_THAT(read.new_messages(1).headers(), IsEmpty());
}

TEST_F(EventEncoderTest, EmptyDocumentIsStillADocument) {
  EXPECT_TRUE(RoundTrip(sip::Document(sip::Presence{})).has_presence());
  EXPECT_TRUE(RoundTrip(sip::Document(sip::DialogInfo{})).has_dialog_info());
}

TEST_F(EventEncoderTest, PackageWithoutTypedFormHasNoDocument) {
  EXPECT_EQ(RoundTrip(sip::Document(std::monostate{})).document_case(),
            v1::Event::DOCUMENT_NOT_SET);
}

TEST_F(EventEncoderTest, BodyThatDoesNotDecodeKeepsTheLastDocument) {
  RoundTrip(sip::Document(sip::Presence{.entity = "pres:alice@example.com"}));
  const std::string last = DocumentOfLast();

  notification_.document = nullptr;
  notification_.content_type = "application/pidf+xml";
  notification_.body = "<presence";
  notification_.decode_error = "the document ends within a tag";
  const v1::Event event = RoundTrip(notification_, last);

  EXPECT_EQ(event.decode_error(), "the document ends within a tag");
  EXPECT_EQ(event.body().data(), "<presence");
  EXPECT_EQ(event.presence().entity(), "pres:alice@example.com");
  EXPECT_EQ(DocumentOfLast(), last);  // and it is kept for the one after
}

TEST_F(EventEncoderTest, TextThatIsNotUtf8IsMadeSo) {
  notification_.content_type = "text/\xfe";
  notification_.decode_error = "\xed\xa0\x80";  // a surrogate
  const v1::Event event =
      RoundTrip(sip::Document(sip::Presence{.entity = "sip:\xc3\xa4\xc3@example.com"}));

  EXPECT_EQ(event.body().content_type(), "text/\xef\xbf\xbd");
  EXPECT_EQ(event.presence().entity(), "sip:\xc3\xa4\xef\xbf\xbd@example.com");
}

TEST_F(EventEncoderTest, TimesOutOfRangeAreCut) {
  sip::Presence presence;
  presence.tuples = {{.timestamp = absl::InfiniteFuture()}, {.timestamp = absl::InfinitePast()}};
  sip::DialogInfo info;
  info.calls = {{.duration = absl::InfiniteDuration()}};

  const v1::Event event = RoundTrip(sip::Document(presence));

  EXPECT_EQ(event.presence().tuples(0).timestamp().seconds(), 253402300799);
  EXPECT_EQ(event.presence().tuples(1).timestamp().seconds(), -62135596800);
  EXPECT_EQ(RoundTrip(sip::Document(info)).dialog_info().dialogs(0).duration().seconds(),
            315576000000);
}

TEST_F(EventEncoderTest, LargeBodyIsTakenAndTheBufferIsGivenBack) {
  const std::string body(size_t{1} << 20, 'x');
  notification_.content_type = "text/plain";
  notification_.body = body;

  EXPECT_EQ(RoundTrip(notification_).body().data().size(), body.size());
  notification_.body = "small";
  EXPECT_EQ(RoundTrip(notification_).body().data(), "small");
}

}  // namespace
}  // namespace sipevents::gateway
