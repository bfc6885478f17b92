#include "clients/cli/text_lines.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cpp/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/clients/fake_gateway.h"

namespace sipevents::client {
namespace {

using ::testing::EndsWith;

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

TEST(TextLinesTest, WhoJoinedAndLeftAConferenceIsTold) {
  const TextLines lines(absl::UTCTimeZone(), /*color=*/false);
  const auto line = [&lines](const std::string& fork, const std::string& users) {
    return lines.Event(Parsed<v1::Event>(absl::StrCat(kTime, "target_uri: 'sip:room7' dialog: '",
                                                      fork, "' conference { ", users, " }")));
  };
  const auto user = [](const std::string& name, const std::string& status) {
    return absl::StrCat("users { display_text: '", name, "' endpoints { status: ", status, " } }");
  };

  EXPECT_THAT(line("d", user("Mira", "CONNECTED")), EndsWith("  1 in: Mira"));
  EXPECT_THAT(line("d", user("Bob", "ALERTING") + user("Ann", "ON_HOLD")),
              EndsWith("  1 in: Ann (on hold); coming: Bob (rings) [Ann joined, Mira left]"));
  EXPECT_THAT(line("d", user("Bob", "CONNECTED") + user("Ann", "MUTED_VIA_FOCUS")),
              EndsWith("  2 in: Bob, Ann (muted) [Bob joined]"));
  EXPECT_THAT(line("other", user("Cy", "CONNECTED")), EndsWith("  1 in: Cy"))
      << "a fork of its own";
  EXPECT_THAT(line("d", "ended: true"), EndsWith("  over"));
  EXPECT_THAT(line("d", user("Bob", "CONNECTED")), EndsWith("  1 in: Bob")) << "it begins anew";
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

// It concerns all targets of a stream, and so names none of them.
TEST(TextLinesTest, LeavingGatewayIsNamedByItsAddress) {
  v1::WatchItem drain;
  drain.mutable_bookmark()->set_kind(v1::Bookmark::DRAIN);
  const TextLines lines(absl::UTCTimeZone(), /*color=*/false, "127.0.0.1:50051");

  EXPECT_EQ(lines.Item("", drain, absl::FromUnixSeconds(1'700'000'000)),
            "22:13:20.000  127.0.0.1:50051  -  the gateway is leaving; connecting again");
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
