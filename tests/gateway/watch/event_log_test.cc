#include "gateway/watch/event_log.h"

#include <thread>

#include "gmock/gmock.h"
#include "tests/gateway/watch/log_fixture.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;

class EventLogTest : public LogFixture {
 protected:
  std::vector<uint64_t> NewestSequences() {
    const LogView view(*log_);
    std::vector<uint64_t> sequences;
    for (const EntryRef& entry : view.newest()) sequences.push_back(entry->sequence());
    return sequences;
  }
};

TEST_F(EventLogTest, AppendedEntriesAreSeenOnceExecutorHasRun) {
  EXPECT_EQ(log_->AppendEvent(1, "a", NextTime()), 1);
  EXPECT_EQ(log_->AppendStatus("s", NextTime()), 2);
  EXPECT_EQ(log_->AppendDialogEnded(1, "e", NextTime()), 3);
  EXPECT_EQ(LogView(*log_).head(), 0);

  Publish();

  const LogView view(*log_);
  EXPECT_EQ(view.head(), 3);
  EXPECT_EQ(view.trimmed_through(), 0);
  EXPECT_EQ(view.At(1)->payload(), "a");
  EXPECT_EQ(view.At(1)->receive_time(), absl::FromUnixSeconds(1));
  EXPECT_EQ(view.At(2)->kind(), EntryKind::kStatus);
  EXPECT_EQ(view.At(3)->kind(), EntryKind::kDialogEnded);
}

TEST_F(EventLogTest, NewestHasOneEntryPerKeyBySequence) {
  Event(1, "a");
  Event(2, "b");
  Status(v1::Subscription::ACTIVE);
  Event(1, "c");
  Ended(2);
  Publish();

  EXPECT_THAT(NewestSequences(), ElementsAre(3, 4, 5));
}

TEST_F(EventLogTest, OrdinalCountsEventsOfOneDialog) {
  Event(1, "a");
  Event(2, "b");
  Event(1, "c");
  Ended(1);
  Publish();

  const LogView view(*log_);
  EXPECT_EQ(view.At(1)->ordinal(), 1);
  EXPECT_EQ(view.At(2)->ordinal(), 1);
  EXPECT_EQ(view.At(3)->ordinal(), 2);
  EXPECT_EQ(view.At(4)->ordinal(), 2);
}

TEST_F(EventLogTest, AppendDoesTheSameWorkForTenThousandWaiters) {
  std::vector<std::shared_ptr<CountingTarget>> targets;
  std::vector<std::unique_ptr<WatchReader>> readers;
  for (int i = 0; i < 10000; ++i) {
    targets.push_back(std::make_shared<CountingTarget>());
    readers.push_back(std::make_unique<WatchReader>(log_, WatchOptions{}, targets.back()));
    ASSERT_EQ(ReadAll(*readers.back()).result, ReadResult::kIdle);
  }

  for (int i = 0; i < 100; ++i) Event(1, "x");

  EXPECT_EQ(executor_.queued(), 1) << "the log, once; the waiters are woken by the executor";
  EXPECT_EQ(executor_.RunReady(), 1 + 10000);
  for (const auto& target : targets) ASSERT_EQ(target->runs(), 1);
}

TEST_F(EventLogTest, AppendTakesNoLockThatReaderHolds) {
  {
    const LogView reader(*log_);
    // Would hang here if it did; long enough for the writer to try to help.
    std::thread writer([this] {
      for (int i = 0; i < 3000; ++i) Event(1, "x");
      log_->Settle();
      log_->Close();
    });
    writer.join();
    EXPECT_EQ(reader.head(), 0);
  }

  Publish();

  EXPECT_EQ(LogView(*log_).head(), 3000);
}

TEST_F(EventLogTest, WriterDrainsLongInboxWhenExecutorIsBehind) {
  const int64_t before = LogEntry::LiveCount();

  for (int i = 0; i < 10000; ++i) Event(1, "x");

  EXPECT_GT(LogView(*log_).head(), 8000);
  EXPECT_LT(LogEntry::LiveCount() - before, 1500);
}

TEST_F(EventLogTest, RingIsBoundedByCount) {
  log_ = MakeLog({.max_entries = 3});
  for (int i = 0; i < 10; ++i) Event(1, "x");
  Publish();

  EXPECT_EQ(LogView(*log_).trimmed_through(), 7);
  EXPECT_EQ(budget_.trimmed_by_span(), 7);
}

TEST_F(EventLogTest, SupersededOctetsAreDroppedUntilSomebodyWantsHistory) {
  log_ = MakeStateLog();
  const int64_t before = LogEntry::LiveBytes();
  for (int i = 0; i < 100; ++i) Event(1, std::string(1000, 'x'));
  Publish();
  EXPECT_LT(LogEntry::LiveBytes() - before, 10'000);
  EXPECT_EQ(LogView(*log_).lost_through(), 99);
  EXPECT_EQ(LogView(*log_).trimmed_through(), 0);

  LogView(*log_).KeepHistory();
  for (int i = 0; i < 100; ++i) Event(1, std::string(1000, 'x'));
  Publish();

  EXPECT_GT(LogEntry::LiveBytes() - before, 100'000);
  EXPECT_EQ(LogView(*log_).lost_through(), 99);
}

TEST_F(EventLogTest, RingIsBoundedByOctetsButKeepsTheNewest) {
  log_ = MakeLog({.max_bytes = 5000});
  for (int i = 0; i < 10; ++i) Event(1, std::string(1000, 'x'));
  Publish();
  EXPECT_EQ(LogView(*log_).trimmed_through(), 6);

  Event(1, std::string(100000, 'x'));
  Publish();

  EXPECT_EQ(LogView(*log_).trimmed_through(), 10);
}

TEST_F(EventLogTest, TombstoneLeavesWithItsPlaceInTheRing) {
  log_ = MakeLog({.max_entries = 2});
  Event(1, "a");
  Ended(1);
  Event(2, "b");
  Publish();
  EXPECT_THAT(NewestSequences(), ElementsAre(2, 3));
  EXPECT_EQ(LogView(*log_).tombstone_floor(), 0);

  Event(2, "c");
  Publish();

  EXPECT_THAT(NewestSequences(), ElementsAre(4));
  EXPECT_EQ(LogView(*log_).tombstone_floor(), 2);
}

TEST_F(EventLogTest, SettleAndCloseAreSeenAfterWhatWasAppendedBefore) {
  Event(1, "a");
  log_->Settle();
  Publish();
  EXPECT_TRUE(LogView(*log_).settled());
  EXPECT_FALSE(LogView(*log_).closed());

  Status(v1::Subscription::TERMINATED);
  log_->Close();
  Publish();

  EXPECT_EQ(LogView(*log_).head(), 2);
  EXPECT_TRUE(LogView(*log_).closed());
}

TEST_F(EventLogTest, DestroyedLogGivesAllMemoryBack) {
  const int64_t bytes = LogEntry::LiveBytes();
  const int64_t count = LogEntry::LiveCount();
  Event(1, "a");
  Event(1, "b");
  Ended(1);
  Publish();
  Event(2, "still in the inbox");
  EXPECT_GT(LogEntry::LiveBytes(), bytes);
  EXPECT_GT(budget_.state_bytes(), 0);

  log_ = nullptr;
  executor_.RunReady();  // it was scheduled, and so shared

  EXPECT_EQ(LogEntry::LiveBytes(), bytes);
  EXPECT_EQ(LogEntry::LiveCount(), count);
  EXPECT_EQ(budget_.state_bytes(), 0);
}

TEST_F(EventLogTest, IdleLogIsSmall) {
  // There may be a million.
  EXPECT_LE(sizeof(EventLog), 400);
  EXPECT_LE(sizeof(LogEntry), 64);
}

}  // namespace
}  // namespace sipevents::gateway
