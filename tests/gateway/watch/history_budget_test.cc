#include "gateway/watch/history_budget.h"

#include "gmock/gmock.h"
#include "tests/gateway/watch/log_fixture.h"

namespace sipevents::gateway {
namespace {

class HistoryBudgetTest : public LogFixture {
 protected:
  // Appends one event of 1000 octets to each log in turn, `rounds` times.
  void AppendInTurn(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (const auto& log : logs_) {
        log->AppendEvent(1, std::string(1000, 'x'), NextTime());
        Publish();
      }
    }
  }

  const int64_t before_ = LogEntry::LiveBytes();
  std::vector<std::shared_ptr<EventLog>> logs_;
};

TEST_F(HistoryBudgetTest, BelowBoundNothingIsTrimmed) {
  for (int i = 0; i < 3; ++i) logs_.push_back(MakeLog());

  AppendInTurn(20);

  EXPECT_EQ(budget_.trimmed_by_memory(), 0);
  EXPECT_EQ(LogView(*logs_[0]).trimmed_through(), 0);
}

TEST_F(HistoryBudgetTest, OldestOverAllLogsGoFirst) {
  for (int i = 0; i < 3; ++i) logs_.push_back(MakeLog());
  AppendInTurn(5);
  logs_.push_back(MakeLog());
  AppendInTurn(10);

  budget_.SetMaxBytes(before_ + 20'000);
  budget_.Enforce();

  EXPECT_GT(budget_.trimmed_by_memory(), 0);
  EXPECT_LE(LogEntry::LiveBytes(), before_ + 20'000);
  absl::Time last_trimmed = absl::InfinitePast();
  absl::Time first_kept = absl::InfiniteFuture();
  for (const auto& log : logs_) {
    const LogView view(*log);
    const bool began_late = log == logs_.back();
    ASSERT_LT(view.trimmed_through(), view.head());
    first_kept = std::min(first_kept, view.At(view.trimmed_through() + 1)->receive_time());
    // The log with index i appended its n-th event (from 1) at second 3(n-1)+i+1, and in the
    // second part at 15+4(n-6)+i+1; the late one at 15+4(n-1)+4.
    const auto trimmed = static_cast<int64_t>(view.trimmed_through());
    const int64_t index = std::find(logs_.begin(), logs_.end(), log) - logs_.begin();
    if (trimmed == 0) continue;
    const int64_t second = began_late     ? 15 + 4 * (trimmed - 1) + 4
                           : trimmed <= 5 ? 3 * (trimmed - 1) + index + 1
                                          : 15 + 4 * (trimmed - 6) + index + 1;
    last_trimmed = std::max(last_trimmed, absl::FromUnixSeconds(second));
  }
  EXPECT_LT(last_trimmed, first_kept);
}

TEST_F(HistoryBudgetTest, NewestEntriesStayAndStateOverBoundIsTold) {
  for (int i = 0; i < 3; ++i) logs_.push_back(MakeLog());
  AppendInTurn(4);
  EXPECT_FALSE(budget_.StateBytesOverBound());

  budget_.SetMaxBytes(2000);
  budget_.Enforce();

  EXPECT_TRUE(budget_.StateBytesOverBound());
  EXPECT_EQ(budget_.live_bytes() - before_, budget_.state_bytes());
  for (const auto& log : logs_) {
    const LogView view(*log);
    EXPECT_EQ(view.trimmed_through(), 4);
    ASSERT_EQ(view.newest().size(), 1);
    EXPECT_EQ((*view.newest().begin())->sequence(), 4);
  }
}

TEST_F(HistoryBudgetTest, MemoryStaysWithinBoundUnderManyEvents) {
  for (int i = 0; i < 20; ++i) logs_.push_back(MakeLog());
  const int64_t bound = before_ + 100'000;
  budget_.SetMaxBytes(bound);

  for (int round = 0; round < 200; ++round) {
    AppendInTurn(1);
    ASSERT_LE(LogEntry::LiveBytes(), bound);
  }

  EXPECT_GT(LogEntry::LiveBytes(), bound * 9 / 10) << "trims no more than it must";
  EXPECT_GT(budget_.trimmed_by_memory(), 3000);
}

TEST_F(HistoryBudgetTest, LogTrimmedEmptyIsTrimmedAgainLater) {
  logs_.push_back(MakeLog());
  AppendInTurn(3);
  budget_.SetMaxBytes(0);
  budget_.Enforce();
  ASSERT_EQ(budget_.trimmed_by_memory(), 3);

  AppendInTurn(2);

  EXPECT_EQ(budget_.trimmed_by_memory(), 5);
}

TEST_F(HistoryBudgetTest, LogThatTrimmedItselfMeanwhileKeepsItsOrder) {
  logs_.push_back(MakeLog({.max_entries = 2}));
  AppendInTurn(1);  // the budget knows it by its first entry
  auto other = MakeLog();
  other->AppendEvent(1, std::string(1000, 'y'), NextTime());
  other->AppendEvent(1, std::string(1000, 'y'), NextTime());
  AppendInTurn(5);  // whose place is now behind `other`

  budget_.SetMaxBytes(LogEntry::LiveBytes() - 1);
  budget_.Enforce();

  EXPECT_EQ(LogView(*other).trimmed_through(), 1);
  EXPECT_EQ(LogView(*logs_[0]).trimmed_through(), 4) << "by itself";
}

TEST_F(HistoryBudgetTest, DestroyedLogIsForgotten) {
  logs_.push_back(MakeLog());
  AppendInTurn(3);
  logs_.clear();
  auto living = MakeLog();
  living->AppendEvent(1, "x", NextTime());
  living->AppendEvent(1, "y", NextTime());
  Publish();

  budget_.SetMaxBytes(0);
  budget_.Enforce();

  EXPECT_EQ(LogView(*living).trimmed_through(), 2);
}

TEST_F(HistoryBudgetTest, TrimmedTombstoneIsNoStateAnyMore) {
  Event(1, "x");
  Ended(1);
  Publish();
  ASSERT_GT(budget_.state_bytes(), 0);

  budget_.SetMaxBytes(0);
  budget_.Enforce();

  EXPECT_EQ(budget_.state_bytes(), 0);
  EXPECT_EQ(LogView(*log_).tombstone_floor(), 2);
}

}  // namespace
}  // namespace sipevents::gateway
