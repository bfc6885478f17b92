#include "sip/stack/answer_log.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

AnswerLog::Entry EntryOf(uint64_t number, std::string_view answer) {
  return {{number, number + 1}, {}, absl::UnixEpoch() + absl::Seconds(number), answer};
}

TEST(AnswerLogTest, EntriesAreFoundByNumberUntilTheyAreDropped) {
  // Given more answers than fit into one piece of memory, one of them larger than a piece.
  AnswerLog log;
  constexpr uint64_t kCount = 5000;
  for (uint64_t i = 0; i < kCount; ++i) {
    const std::string answer = i == 77 ? std::string(300'000, 'x') : absl::StrCat("answer ", i);
    ASSERT_EQ(log.Add(EntryOf(i, answer)), i);
  }

  // When half of them are dropped.
  for (uint64_t i = 0; i < kCount / 2; ++i) {
    ASSERT_EQ(log.first(), i);
    ASSERT_EQ(log.Front().transaction.first, i);
    ASSERT_EQ(log.Front().answer.size(), i == 77 ? 300'000 : absl::StrCat("answer ", i).size());
    log.DropFront();
  }

  // Then the others are there as they were.
  EXPECT_EQ(log.size(), kCount / 2);
  for (uint64_t i = kCount / 2; i < kCount; ++i) {
    EXPECT_EQ(log.At(i).answer, absl::StrCat("answer ", i));
    EXPECT_EQ(log.At(i).until, absl::UnixEpoch() + absl::Seconds(i));
  }
}

TEST(AnswerLogTest, NumbersGoOnAfterAllIsDropped) {
  // Given a log whose only entry was dropped.
  AnswerLog log;
  log.Add(EntryOf(1, "one"));
  log.DropFront();
  ASSERT_TRUE(log.empty());

  // When another one comes.
  const uint64_t number = log.Add(EntryOf(2, ""));

  // Then it has the next number.
  EXPECT_EQ(number, 1);
  EXPECT_EQ(log.At(1).transaction.first, 2);
  EXPECT_EQ(log.At(1).answer, "");
}

}  // namespace
}  // namespace sipevents::sip
