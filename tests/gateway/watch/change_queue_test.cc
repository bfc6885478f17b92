#include "gateway/watch/change_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Thing final : public Changing {
 public:
  Thing(std::string name, int version, bool gone = false)
      : name_(std::move(name)), version_(version), gone_(gone) {}
  const std::string& name() const override { return name_; }
  bool gone() const override { return gone_; }
  std::string EncodeItem() const override { return name_ + std::to_string(version_); }

 private:
  const std::string name_;
  const int version_;
  const bool gone_;
};

bool Put(ChangeQueue& queue, const std::string& name, int version, bool gone = false) {
  return queue.Put(std::make_shared<Thing>(name, version, gone));
}

// What it gives, with `!` where the bookmark comes.
std::vector<std::string> TakeAll(ChangeQueue& queue, size_t at_once = 100) {
  std::vector<std::string> told;
  while (true) {
    const ChangeQueue::Taken taken = queue.Take(at_once);
    for (const auto& thing : taken.things) told.push_back(thing->EncodeItem());
    if (taken.initial_complete) told.emplace_back("!");
    if (!taken.more) return told;
  }
}

TEST(ChangeQueueTest, SnapshotBookmarkAndWhatFollowsComeInOrder) {
  ChangeQueue queue(10);
  Put(queue, "a", 1);
  Put(queue, "b", 1);
  queue.CompleteInitial();
  Put(queue, "c", 1);

  EXPECT_THAT(TakeAll(queue), ElementsAre("a1", "b1", "!", "c1"));
}

TEST(ChangeQueueTest, BookmarkComesOnceAndOfNothingToo) {
  ChangeQueue queue(10);
  queue.CompleteInitial();

  EXPECT_THAT(TakeAll(queue), ElementsAre("!"));
  EXPECT_THAT(TakeAll(queue), IsEmpty());
}

TEST(ChangeQueueTest, SlowReaderGetsTheNewestOfEach) {
  ChangeQueue queue(10);
  Put(queue, "a", 1);
  Put(queue, "b", 1);
  Put(queue, "a", 2);
  Put(queue, "a", 3);

  EXPECT_THAT(TakeAll(queue), ElementsAre("a3", "b1"));
}

TEST(ChangeQueueTest, WhatCameAndWentUnseenIsNotTold) {
  ChangeQueue queue(10);
  Put(queue, "a", 1);
  Put(queue, "a", 2, /*gone=*/true);
  Put(queue, "b", 1, /*gone=*/true);

  EXPECT_THAT(TakeAll(queue), IsEmpty());
}

TEST(ChangeQueueTest, EndOfWhatWasToldIsTold) {
  ChangeQueue queue(10);
  Put(queue, "a", 1);
  ASSERT_THAT(TakeAll(queue), ElementsAre("a1"));

  Put(queue, "a", 2, /*gone=*/true);

  EXPECT_THAT(TakeAll(queue), ElementsAre("a2"));
  Put(queue, "a", 3, /*gone=*/true);
  EXPECT_THAT(TakeAll(queue), IsEmpty());
}

TEST(ChangeQueueTest, PartsOfASnapshotKeepTheBookmarkLast) {
  ChangeQueue queue(10);
  for (const char* name : {"a", "b", "c"}) Put(queue, name, 1);
  queue.CompleteInitial();

  EXPECT_THAT(TakeAll(queue, 2), ElementsAre("a1", "b1", "c1", "!"));
}

TEST(ChangeQueueTest, ThingsAreBoundedAndThoseThatGoMakeRoom) {
  ChangeQueue queue(2);
  EXPECT_TRUE(Put(queue, "a", 1));
  EXPECT_TRUE(Put(queue, "b", 1));
  EXPECT_FALSE(Put(queue, "c", 1));
  EXPECT_TRUE(Put(queue, "a", 2));

  TakeAll(queue);
  EXPECT_FALSE(Put(queue, "c", 1));  // the reader knows of a and b
  Put(queue, "a", 3, /*gone=*/true);
  TakeAll(queue);

  EXPECT_TRUE(Put(queue, "c", 1));
}

}  // namespace
}  // namespace sipevents::gateway
