#include "clients/cli/json_lines.h"

#include <string>

#include "absl/strings/cord.h"
#include "clients/cpp/status.h"
#include "gtest/gtest.h"
#include "tests/clients/fake_gateway.h"

namespace sipevents::client {
namespace {

using testing::EventItem;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(JsonLinesTest, ItemIsOneProto3JsonObjectWithItsToken) {
  EXPECT_EQ(JsonLines(/*names_target=*/false).Item("sip:a", EventItem("t1"), kNow),
            R"({"event":{"subscription":"subscriptions/1abc",)"
            R"("targetUri":"sip:alice@example.com","eventPackage":"presence",)"
            R"("presence":{"tuples":[{"basic":"OPEN"}]}},"resumeToken":"t1"})");
}

TEST(JsonLinesTest, EachKindOfItemStandsUnderItsName) {
  const JsonLines json(/*names_target=*/false);
  v1::WatchItem item;

  item.mutable_dialog_ended()->set_dialog("d1");
  EXPECT_EQ(json.Item("", item, kNow), R"({"dialogEnded":{"dialog":"d1"}})");
  item.mutable_gap()->set_reason(v1::Gap::TRIMMED);
  EXPECT_EQ(json.Item("", item, kNow), R"({"gap":{"reason":"TRIMMED"}})");
  item.mutable_bookmark()->set_kind(v1::Bookmark::HEARTBEAT);
  EXPECT_EQ(json.Item("", item, kNow), R"({"bookmark":{"kind":"HEARTBEAT"}})");
  item.mutable_status()->set_state(v1::Subscription::ACTIVE);
  EXPECT_EQ(json.Item("", item, kNow), R"({"status":{"state":"ACTIVE"}})");
}

TEST(JsonLinesTest, TargetIsNamedWhereThereAreSeveral) {
  v1::WatchItem item;
  item.mutable_bookmark()->set_kind(v1::Bookmark::HEARTBEAT);

  EXPECT_EQ(JsonLines(/*names_target=*/true).Item("sip:\"a\"", item, kNow),
            R"({"target":"sip:\"a\"","bookmark":{"kind":"HEARTBEAT"}})");
}

TEST(JsonLinesTest, FetchedEventLooksLikeAWatchedOne) {
  v1::Event event;
  event.set_target_uri("sip:a");

  EXPECT_EQ(JsonLines(false).Event(event), R"({"event":{"targetUri":"sip:a"}})");
}

TEST(JsonLinesTest, ErrorHasCodeNameMessageAndDetails) {
  const absl::Status error = ToAbslStatus(testing::FieldError("page_size", "expected 0 to 1000"));

  const std::string line = JsonLines(false).Error("", error);

  EXPECT_EQ(line.substr(0, line.find("\"details\"")),
            R"({"error":{"code":"INVALID_ARGUMENT","message":"invalid page_size",)");
  EXPECT_NE(line.find(R"("details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
                      R"("reason":"INVALID_FIELD","domain":"sipevents"})"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(R"({"@type":"type.googleapis.com/google.rpc.BadRequest",)"
                      R"("fieldViolations":[{"field":"page_size",)"
                      R"("description":"expected 0 to 1000"}]})"),
            std::string::npos)
      << line;
}

TEST(JsonLinesTest, DetailOfAnUnknownTypeKeepsItsName) {
  absl::Status error = absl::NotFoundError("gone \"now\"");
  error.SetPayload("type.googleapis.com/example.Unknown", absl::Cord("\x08\x01"));

  EXPECT_EQ(JsonLines(false).Error("", error),
            R"({"error":{"code":"NOT_FOUND","message":"gone \"now\"",)"
            R"("details":[{"@type":"type.googleapis.com/example.Unknown"}]}})");
}

TEST(JsonLinesTest, MessageWithoutJsonFormIsAnErrorObjectNotAnEnd) {
  v1::WatchItem item;
  item.mutable_event()->mutable_receive_time()->set_seconds(1'000'000'000'000'000);

  EXPECT_NE(JsonLines(false).Item("", item, kNow).find(R"("code":"DATA_LOSS")"), std::string::npos);
}

}  // namespace
}  // namespace sipevents::client
