#include "gateway/watch/watch_set.h"

#include <malloc.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/gateway/watch/log_fixture.h"

// Many watches that take turns. The octets are parsed by protobuf.

namespace sipevents::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr size_t kPlenty = size_t{1} << 20;

// "7:initial dialog-1=open", "7:removed SUBSCRIPTION_TERMINATED", "7:error RESUME_TOKEN_EXPIRED".
std::string BriefOf(const v1::WatchManyItem& item) {
  std::string what = "nothing";
  if (item.has_item()) what = Brief(item.item());
  if (item.has_error()) what = absl::StrCat("error ", item.error().reason());
  if (item.has_removed()) {
    what = absl::StrCat("removed ", v1::WatchRemoved::Reason_Name(item.removed().reason()));
  }
  return absl::StrCat(item.watch_id(), ":", what);
}

class WatchSetTest : public LogFixture {
 protected:
  std::vector<v1::WatchManyItem> FillItems(int max_items = 1000, size_t max_bytes = kPlenty) {
    executor_.RunReady();
    batch_.Clear();
    set_->Fill(max_items, max_bytes, batch_);
    v1::WatchManyResponse response;
    EXPECT_TRUE(response.ParseFromString(batch_.bytes));
    EXPECT_EQ(response.items_size(), batch_.items);
    return {response.items().begin(), response.items().end()};
  }

  std::vector<std::string> Fill(int max_items = 1000, size_t max_bytes = kPlenty) {
    std::vector<std::string> brief;
    for (const v1::WatchManyItem& item : FillItems(max_items, max_bytes)) {
      brief.push_back(BriefOf(item));
    }
    return brief;
  }

  OpenedWatch Opened(std::shared_ptr<EventLog> log, WatchOptions reading = {}) {
    return {.log = std::move(log),
            .lease = lease_,
            .package_metrics = &metrics_.ForPackage("presence"),
            .reading = reading};
  }

  // A settled log in which dialog 1 has said this much.
  std::shared_ptr<EventLog> Spoken(int events) {
    auto log = MakeLog();
    for (int i = 1; i <= events; ++i) Say(*log, absl::StrCat(i));
    log->Settle();
    return log;
  }

  void Say(EventLog& log, std::string_view value, EntryKey key = 1) {
    log.AppendEvent(key, EventPayload(key, value), NextTime());
  }

  static WatchOptions Every() {
    WatchOptions reading;
    reading.every = true;
    return reading;
  }

  Metrics metrics_{[](std::string_view) { return true; }};
  std::shared_ptr<int> lease_ = std::make_shared<int>(0);
  std::shared_ptr<CountingTarget> owner_ = std::make_shared<CountingTarget>();
  std::optional<WatchSet> set_{std::in_place, owner_};
  WatchBatch batch_;
};

TEST_F(WatchSetTest, EachWatchTellsWhatAWatchStreamWouldUnderItsId) {
  const auto log = Spoken(1);
  set_->Add(7, Opened(log), std::nullopt);
  set_->Add(1'000'000'000'000, Opened(Spoken(0)), std::nullopt);

  EXPECT_THAT(Fill(),
              ElementsAre("7:initial dialog-1=1", "7:complete", "1000000000000:complete(empty)"));

  Say(*log, "2");
  EXPECT_THAT(Fill(), ElementsAre("7:dialog-1=2"));
  EXPECT_THAT(Fill(), IsEmpty());
}

TEST_F(WatchSetTest, NewsOfManyWatchesCallsTheOwnerOnceUntilItLooks) {
  std::vector<std::shared_ptr<EventLog>> logs;
  for (uint64_t id = 1; id <= 100; ++id) {
    logs.push_back(Spoken(0));
    set_->Add(id, Opened(logs.back()), std::nullopt);
  }
  Fill();
  const int before = owner_->runs();

  for (const auto& log : logs) Say(*log, "news");
  Publish();

  EXPECT_EQ(owner_->runs(), before + 1);
  EXPECT_TRUE(set_->HasReady());
  EXPECT_THAT(Fill(), SizeIs(100));
  EXPECT_FALSE(set_->HasReady());
}

TEST_F(WatchSetTest, WatchWithoutNewsIsNotLookedAt) {
  const auto quiet = Spoken(0);
  const auto busy = Spoken(0);
  set_->Add(1, Opened(quiet), std::nullopt);
  set_->Add(2, Opened(busy), std::nullopt);
  Fill();

  Say(*busy, "news");
  EXPECT_THAT(Fill(), ElementsAre("2:dialog-1=news"));

  EXPECT_EQ(quiet->CountWaiting(), 1) << "it waits in its log, not in the set";
}

TEST_F(WatchSetTest, BusyWatchTellsATurnAndThenTheOthersGo) {
  set_->Add(1, Opened(Spoken(100), Every()), std::nullopt);
  Fill();
  const auto busy = Spoken(0);
  const auto calm = Spoken(0);
  set_->Add(2, Opened(busy, Every()), std::nullopt);
  set_->Add(3, Opened(calm, Every()), std::nullopt);
  Fill();
  for (int i = 0; i < 100; ++i) Say(*busy, "x");
  Say(*calm, "now");

  const std::vector<std::string> told = Fill();

  ASSERT_THAT(told, SizeIs(101));
  // Before its second turn, whoever was first in the queue.
  const auto place = std::find(told.begin(), told.end(), "3:dialog-1=now") - told.begin();
  EXPECT_THAT(place, AllOf(Ge(0), Le(WatchSet::kTurnItems)));
}

TEST_F(WatchSetTest, BatchClosesAtItsItemsAndGoesOnWhereItWas) {
  for (uint64_t id = 1; id <= 5; ++id) set_->Add(id, Opened(Spoken(1)), std::nullopt);

  EXPECT_THAT(Fill(3), ElementsAre("1:initial dialog-1=1", "1:complete", "2:initial dialog-1=1"));
  EXPECT_TRUE(batch_.full);
  // The second goes behind the others: it has had its turn, though a short one.
  EXPECT_THAT(Fill(3), ElementsAre("3:initial dialog-1=1", "3:complete", "4:initial dialog-1=1"));
  EXPECT_THAT(Fill(100), SizeIs(4));
  EXPECT_FALSE(batch_.full);
}

TEST_F(WatchSetTest, BatchClosesAtItsOctetsOverAllWatches) {
  const std::string large(1000, 'x');
  for (uint64_t id = 1; id <= 10; ++id) {
    const auto log = MakeLog();
    Say(*log, large);
    set_->Add(id, Opened(log), std::nullopt);
  }

  EXPECT_THAT(Fill(1000, 3000), SizeIs(3));

  EXPECT_TRUE(batch_.full);
  EXPECT_THAT(Fill(), SizeIs(7));
}

TEST_F(WatchSetTest, CreditIsSpentItemByItemAndThenTheNewestStateWaits) {
  const auto log = Spoken(1);
  set_->Add(1, Opened(log), /*credit=*/3);
  EXPECT_THAT(Fill(), ElementsAre("1:initial dialog-1=1", "1:complete"));

  Say(*log, "2");
  EXPECT_THAT(Fill(), ElementsAre("1:dialog-1=2"));
  for (const char* value : {"3", "4", "5"}) Say(*log, value);
  EXPECT_THAT(Fill(), IsEmpty());

  EXPECT_TRUE(set_->Grant(1, 2));
  EXPECT_THAT(Fill(), ElementsAre("1:dialog-1=5+2")) << "one item for three";
  Say(*log, "6");
  EXPECT_THAT(Fill(), ElementsAre("1:dialog-1=6"));
  Say(*log, "7");
  EXPECT_THAT(Fill(), IsEmpty());
}

TEST_F(WatchSetTest, WatchWithoutCreditDelaysNoOther) {
  const auto stalled = Spoken(1);
  const auto other = Spoken(1);
  set_->Add(1, Opened(stalled), /*credit=*/0);
  set_->Add(2, Opened(other), std::nullopt);

  EXPECT_THAT(Fill(), ElementsAre("2:initial dialog-1=1", "2:complete"));
  EXPECT_FALSE(set_->HasReady());

  EXPECT_TRUE(set_->Grant(1, 1));
  EXPECT_THAT(Fill(), ElementsAre("1:initial dialog-1=1"));
  EXPECT_TRUE(set_->Grant(1, 100));
  EXPECT_THAT(Fill(), ElementsAre("1:complete"));
}

TEST_F(WatchSetTest, GrantToAnUnlimitedWatchDoesNotLimitIt) {
  const auto log = Spoken(0);
  set_->Add(1, Opened(log, Every()), std::nullopt);
  Fill();

  EXPECT_TRUE(set_->Grant(1, 1));
  for (int i = 0; i < 3; ++i) Say(*log, "x");

  EXPECT_THAT(Fill(), SizeIs(3));
  EXPECT_FALSE(set_->Grant(2, 1));
}

TEST_F(WatchSetTest, RemovedWatchTellsNothingMoreAndLetsItsSubscriptionGo) {
  const auto log = Spoken(1);
  set_->Add(1, Opened(log), std::nullopt);
  set_->Add(2, Opened(Spoken(1)), std::nullopt);
  EXPECT_EQ(lease_.use_count(), 3);

  EXPECT_TRUE(set_->Remove(1));

  EXPECT_EQ(lease_.use_count(), 2);
  EXPECT_FALSE(set_->Has(1));
  EXPECT_FALSE(set_->Remove(1));
  Say(*log, "2");
  EXPECT_THAT(Fill(), ElementsAre("2:initial dialog-1=1", "2:complete"));
  EXPECT_EQ(log->CountWaiting(), 0);
}

TEST_F(WatchSetTest, WatchThatIsRemovedWhileItsNewsIsOnTheWayIsForgotten) {
  const auto log = Spoken(0);
  set_->Add(1, Opened(log), std::nullopt);
  Fill();
  Say(*log, "late");
  Publish();  // the set has been told

  EXPECT_TRUE(set_->Remove(1));
  set_->Add(1, Opened(Spoken(0)), std::nullopt);  // the id is free

  EXPECT_THAT(Fill(), ElementsAre("1:complete(empty)"));
}

TEST_F(WatchSetTest, EndOfASubscriptionIsTheLastItemOfItsWatch) {
  const auto log = Spoken(1);
  set_->Add(1, Opened(log), std::nullopt);
  set_->Add(2, Opened(Spoken(0)), std::nullopt);
  Fill();

  log->AppendStatus(StatusPayload(v1::Subscription::TERMINATED), NextTime());
  log->Close();

  EXPECT_THAT(Fill(), ElementsAre("1:TERMINATED", "1:removed SUBSCRIPTION_TERMINATED"));
  EXPECT_FALSE(set_->Has(1));
  EXPECT_TRUE(set_->Has(2));
}

TEST_F(WatchSetTest, GapEndsOneWatchWhereItAskedForThatAndNoOther) {
  const auto log = MakeLog({.max_entries = 2});
  Say(*log, "1");
  set_->Add(1, Opened(log, Every()), std::nullopt);
  WatchOptions strict = Every();
  strict.fail_on_gap = true;
  set_->Add(2, Opened(log, strict), std::nullopt);
  Fill();

  for (int i = 0; i < 5; ++i) Say(*log, "x");
  Publish();
  const std::vector<v1::WatchManyItem> told = FillItems();

  bool failed = false;
  bool gap = false;
  for (const v1::WatchManyItem& item : told) {
    if (item.watch_id() == 2) {
      failed = true;
      EXPECT_EQ(item.error().reason(), "RESUME_TOKEN_EXPIRED");
      EXPECT_EQ(item.error().code(), static_cast<int>(absl::StatusCode::kOutOfRange));
      EXPECT_EQ(item.error().details_size(), 1);
    } else {
      gap = gap || item.item().has_gap();
    }
  }
  EXPECT_TRUE(failed);
  EXPECT_TRUE(gap);
  EXPECT_FALSE(set_->Has(2));
  EXPECT_TRUE(set_->Has(1));
}

// Where there is room for the gap only, the bookmark that it owes comes with the next turn.
TEST_F(WatchSetTest, TurnThatEndsBehindAGapIsFollowedByTheBookmark) {
  const auto log = Spoken(0);
  WatchOptions resumed;
  resumed.resume = *ResumeToken::Decode(ResumeTokenEncoder({kLogName, "older", 3}).Encode(9));
  set_->Add(1, Opened(log, resumed), std::nullopt);

  EXPECT_THAT(Fill(1), ElementsAre("1:LOG_REPLACED"));
  EXPECT_THAT(Fill(1), ElementsAre("1:complete(empty)"));
  EXPECT_THAT(Fill(1), IsEmpty());
}

// The stream is cut after every item; what the client then knows is the same each time.
TEST_F(WatchSetTest, CutAfterEveryItemAndResumedEveryWatchReachesItsState) {
  std::map<uint64_t, std::shared_ptr<EventLog>> logs;
  for (const uint64_t id : {1, 2, 3}) logs[id] = Spoken(2);
  std::map<uint64_t, std::map<std::string, std::string>> known;  // state of each dialog
  std::map<uint64_t, std::string> tokens;
  int round = 0;

  for (size_t told = 1; told > 0; ++round) {
    ASSERT_LT(round, 100);
    set_.emplace(owner_);
    for (const auto& [id, log] : logs) {
      WatchOptions reading;
      if (tokens.contains(id)) reading.resume = *ResumeToken::Decode(tokens[id]);
      set_->Add(id, Opened(log, reading), std::nullopt);
    }
    told = 0;
    for (int skip = 0; told == 0 && skip < 10; ++skip) {
      for (const v1::WatchManyItem& item : FillItems(1)) {
        tokens[item.watch_id()] = item.item().resume_token();
        if (!item.item().has_event()) continue;
        const v1::Event& event = item.item().event();
        known[item.watch_id()][event.dialog()] = event.body().data();
        ++told;  // cut here
      }
    }
    if (round < 5) {
      for (const auto& [id, log] : logs) Say(*log, absl::StrCat("round ", round), 1 + round % 2);
    }
  }

  for (const uint64_t id : {1, 2, 3}) {
    EXPECT_EQ(known[id]["dialog-1"], "round 4");
    EXPECT_EQ(known[id]["dialog-2"], "round 3");
  }
}

// What a watch takes beside its Subscription, as docs/performance.md says.
TEST_F(WatchSetTest, WatchTakesLessThanAKilobyte) {
  constexpr int kWatches = 10'000;
  const auto log = Spoken(1);
  const size_t before = mallinfo2().uordblks;

  for (uint64_t id = 1; id <= kWatches; ++id) set_->Add(id, Opened(log), std::nullopt);
  while (!Fill(1000).empty()) continue;

  const size_t each = (mallinfo2().uordblks - before) / kWatches;
  RecordProperty("octets_per_watch", static_cast<int>(each));
  EXPECT_LT(each, 1024);
}

TEST_F(WatchSetTest, ReleaseGoesInSlices) {
  for (uint64_t id = 1; id <= 10; ++id) set_->Add(id, Opened(Spoken(0)), std::nullopt);

  EXPECT_TRUE(set_->Release(4));
  EXPECT_EQ(set_->size(), 6);
  EXPECT_FALSE(set_->Release(100));

  EXPECT_EQ(lease_.use_count(), 1);
  EXPECT_THAT(Fill(), IsEmpty());
}

TEST_F(WatchSetTest, NewsAfterItsEndIsNobodysAndLeaksNothing) {
  const auto log = Spoken(0);
  set_->Add(1, Opened(log), std::nullopt);
  Fill();
  Say(*log, "news");
  Publish();

  set_.reset();
  Say(*log, "more");
  Publish();

  EXPECT_EQ(lease_.use_count(), 1);
}

}  // namespace
}  // namespace sipevents::gateway
