#include "gateway/watch/watch_reader.h"

#include "gmock/gmock.h"
#include "tests/gateway/watch/log_fixture.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr WatchOptions kLatest{};
const WatchOptions kEvery{.every = true};
const WatchOptions kEveryOfEvents{.every = true, .event_package = true};

class WatchReaderTest : public LogFixture {};

// --- A new watch

TEST_F(WatchReaderTest, NewWatchGetsNewestOfEachDialogBySequenceThenBookmark) {
  Status(v1::Subscription::ACTIVE);
  Event(1, "a");
  Event(2, "b");
  Event(1, "c");
  log_->Settle();
  Publish();

  auto reader = Watch();

  EXPECT_THAT(Brief(ReadAll(*reader).items),
              ElementsAre("ACTIVE", "initial dialog-2=b", "initial dialog-1=c", "complete"));
}

TEST_F(WatchReaderTest, SnapshotLeavesOutEndedDialogs) {
  Event(1, "a");
  Event(2, "b");
  Ended(2);
  log_->Settle();
  Publish();

  auto reader = Watch();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("initial dialog-1=a", "complete"));
  EXPECT_EQ(reader->cursor(), 3);
}

TEST_F(WatchReaderTest, BookmarkWaitsUntilSettledAndTellsOfNoState) {
  Status(v1::Subscription::SUBSCRIBING);
  Publish();
  auto reader = Watch();
  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("SUBSCRIBING"));

  Status(v1::Subscription::RETRYING);
  log_->Settle();
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("RETRYING", "complete(empty)"));
}

TEST_F(WatchReaderTest, FirstEventAfterWatchBeganIsNewsBeforeBookmark) {
  auto reader = Watch();
  ReadAll(*reader);

  Event(1, "a");
  log_->Settle();
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("dialog-1=a", "complete"));
}

TEST_F(WatchReaderTest, SettleAloneSendsBookmark) {
  auto reader = Watch();
  EXPECT_EQ(ReadAll(*reader).result, ReadResult::kIdle);

  log_->Settle();
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("complete(empty)"));
}

TEST_F(WatchReaderTest, BookmarkWaitsForDialogThatChangedDuringSnapshot) {
  Event(1, "a");
  Event(2, "b");
  log_->Settle();
  Publish();
  auto reader = Watch({.max_items = 1});
  EXPECT_THAT(Brief(ReadOnce(*reader).items), ElementsAre("initial dialog-1=a"));

  Event(3, "other");
  Event(2, "c");
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items),
              ElementsAre("dialog-3=other", "dialog-2=c", "complete"));
}

TEST_F(WatchReaderTest, BookmarkDoesNotWaitForDialogThatEndedDuringSnapshot) {
  Event(1, "a");
  Event(2, "b");
  log_->Settle();
  Publish();
  auto reader = Watch({.max_items = 1});
  ReadOnce(*reader);

  Ended(2);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("ended dialog-2", "complete"));
}

// --- LATEST

TEST_F(WatchReaderTest, LatestConflatesAndCounts) {
  auto reader = Watch(kLatest);
  log_->Settle();
  Publish();
  ReadAll(*reader);

  Event(1, "a");
  Event(2, "b");
  Event(1, "c");
  Event(1, "d");
  Status(v1::Subscription::PENDING);
  Status(v1::Subscription::ACTIVE);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("dialog-2=b", "dialog-1=d+2", "ACTIVE"));
}

TEST_F(WatchReaderTest, LatestCountIsExactAfterTrim) {
  log_ = MakeLog({.max_entries = 2});
  Event(1, "before");
  log_->Settle();
  Publish();
  auto reader = Watch(kLatest);
  ReadAll(*reader);

  for (int i = 0; i < 10; ++i) Event(1, "more");
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("dialog-1=more+9"));
}

TEST_F(WatchReaderTest, LatestDeliversEndOfDialogOnce) {
  Event(1, "a");
  log_->Settle();
  Publish();
  auto reader = Watch(kLatest);
  ReadAll(*reader);

  Event(1, "b");
  Status(v1::Subscription::ACTIVE);
  Ended(1);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("ACTIVE", "ended dialog-1"));
  EXPECT_THAT(ReadAll(*reader).items, IsEmpty());
}

// A NOTIFY that ends its dialog may say how things were (SUB-18, SUB-53).
TEST_F(WatchReaderTest, LatestHearsLastWordsOfDialogBeforeItsEnd) {
  log_ = MakeStateLog();
  auto reader = Watch({.from_beginning = true});
  Event(1, "a");
  Event(1, "last words");
  Ended(1);
  Status(v1::Subscription::TERMINATED);
  log_->Settle();
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("dialog-1=last words+1", "ended dialog-1",
                                                         "TERMINATED", "complete(empty)"));
  EXPECT_THAT(Brief(ReadAll(*Watch()).items), ElementsAre("TERMINATED", "complete(empty)"));
}

// --- EVERY

TEST_F(WatchReaderTest, EveryOfStateHasSnapshotThenEachEventAndStatus) {
  Event(1, "a");
  Event(1, "b");
  log_->Settle();
  Publish();
  auto reader = Watch(kEvery);
  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("initial dialog-1=b", "complete"));

  Event(1, "c");
  Status(v1::Subscription::PENDING);
  Status(v1::Subscription::ACTIVE);
  Event(1, "d");
  Ended(1);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items),
              ElementsAre("dialog-1=c", "PENDING", "ACTIVE", "dialog-1=d", "ended dialog-1"));
}

TEST_F(WatchReaderTest, EveryOfEventsShowsNoOldOnes) {
  Status(v1::Subscription::ACTIVE);
  Event(1, "old");
  log_->Settle();
  Publish();
  auto reader = Watch(kEveryOfEvents);

  Event(1, "new");
  Event(1, "newer");
  Publish();

  const std::vector<v1::WatchItem> items = ReadAll(*reader).items;
  EXPECT_THAT(Brief(items), ElementsAre("ACTIVE", "complete", "dialog-1=new", "dialog-1=newer"));
  EXPECT_THAT(Brief(ReadAll(*Resume(items[0], kEveryOfEvents)).items),
              ElementsAre("dialog-1=new", "dialog-1=newer", "complete"));
}

TEST_F(WatchReaderTest, EverySlowerThanSpanGetsGapAndSnapshot) {
  log_ = MakeLog({.max_entries = 2});
  Event(1, "a");
  log_->Settle();
  Publish();
  auto reader = Watch(kEvery);
  ReadAll(*reader);

  for (const char* value : {"b", "c", "d"}) Event(1, value);
  Publish();

  const std::vector<v1::WatchItem> items = ReadAll(*reader).items;
  EXPECT_THAT(Brief(items), ElementsAre("TRIMMED", "initial dialog-1=d", "complete"));
  EXPECT_EQ(items[0].gap().earliest_available().seconds(), 3) << "when `c` came";
}

TEST_F(WatchReaderTest, EveryOfEventsGoesOnAfterGapWithOldestThereIs) {
  log_ = MakeLog({.max_entries = 2});
  Status(v1::Subscription::ACTIVE);
  Event(1, "a");
  log_->Settle();
  Publish();
  auto reader = Watch(kEveryOfEvents);
  ReadAll(*reader);

  for (const char* value : {"b", "c", "d"}) Event(1, value);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items),
              ElementsAre("TRIMMED", "ACTIVE", "complete", "dialog-1=c", "dialog-1=d"));
}

// --- End, waiting, batches

TEST_F(WatchReaderTest, ClosedLogEndsStreamAfterEverythingWasDelivered) {
  auto reader = Watch({.max_items = 1});
  Event(1, "a");
  Status(v1::Subscription::TERMINATED);
  log_->Close();
  Publish();

  const ReadItems read = ReadAll(*reader);

  EXPECT_THAT(Brief(read.items), ElementsAre("dialog-1=a", "TERMINATED", "complete"));
  EXPECT_EQ(read.result, ReadResult::kEnded);
}

TEST_F(WatchReaderTest, IdleReaderIsWokenOnceUntilItReadsAgain) {
  auto target = std::make_shared<CountingTarget>();
  WatchReader reader(log_, {}, target);
  ASSERT_EQ(ReadAll(reader).result, ReadResult::kIdle);

  Event(1, "a");
  Publish();
  Event(1, "b");
  Publish();
  EXPECT_EQ(target->runs(), 1);

  ReadAll(reader);
  Event(1, "c");
  Publish();
  EXPECT_EQ(target->runs(), 2);
}

TEST_F(WatchReaderTest, WaitingReaderThatGoesIsForgotten) {
  auto target = std::make_shared<CountingTarget>();
  auto first = std::make_unique<WatchReader>(log_, WatchOptions{}, target);
  auto second = std::make_unique<WatchReader>(log_, WatchOptions{}, target);
  auto third = std::make_unique<WatchReader>(log_, WatchOptions{}, target);
  for (auto* reader : {&first, &second, &third}) ReadAll(**reader);
  ASSERT_EQ(log_->CountWaiting(), 3);

  second.reset();
  first.reset();

  EXPECT_EQ(log_->CountWaiting(), 1);
  Event(1, "a");
  Publish();
  EXPECT_EQ(target->runs(), 1);
}

TEST_F(WatchReaderTest, ReaderAttachedBeforeExecutorRanIsWokenAllTheSame) {
  auto target = std::make_shared<CountingTarget>();
  WatchReader early(log_, {}, target);
  ReadAll(early);
  Event(1, "a");

  WatchReader late(log_, {}, std::weak_ptr<Runnable>());  // takes the inbox in
  Publish();

  EXPECT_EQ(target->runs(), 1);
  EXPECT_THAT(Brief(ReadAll(late).items), ElementsAre("initial dialog-1=a"));
}

TEST_F(WatchReaderTest, BatchClosesAtCount) {
  for (EntryKey key = 1; key <= 5; ++key) Event(key, "x");
  Publish();
  auto reader = Watch({.max_items = 2});
  WatchBatch batch;

  ASSERT_EQ(reader->ReadBatch(batch), ReadResult::kItems);
  EXPECT_TRUE(batch.full);
  EXPECT_EQ(batch.items, 2);
  ASSERT_EQ(reader->ReadBatch(batch), ReadResult::kItems);
  ASSERT_EQ(reader->ReadBatch(batch), ReadResult::kItems);
  EXPECT_FALSE(batch.full);
  EXPECT_EQ(batch.items, 1);
}

TEST_F(WatchReaderTest, BatchClosesAtOctetsButHoldsOneItem) {
  for (EntryKey key = 1; key <= 3; ++key) Event(key, std::string(1000, 'x'));
  Event(4, std::string(5000, 'y'));
  Publish();
  auto reader = Watch({.max_bytes = 2500});
  WatchBatch batch;
  std::vector<int> items;

  while (reader->ReadBatch(batch) == ReadResult::kItems) {
    items.push_back(batch.items);
    EXPECT_TRUE(batch.items == 1 || batch.bytes.size() <= 2500);
  }

  EXPECT_THAT(items, ElementsAre(2, 1, 1));
}

TEST_F(WatchReaderTest, HeartbeatHasTokenOfWhatWasRead) {
  Event(1, "a");
  log_->Settle();
  Publish();
  auto reader = Watch();
  ReadAll(*reader);
  WatchBatch batch;

  reader->AppendBookmark(BookmarkKind::kHeartbeat, batch);
  reader->AppendBookmark(BookmarkKind::kDrain, batch);

  const std::vector<v1::WatchItem> items = ParseItems(batch);
  EXPECT_THAT(Brief(items), ElementsAre("HEARTBEAT", "DRAIN"));
  EXPECT_THAT(Brief(ReadAll(*Resume(items[0])).items), ElementsAre("complete"));
}

TEST_F(WatchReaderTest, BatchCountsForMetrics) {
  Event(1, "initial");
  log_->Settle();
  Publish();
  auto reader = Watch();
  ReadAll(*reader);
  Event(1, "a");
  Event(1, "b");
  Event(2, "c");
  Ended(1);
  Publish();
  WatchBatch batch;

  ASSERT_EQ(reader->ReadBatch(batch), ReadResult::kItems);

  EXPECT_EQ(batch.events, 1);
  EXPECT_EQ(batch.superseded, 2) << "those that the end of dialog 1 stands for";
  EXPECT_THAT(batch.live_event_times, ElementsAre(absl::FromUnixSeconds(4)));
}

// The NOTIFY may be there before the stream of the watch that asked for it has begun to read.
TEST_F(WatchReaderTest, WatchThatBeganTheLogGetsEventsFromBeforeItLooks) {
  Event(1, "a");
  Event(1, "b");
  log_->Settle();
  Publish();

  auto late = Watch({.every = true, .event_package = true});
  auto first = Watch({.every = true, .event_package = true, .from_beginning = true});

  EXPECT_THAT(Brief(ReadAll(*late).items), ElementsAre("complete"));
  EXPECT_THAT(Brief(ReadAll(*first).items), ElementsAre("dialog-1=a", "dialog-1=b", "complete"));
}

TEST_F(WatchReaderTest, GapOfAReaderOfEveryEventTellsHowManyWereDropped) {
  log_ = MakeLog({.max_entries = 2});
  auto reader = Watch({.every = true});
  log_->Settle();
  Publish();
  ReadAll(*reader);
  for (const char* value : {"a", "b", "c", "d", "e"}) Event(1, value);
  Publish();

  WatchBatch batch;
  ASSERT_EQ(reader->ReadBatch(batch), ReadResult::kItems);

  EXPECT_EQ(batch.dropped, 3);
  EXPECT_EQ(Brief(ParseItems(batch)).front(), "TRIMMED");
}

}  // namespace
}  // namespace sipevents::gateway
