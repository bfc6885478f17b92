#include "sip/compose/watcher_info_writer.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/decode_scratch.h"
#include "sip/packages/package_table.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kMira = "sip:mira@example.com";

TEST(WatcherInfoWriterTest, RowsAreReadAsTheyWereWritten) {
  const std::vector<WatcherInfoRow> rows = {
      {.id = "w1",
       .uri = "sip:bot@example.com",
       .display_name = "Ops <bot> & \"co\"\x01",
       .status = "pending",
       .event = "subscribe",
       .expiration = absl::Seconds(540) + absl::Milliseconds(900),
       .duration_subscribed = absl::Seconds(-3)},
      {.id = "w2", .uri = "sip:a&b@example.com", .status = "terminated", .event = "giveup"},
  };
  const ComposedBody info = WriteWatcherInfo(kMira, "presence", rows, /*full=*/true);
  EXPECT_EQ(info.content_type, "application/watcherinfo+xml");
  EXPECT_EQ(Numbered(info, 17),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
            "<watcherinfo xmlns=\"urn:ietf:params:xml:ns:watcherinfo\" version=\"17\" "
            "state=\"full\"><watcher-list resource=\"sip:mira@example.com\" package=\"presence\">"
            "<watcher id=\"w1\" status=\"pending\" event=\"subscribe\" "
            "display-name=\"Ops &lt;bot&gt; &amp; &quot;co&quot;\xEF\xBF\xBD\" expiration=\"540\" "
            "duration-subscribed=\"0\">sip:bot@example.com</watcher>"
            "<watcher id=\"w2\" status=\"terminated\" event=\"giveup\">sip:a&amp;b@example.com"
            "</watcher></watcher-list></watcherinfo>");
  EXPECT_THAT(Shown("presence.winfo", info),
              AllOf(HasSubstr("uri: \"sip:bot@example.com\""), HasSubstr("status: PENDING"),
                    HasSubstr("event: SUBSCRIBE"), HasSubstr("seconds: 540"),
                    HasSubstr("resource: \"sip:mira@example.com\"")));
}

TEST(WatcherInfoWriterTest, NobodyIsAListWithoutRows) {
  const ComposedBody info = WriteWatcherInfo(kMira, "dialog", {}, /*full=*/true);
  EXPECT_THAT(Numbered(info), HasSubstr("<watcher-list resource=\"sip:mira@example.com\" "
                                        "package=\"dialog\"/>"));
}

// PKG-16: what changed is told under the next number.
TEST(WatcherInfoWriterTest, ChangesApplyToTheFullDocumentBefore) {
  DecodeScratch scratch;
  const auto merger = FindPackage("presence.winfo").new_merger();
  const auto feed = [&](const WatcherInfoRow& row, bool full, int version) {
    const ComposedBody info = WriteWatcherInfo(kMira, "presence", {row}, full);
    const std::string body = Numbered(info, version);
    return merger->Merge({.dialog = 1,
                          .content_type = info.content_type,
                          .body = body,
                          .cseq = static_cast<uint32_t>(version + 1),
                          .lenient = false},
                         scratch);
  };
  const WatcherInfoRow first = {
      .id = "w1", .uri = "sip:a@example.com", .status = "active", .event = "subscribe"};
  const WatcherInfoRow second = {
      .id = "w2", .uri = "sip:b@example.com", .status = "pending", .event = "subscribe"};

  ASSERT_EQ(feed(first, /*full=*/true, 0).kind, MergeResult::Kind::kDocument);
  const MergeResult merged = feed(second, /*full=*/false, 1);

  ASSERT_EQ(merged.kind, MergeResult::Kind::kDocument) << merged.error;
  EXPECT_TRUE(merged.body_is_partial);
  EXPECT_FALSE(merged.resync);
  EXPECT_THAT(Shown(*merged.document),
              AllOf(HasSubstr("sip:a@example.com"), HasSubstr("sip:b@example.com")));
}

}  // namespace
}  // namespace sipevents::sip
