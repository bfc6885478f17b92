#include "gateway/watch/watch_batch.h"

#include <limits>

#include "tests/gateway/watch/log_fixture.h"

namespace sipevents::gateway {
namespace {

const ResumeTokenEncoder& Tokens() {
  static const ResumeTokenEncoder encoder(LogIdentity{kLogName, "uid", 1});
  return encoder;
}

EntryRef EventEntry(std::string_view payload) {
  return LogEntry::Make(EntryKind::kEvent, 1, 1, absl::UnixEpoch(), payload);
}

TEST(WatchBatchTest, EventKeepsItsFieldsAndGetsTheReadersOwn) {
  v1::Event event;
  event.set_subscription(kLogName);
  event.set_target_uri("sip:alice@example.com");
  event.set_dialog("d");
  event.mutable_body()->set_data(std::string(100000, '\0'));
  event.mutable_presence()->set_entity("sip:alice@example.com");  // a field after 9
  WatchBatch batch;

  batch.AppendEntry(*EventEntry(event.SerializeAsString()), true, 300, Tokens(), 5);

  event.set_initial(true);
  event.set_superseded(300);
  const std::vector<v1::WatchItem> items = ParseItems(batch);
  ASSERT_EQ(items.size(), 1);
  EXPECT_EQ(items[0].event().SerializeAsString(), event.SerializeAsString());
  EXPECT_EQ(items[0].resume_token(), Tokens().Encode(5));
}

TEST(WatchBatchTest, SizesAtTheBordersOfVarintsAreFramed) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{20}, size_t{120}, size_t{124}, size_t{127},
                            size_t{128}, size_t{16270}, size_t{16383}, size_t{16384}}) {
    v1::Event event;
    event.set_dialog(std::string(size, 'x'));
    WatchBatch batch;

    batch.AppendEntry(*EventEntry(event.SerializeAsString()), false, 1, Tokens(), 1);
    batch.AppendEntry(*EventEntry(event.SerializeAsString()), true, 0, Tokens(), 2);

    const std::vector<v1::WatchItem> items = ParseItems(batch);
    ASSERT_EQ(items.size(), 2) << size;
    EXPECT_EQ(items[0].event().dialog().size(), size);
    EXPECT_EQ(items[0].event().superseded(), 1);
    EXPECT_TRUE(items[1].event().initial());
    EXPECT_LE(batch.bytes.size(), 2 * (event.ByteSizeLong() + WatchBatch::kItemOverhead));
  }
}

TEST(WatchBatchTest, SupersededIsClampedToItsField) {
  WatchBatch batch;

  batch.AppendEntry(*EventEntry(""), false, uint64_t{1} << 40, Tokens(), 1);

  EXPECT_EQ(ParseItems(batch)[0].event().superseded(), std::numeric_limits<uint32_t>::max());
}

TEST(WatchBatchTest, StatusAndEndAreNeverFlagged) {
  v1::Subscription status;
  status.set_name(kLogName);
  status.set_reason("rejected");
  v1::DialogEnded ended;
  ended.set_dialog("d");
  ended.set_reason("timeout");
  WatchBatch batch;

  batch.AppendEntry(*LogEntry::Make(EntryKind::kStatus, kStatusKey, 1, absl::UnixEpoch(),
                                    status.SerializeAsString()),
                    true, 3, Tokens(), 1);
  batch.AppendEntry(
      *LogEntry::Make(EntryKind::kDialogEnded, 1, 2, absl::UnixEpoch(), ended.SerializeAsString()),
      true, 3, Tokens(), 2);

  const std::vector<v1::WatchItem> items = ParseItems(batch);
  EXPECT_EQ(items[0].status().SerializeAsString(), status.SerializeAsString());
  EXPECT_EQ(items[1].dialog_ended().SerializeAsString(), ended.SerializeAsString());
}

TEST(WatchBatchTest, GapTellsReasonAndTime) {
  WatchBatch batch;

  batch.AppendGap(GapReason::kTrimmed, absl::FromUnixMillis(1500), Tokens(), 1);
  batch.AppendGap(GapReason::kLogReplaced, std::nullopt, Tokens(), 1);
  batch.AppendGap(GapReason::kTrimmed, absl::FromUnixMillis(-1500), Tokens(), 1);

  const std::vector<v1::WatchItem> items = ParseItems(batch);
  EXPECT_EQ(items[0].gap().reason(), v1::Gap::TRIMMED);
  EXPECT_EQ(items[0].gap().earliest_available().seconds(), 1);
  EXPECT_EQ(items[0].gap().earliest_available().nanos(), 500000000);
  EXPECT_EQ(items[1].gap().reason(), v1::Gap::LOG_REPLACED);
  EXPECT_FALSE(items[1].gap().has_earliest_available());
  EXPECT_EQ(items[2].gap().earliest_available().seconds(), -2);
  EXPECT_EQ(items[2].gap().earliest_available().nanos(), 500000000);
}

TEST(WatchBatchTest, BookmarksTellTheirKind) {
  WatchBatch batch;

  batch.AppendBookmark(BookmarkKind::kInitialStateComplete, true, Tokens(), 1);
  batch.AppendBookmark(BookmarkKind::kHeartbeat, false, Tokens(), 1);
  batch.AppendBookmark(BookmarkKind::kDrain, false, Tokens(), 1);

  const std::vector<v1::WatchItem> items = ParseItems(batch);
  EXPECT_EQ(items[0].bookmark().kind(), v1::Bookmark::INITIAL_STATE_COMPLETE);
  EXPECT_TRUE(items[0].bookmark().has_state());
  EXPECT_EQ(items[1].bookmark().kind(), v1::Bookmark::HEARTBEAT);
  EXPECT_FALSE(items[1].bookmark().has_state());
  EXPECT_EQ(items[2].bookmark().kind(), v1::Bookmark::DRAIN);
}

}  // namespace
}  // namespace sipevents::gateway
