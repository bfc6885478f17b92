#include "gateway/watch/watch_reader.h"
#include "gmock/gmock.h"
#include "tests/gateway/watch/log_fixture.h"

// Watches that go on from a token.

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;

const WatchOptions kEvery{.every = true};

class WatchResumeTest : public LogFixture {};

TEST_F(WatchResumeTest, ResumeDeliversWhatFollowsWithEndedDialogsThenBookmark) {
  Event(1, "a");
  Event(2, "b");
  log_->Settle();
  Publish();
  const std::vector<v1::WatchItem> items = ReadAll(*Watch()).items;
  Event(1, "c");
  Event(1, "d");
  Ended(2);
  Publish();

  auto reader = Resume(items.back());

  EXPECT_THAT(Brief(ReadAll(*reader).items),
              ElementsAre("dialog-1=d+1", "ended dialog-2", "complete"));
}

TEST_F(WatchResumeTest, ResumeCountsSupersededEventsWhoseOctetsAreGone) {
  log_ = MakeStateLog();
  Event(1, "a");
  log_->Settle();
  Publish();
  const v1::WatchItem last = ReadAll(*Watch()).items.back();
  for (const char* value : {"b", "c", "d", "e"}) Event(1, value);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*Resume(last)).items), ElementsAre("dialog-1=e+3", "complete"));
}

TEST_F(WatchResumeTest, EveryResumedWhereNoHistoryWasKeptIsToldOfTheGap) {
  log_ = MakeStateLog();
  Event(1, "a");
  log_->Settle();
  Publish();
  const v1::WatchItem last = ReadAll(*Watch()).items.back();
  for (const char* value : {"b", "c"}) Event(1, value);
  Publish();

  auto reader = Resume(last, kEvery);
  EXPECT_THAT(Brief(ReadAll(*reader).items),
              ElementsAre("TRIMMED", "initial dialog-1=c", "complete"));
  for (const char* value : {"d", "e"}) Event(1, value);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*reader).items), ElementsAre("dialog-1=d", "dialog-1=e"));
}

TEST_F(WatchResumeTest, ResumeWithNothingMissedGetsBookmarkOnly) {
  Event(1, "a");
  log_->Settle();
  Publish();
  const std::vector<v1::WatchItem> items = ReadAll(*Watch()).items;

  EXPECT_THAT(Brief(ReadAll(*Resume(items.back())).items), ElementsAre("complete"));
  EXPECT_THAT(Brief(ReadAll(*Resume(items.back(), kEvery)).items), ElementsAre("complete"));
}

TEST_F(WatchResumeTest, ResumeOfLatestToleratesTrimmedEventsButNotTrimmedEnd) {
  log_ = MakeLog({.max_entries = 2});
  Event(1, "a");
  log_->Settle();
  Publish();
  const v1::WatchItem last = ReadAll(*Watch()).items.back();
  for (const char* value : {"b", "c", "d", "e"}) Event(1, value);
  Publish();
  EXPECT_THAT(Brief(ReadAll(*Resume(last)).items), ElementsAre("dialog-1=e+1", "complete"));
  EXPECT_THAT(Brief(ReadAll(*Resume(last, kEvery)).items),
              ElementsAre("TRIMMED", "initial dialog-1=e", "complete"));

  Ended(1);
  for (const char* value : {"f", "g"}) Event(2, value);
  Publish();

  EXPECT_THAT(Brief(ReadAll(*Resume(last)).items),
              ElementsAre("TRIMMED", "initial dialog-2=g", "complete"));
}

TEST_F(WatchResumeTest, ResumeAfterGapItemLeadsToSnapshotAgain) {
  log_ = MakeLog({.max_entries = 2});
  Event(1, "a");
  log_->Settle();
  Publish();
  const v1::WatchItem last = ReadAll(*Watch()).items.back();
  for (const char* value : {"b", "c", "d", "e"}) Event(1, value);
  Publish();
  const v1::WatchItem gap = ReadAll(*Resume(last, kEvery)).items.front();

  EXPECT_THAT(Brief(ReadAll(*Resume(gap, kEvery)).items),
              ElementsAre("TRIMMED", "initial dialog-1=e", "complete"));
}

TEST_F(WatchResumeTest, TokenOfOtherIncarnationLeadsToGap) {
  Event(1, "a");
  log_->Settle();
  Publish();
  const v1::WatchItem old = ReadAll(*Watch()).items.back();
  log_ = MakeLog({.max_entries = 2}, "uid-2");
  for (const char* value : {"b", "c", "d"}) Event(1, value);
  log_->Settle();
  Publish();

  const std::vector<v1::WatchItem> items = ReadAll(*Resume(old)).items;

  EXPECT_THAT(Brief(items), ElementsAre("LOG_REPLACED", "initial dialog-1=d", "complete"));
  EXPECT_THAT(Brief(ReadAll(*Resume(items[0])).items), ElementsAre("dialog-1=d+1", "complete"));
}

TEST_F(WatchResumeTest, TokenAheadOfHeadIsOfReplacedLog) {
  Event(1, "a");
  log_->Settle();
  Publish();
  v1::WatchItem forged;
  forged.set_resume_token(ResumeTokenEncoder(log_->identity()).Encode(2));

  EXPECT_THAT(Brief(ReadAll(*Resume(forged)).items),
              ElementsAre("LOG_REPLACED", "initial dialog-1=a", "complete"));
}

TEST_F(WatchResumeTest, FailOnGapFailsInsteadOfSnapshot) {
  log_ = MakeLog({.max_entries = 1});
  Event(1, "a");
  log_->Settle();
  Publish();
  auto reader = Watch({.every = true, .fail_on_gap = true});
  ReadAll(*reader);

  for (const char* value : {"b", "c"}) Event(1, value);
  Publish();

  EXPECT_EQ(ReadOnce(*reader).result, ReadResult::kGap);
  EXPECT_EQ(ReadOnce(*reader).result, ReadResult::kGap);
}

}  // namespace
}  // namespace sipevents::gateway
