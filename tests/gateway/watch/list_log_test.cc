#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/watch/newest_table.h"
#include "gmock/gmock.h"
#include "tests/gateway/watch/log_fixture.h"

// Logs of lists: a key per member of a dialog, thousands of them.

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr uint32_t kMembers = 10'000;
constexpr EntryKey kList = DialogKey(1);

EntryKey Member(uint32_t number) { return MemberKey(kList, number); }

std::vector<uint64_t> Sequences(const NewestTable& table) {
  std::vector<uint64_t> sequences;
  for (const EntryRef& entry : table) sequences.push_back(entry->sequence());
  return sequences;
}

EntryRef Entry(EntryKey key, uint64_t sequence) {
  return LogEntry::Make(EntryKind::kEvent, key, sequence, absl::UnixEpoch(), "x");
}

// The same table, kept the simple way.
class NewestTableTest : public ::testing::Test {
 protected:
  void Replace(EntryKey key) {
    table_.Remove(key);
    table_.Add(Entry(key, ++sequence_));
    std::erase_if(simple_, [&](const auto& known) { return known.first == key; });
    simple_.emplace_back(key, sequence_);
  }
  void Remove(EntryKey key) {
    const bool was_there =
        std::erase_if(simple_, [&](const auto& known) { return known.first == key; }) > 0;
    EXPECT_EQ(static_cast<bool>(table_.Remove(key)), was_there);
  }
  void ExpectTheSame() {
    std::vector<uint64_t> sequences;
    for (const auto& [key, sequence] : simple_) {
      sequences.push_back(sequence);
      ASSERT_NE(table_.Find(key), nullptr);
      EXPECT_EQ((*table_.Find(key))->sequence(), sequence);
      ASSERT_NE(table_.After(sequence - 1), nullptr);
      EXPECT_EQ((*table_.After(sequence - 1))->sequence(), sequence);
    }
    EXPECT_EQ(Sequences(table_), sequences);
    EXPECT_EQ(table_.size(), sequences.size());
    EXPECT_EQ(table_.After(sequence_), nullptr);
  }

  NewestTable table_;
  std::vector<std::pair<EntryKey, uint64_t>> simple_;
  uint64_t sequence_ = 0;
};

TEST_F(NewestTableTest, HoldsTheNewestOfEachKeyWithFewAndWithMany) {
  uint32_t chance = 12345;
  const auto next = [&](uint32_t below) {
    chance = chance * 1664525 + 1013904223;
    return (chance >> 8) % below;
  };
  // Grows over the bound of "few", and shrinks again, several times.
  for (const uint32_t keys : {5U, 20U, 200U, 40U, 3U, 500U, 10U}) {
    for (int i = 0; i < 600; ++i) Replace(next(keys));
    ExpectTheSame();
    for (uint32_t key = keys / 4; key < 500; ++key) Remove(key);
    ExpectTheSame();
  }
}

class ListLogTest : public LogFixture {
 protected:
  void SetUp() override { log_ = MakeStateLog(); }

  void TellAll() {
    for (uint32_t member = 1; member <= kMembers; ++member) Event(Member(member), "idle");
    log_->Settle();
    Publish();
  }
  size_t CountNewest() { return LogView(*log_).newest().size(); }
};

TEST_F(ListLogTest, SnapshotHasEveryMemberByAscendingSequence) {
  TellAll();
  Event(Member(3), "busy");
  Publish();

  auto reader = Watch();
  const ReadItems read = ReadAll(*reader);

  ASSERT_THAT(read.items, SizeIs(kMembers + 1));
  EXPECT_EQ(Brief(read.items.front()), absl::StrCat("initial dialog-", Member(1), "=idle"));
  EXPECT_EQ(Brief(read.items[kMembers - 1]), absl::StrCat("initial dialog-", Member(3), "=busy"));
  EXPECT_EQ(Brief(read.items.back()), "complete");
}

TEST_F(ListLogTest, SupersededCountsPerMember) {
  TellAll();
  auto reader = Watch();
  ReadAll(*reader);

  for (const char* state : {"a", "b", "c"}) Event(Member(7), state);
  Event(Member(8), "d");
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre(absl::StrCat("dialog-", Member(7), "=c+2"),
                                                         absl::StrCat("dialog-", Member(8), "=d")));
}

TEST_F(ListLogTest, ResumedWatchGetsWhatChangedSince) {
  TellAll();
  auto reader = Watch();
  const ReadItems read = ReadAll(*reader);
  Event(Member(7), "busy");
  log_->AppendDialogEnded(Member(8), EndedPayload(Member(8)), NextTime());
  Publish();

  auto resumed = Resume(read.items.back());

  EXPECT_THAT(Brief(ReadAll(*resumed).items),
              ElementsAre(absl::StrCat("dialog-", Member(7), "=busy"),
                          absl::StrCat("ended dialog-", Member(8)), "complete"));
}

TEST_F(ListLogTest, EndOfTheDialogIsTheEndOfItsMembersOnly) {
  TellAll();
  const EntryKey other = MemberKey(DialogKey(2), 1);
  Event(other, "stays");
  auto reader = Watch();
  ReadAll(*reader);
  auto late = Watch();
  Event(Member(5), "last");

  log_->AppendDialogEnded(kList, EndedPayload(kList), NextTime());
  Publish();

  EXPECT_EQ(CountNewest(), 2) << "the other dialog's member, and the end";
  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre(absl::StrCat("ended dialog-", kList)));
  // Nobody waits for members that will not come.
  EXPECT_THAT(Brief(ReadAll(*late).items),
              ElementsAre(absl::StrCat("initial dialog-", other, "=stays"),
                          absl::StrCat("ended dialog-", kList), "complete"));
  auto after = Watch();
  EXPECT_THAT(Brief(ReadAll(*after).items),
              ElementsAre(absl::StrCat("initial dialog-", other, "=stays"), "complete"));
}

TEST_F(ListLogTest, StateOfMembersIsCountedAndGivenBack) {
  TellAll();
  EXPECT_GT(budget_.state_bytes(), kMembers * 50);

  log_->AppendDialogEnded(kList, EndedPayload(kList), NextTime());
  Publish();

  EXPECT_LT(budget_.state_bytes(), 200);
  log_.reset();
  EXPECT_EQ(budget_.state_bytes(), 0);
}

TEST_F(ListLogTest, MembersThatLeaveAreForgottenWithTheRing) {
  TellAll();
  for (uint32_t member = 1; member <= kMembers; ++member) {
    log_->AppendDialogEnded(Member(member), EndedPayload(Member(member)), NextTime());
  }
  Publish();

  EXPECT_LE(CountNewest(), LogLimits().max_entries);
  auto reader = Watch();
  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("complete(empty)"));
}

}  // namespace
}  // namespace sipevents::gateway
