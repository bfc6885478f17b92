#include "clients/cli/text_lines.h"

#include <string>

#include "clients/cpp/status.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/clients/fake_gateway.h"

namespace sipevents::client {
namespace {

// 2023-11-14 22:13:20 UTC.
constexpr char kTime[] = "receive_time { seconds: 1700000000 nanos: 250000000 } ";

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

std::string EventLine(const std::string& text) {
  const auto event = Parsed<v1::Event>(kTime + text);
  return TextLines(absl::UTCTimeZone(), /*color=*/false).Event(event);
}

std::string ItemLine(const std::string& text) {
  return TextLines(absl::UTCTimeZone(), /*color=*/false)
      .Item("sip:alice@example.com", Parsed<v1::WatchItem>(text),
            absl::FromUnixSeconds(1'700'000'000));
}

TEST(TextLinesTest, EventLineHasTimeTargetPackageAndState) {
  EXPECT_EQ(EventLine(R"(target_uri: "sip:alice@example.com" event_package: "presence"
                         presence { tuples { basic: OPEN } })"),
            "22:13:20.250  sip:alice@example.com  presence  open");
}

// RLS-06: the member takes the place of the list.
TEST(TextLinesTest, LineOfAListShowsTheMember) {
  EXPECT_EQ(EventLine(R"(target_uri: "sip:floor2@example.com" event_package: "dialog" dialog_info {}
                         member_uri: "sip:201@example.com" member_name: "Front desk")"),
            "22:13:20.250  Front desk <sip:201@example.com>  dialog  idle");
  EXPECT_EQ(EventLine(R"(target_uri: "sip:floor2@example.com" event_package: "dialog"
                         member_uri: "sip:202@example.com")"),
            "22:13:20.250  sip:202@example.com  dialog  no state yet");
  EXPECT_EQ(
      ItemLine(R"(dialog_ended { dialog: "x" member_uri: "sip:201@example.com"
                        reason: "not-listed" })"),
      "22:13:20.000  sip:201@example.com  member gone  shows nothing any longer (not-listed)");
}

struct DocumentCase {
  std::string document;
  std::string text;
  Tone tone;
};

TEST(TextLinesTest, DocumentsAreSummedUp) {
  const DocumentCase cases[] = {
      {R"(presence { tuples { basic: CLOSED } tuples { basic: OPEN } })", "open", Tone::kGood},
      {R"(presence { tuples { basic: CLOSED } })", "closed", Tone::kMissing},
      {R"(presence {})", "unknown", Tone::kMissing},
      {R"(presence { tuples { basic: OPEN notes { text: "back at noon" } }
          persons { rich { activities { values: "on-the-phone" values: "away" } }
                    notes { text: "back at noon" } } })",
       "open, on-the-phone, away, \"back at noon\"", Tone::kBusy},
      {R"(dialog_info {})", "idle", Tone::kGood},
      {R"(dialog_info { dialogs { state: CONFIRMED direction: RECIPIENT
          remote { identity: "sip:bob@example.com" display_name: "Bob" } } })",
       "confirmed with Bob <sip:bob@example.com> (called)", Tone::kBusy},
      {R"(dialog_info { dialogs { state: EARLY direction: INITIATOR }
          dialogs { state: TERMINATED event: REMOTE_BYE remote { identity: "sip:c@d" } } })",
       "early (calling); terminated with sip:c@d, remote bye", Tone::kBusy},
      {R"(dialog_info { dialogs { state: TERMINATED event: TIMEOUT } })", "terminated, timeout",
       Tone::kGood},
      {R"(message_summary {})", "no messages waiting", Tone::kGood},
      {R"(message_summary { messages_waiting: true
          counts { class: VOICE_MESSAGE new_count: 2 old_count: 8 urgent_new_count: 1 }
          counts { class: FAX_MESSAGE old_count: 1 } })",
       "messages waiting: 2 new, 8 old, 1 urgent voice; 0 new, 1 old fax", Tone::kBusy},
      // Without words of its own: the values as they are.
      {R"(watcher_info { lists { resource: "sip:a@b" event_package: "presence"
          watchers { id: "w1" uri: "sip:x@b\n" status: ACTIVE expiration { seconds: 540 } }
          watchers { uri: "sip:y@b" status: PENDING event: SUBSCRIBE } } })",
       "sip:a@b, presence, w1, sip:x@b , active, expiration 9m; sip:y@b, pending, subscribe",
       Tone::kPlain},
      {R"(watcher_info {})", "nothing to tell", Tone::kPlain},
      {R"(body { content_type: "text/plain" data: "hello\nworld" })",
       "text/plain, 11 octets: hello world", Tone::kPlain},
      {"", "no state yet", Tone::kMissing},
      {R"(decode_error: "not XML" presence { tuples { basic: OPEN } })",
       "cannot decode: not XML; last known: open", Tone::kBad},
  };
  for (const DocumentCase& c : cases) {
    SCOPED_TRACE(c.document);
    const Summary summary = Summarize(Parsed<v1::Event>(c.document));

    EXPECT_EQ(summary.text, c.text);
    EXPECT_EQ(summary.tone, c.tone);
  }
}

TEST(TextLinesTest, DocumentWithThousandsOfPartsStaysShort) {
  v1::Event event;
  for (int i = 0; i < 5000; ++i) {
    auto* call = event.mutable_dialog_info()->add_dialogs();
    call->set_state(v1::CONFIRMED);
    call->mutable_remote()->set_identity("sip:" + std::to_string(i) + "@example.com");
  }

  const std::string text = Summarize(event).text;

  EXPECT_LT(text.size(), 1000);
  EXPECT_NE(text.find("5000 calls in all"), std::string::npos) << text;
}

TEST(TextLinesTest, ForeignTextCannotReachTheTerminal) {
  const std::string line = EventLine(R"(target_uri: "sip:\033[2Jx" event_package: "presence"
      presence { tuples { basic: OPEN notes { text: "\033]0;owned\007\nforged line" } } })");

  EXPECT_EQ(line, "22:13:20.250  sip:?[2Jx  presence  open, \"?]0;owned? forged line\"");
}

TEST(TextLinesTest, SupersededEventsAreCounted) {
  EXPECT_EQ(EventLine(R"(target_uri: "sip:a" event_package: "dialog" superseded: 3
                         dialog_info {})"),
            "22:13:20.250  sip:a  dialog  idle [3 older left out]");
}

TEST(TextLinesTest, StatusLineTellsWhyAndUntilWhen) {
  EXPECT_EQ(ItemLine("status { state: ACTIVE }"),
            "22:13:20.000  sip:alice@example.com  status  active");
  EXPECT_EQ(ItemLine(R"(status { state: RETRYING reason: "timeout"
                        retry_time { seconds: 1700000060 }
                        stale_since { seconds: 1700000000 } })"),
            "22:13:20.000  sip:alice@example.com  status  retrying (timeout), again at "
            "22:14:20.000, stale since 22:13:20.000");
  EXPECT_EQ(ItemLine(R"(status { state: SUBSCRIBING waiting_since { seconds: 1700000000 } })"),
            "22:13:20.000  sip:alice@example.com  status  subscribing, waiting to be sent since "
            "22:13:20.000");
  EXPECT_EQ(ItemLine(R"(status { state: TERMINATED reason: "response" sip_status: 404 })"),
            "22:13:20.000  sip:alice@example.com  status  terminated (response 404)");
}

TEST(TextLinesTest, OtherItemsAreToldAndHeartbeatsAreNot) {
  EXPECT_EQ(ItemLine(R"(dialog_ended { dialog: "d1" reason: "timeout" })"),
            "22:13:20.000  sip:alice@example.com  fork ended  d1 (timeout)");
  EXPECT_EQ(ItemLine("gap { reason: TRIMMED }"),
            "22:13:20.000  sip:alice@example.com  gap  events are missing (TRIMMED); what follows "
            "is the state as it is now");
  EXPECT_EQ(ItemLine("bookmark { kind: DRAIN }"),
            "22:13:20.000  sip:alice@example.com  -  the gateway is leaving; connecting again");
  EXPECT_EQ(ItemLine("bookmark { kind: INITIAL_STATE_COMPLETE }"),
            "22:13:20.000  sip:alice@example.com  -  no state yet");
  EXPECT_EQ(ItemLine("bookmark { kind: INITIAL_STATE_COMPLETE has_state: true }"), "");
  EXPECT_EQ(ItemLine("bookmark { kind: HEARTBEAT }"), "");
}

TEST(TextLinesTest, ColorIsThereOnlyWhereItIsWanted) {
  const auto event = Parsed<v1::Event>("presence { tuples { basic: OPEN } }");

  const std::string painted = TextLines(absl::UTCTimeZone(), /*color=*/true).Event(event);
  const std::string plain = TextLines(absl::UTCTimeZone(), /*color=*/false).Event(event);

  EXPECT_NE(painted.find("\x1b[32mopen\x1b[0m"), std::string::npos) << painted;
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
}

TEST(TextLinesTest, SubscriptionLineHasNameStateAndWhatIsFollowed) {
  const auto subscription = Parsed<v1::Subscription>(
      R"(name: "subscriptions/1abc" state: ACTIVE
         spec { target_uri: "sip:alice@example.com" event_package: "presence" })");

  EXPECT_EQ(TextLines(absl::UTCTimeZone(), false).Subscription(subscription),
            "subscriptions/1abc  active  presence  sip:alice@example.com");
  v1::Subscription waiting = subscription;
  waiting.mutable_waiting_since()->set_seconds(1'700'000'000);
  EXPECT_EQ(TextLines(absl::UTCTimeZone(), false).Subscription(waiting),
            "subscriptions/1abc  active, waiting to be sent since 22:13:20.000  presence  "
            "sip:alice@example.com");
}

TEST(TextLinesTest, ErrorNamesEachField) {
  const absl::Status error =
      ToAbslStatus(testing::FieldError("spec.target_uri", "expected a URI, got 'x'"));

  EXPECT_EQ(
      TextLines(absl::UTCTimeZone(), false).Error("", error),
      "INVALID_ARGUMENT: invalid spec.target_uri\n  spec.target_uri: expected a URI, got 'x'");
}

}  // namespace
}  // namespace sipevents::client
