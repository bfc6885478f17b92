#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Who is told of watchers when there are many: some in each turn of the loop.

namespace sipevents::sip {
namespace {

using ::testing::SizeIs;

class NotifierObserversTest : public NotifierTest {
 protected:
  static std::string Uri(int i) { return absl::StrCat("sip:w", i, "@example.com"); }

  // So many watchers of alice's presence, active.
  void SubscribeMany(int count) {
    for (int i = 0; i < count; ++i) notifier_.OnSubscribe(Initial(Uri(i)), "");
    Settle();
    AnswerAll();
  }
  std::shared_ptr<HeardWatchers> Observe(const WatcherFilter& filter = {}) {
    auto observer = std::make_shared<HeardWatchers>();
    notifier_.Observe(filter, observer);
    return observer;
  }
  static std::vector<WatcherRecord> About(const HeardWatchers& observer, const std::string& uri) {
    std::vector<WatcherRecord> heard;
    for (const WatcherRecord& record : observer.heard) {
      if (record.watcher_uri == uri) heard.push_back(record);
    }
    return heard;
  }
};

TEST_F(NotifierObserversTest, FewAreToldAtOnce) {
  SubscribeMany(1000);
  const auto observer = Observe();
  EXPECT_EQ(observer->initial, 1000u);
}

TEST_F(NotifierObserversTest, ManyAreToldInTurnsEachOnceInTheirOrder) {
  SubscribeMany(2500);
  for (const WatcherFilter& filter : {WatcherFilter{}, WatcherFilter{.resource_uri = kAlice}}) {
    const auto observer = Observe(filter);
    EXPECT_THAT(observer->heard, SizeIs(1000));
    EXPECT_EQ(observer->initial, SIZE_MAX);
    Settle();
    EXPECT_EQ(observer->initial, 2500u);
    ASSERT_THAT(observer->heard, SizeIs(2500));
    for (int i = 0; i < 2500; ++i) EXPECT_EQ(observer->heard[i].watcher_uri, Uri(i));
  }
}

// However many others there are.
TEST_F(NotifierObserversTest, FewOfOneResourceAreToldAtOnce) {
  SubscribeMany(2500);
  Subscribe(kBob, "dialog");
  IncomingRequest request = Initial(kCarol);
  request.request_uri = kBob;
  Send(request);
  const auto observer = Observe({.resource_uri = kBob});
  EXPECT_EQ(observer->initial, 1u);
  EXPECT_EQ(Observe({.resource_uri = "sip:nobody@example.com"})->initial, 0u);
}

// The same for a list: no step looks at more than a thousand.
TEST_F(NotifierObserversTest, ListGoesOnInSteps) {
  SubscribeMany(2500);
  std::vector<WatcherRecord> records;
  const WatcherFilter filter{.watcher_uri = Uri(2400)};
  std::string next = notifier_.ListSome(filter, "", 5, records);
  EXPECT_NE(next, "");
  EXPECT_THAT(records, SizeIs(0));
  next = notifier_.ListSome(filter, next, 5, records);
  EXPECT_NE(next, "");
  EXPECT_EQ(notifier_.ListSome(filter, next, 5, records), "");
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].watcher_uri, Uri(2400));
}

TEST_F(NotifierObserversTest, ListEndsAtItsLimit) {
  SubscribeMany(1500);
  std::vector<WatcherRecord> records;
  const std::string next = notifier_.ListSome({}, "", 1200, records);
  EXPECT_EQ(notifier_.ListSome({}, next, 1200, records), "");
  ASSERT_THAT(records, SizeIs(1200));
  for (int i = 0; i < 1200; ++i) EXPECT_EQ(records[i].watcher_uri, Uri(i));
  EXPECT_EQ(notifier_.ListSome({}, records.back().id, 1200, records), "");  // it is full
}

TEST_F(NotifierObserversTest, OneIsFoundByItsId) {
  SubscribeMany(1500);
  const std::string id = notifier_.List({}, "", 1500).back().id;
  std::vector<WatcherRecord> records;
  EXPECT_EQ(notifier_.ListSome({.id = id}, "", 1, records), "");
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].id, id);
  for (const char* const unknown : {"w1", "x", "w", "1"}) {
    EXPECT_THAT(notifier_.List({.id = unknown}, "", 1), SizeIs(0)) << unknown;
  }
  EXPECT_EQ(notifier_.ListSome({}, "wrong", 9, records), "");
  EXPECT_THAT(records, SizeIs(1));
}

// It is how many are looked at that counts.
TEST_F(NotifierObserversTest, FewOfManyAreFoundInTurnsToo) {
  SubscribeMany(2500);
  const auto observer = Observe({.watcher_uri = Uri(2400)});
  EXPECT_THAT(observer->heard, SizeIs(0));
  EXPECT_EQ(observer->initial, SIZE_MAX);
  Settle();
  EXPECT_EQ(observer->initial, 1u);
}

TEST_F(NotifierObserversTest, ChangesMeanwhileAreToldOfThoseThatWereTold) {
  SubscribeMany(2500);
  const auto observer = Observe();
  ASSERT_TRUE(policy_.Set({kAlice, "presence", Uri(0), WatcherDecision::kDeny}).ok());
  ASSERT_TRUE(policy_.Set({kAlice, "presence", Uri(2000), WatcherDecision::kDeny}).ok());

  notifier_.OnRule(kAlice, "presence", Uri(0));     // was told
  notifier_.OnRule(kAlice, "presence", Uri(2000));  // was not
  notifier_.OnSubscribe(Initial(kBob), "");         // came later
  Settle();

  const auto told = About(*observer, Uri(0));
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[1].status, WatcherStatus::kTerminated);
  const auto told_later = About(*observer, Uri(2000));
  ASSERT_THAT(told_later, SizeIs(1));
  EXPECT_EQ(told_later[0].status, WatcherStatus::kTerminated);
  EXPECT_THAT(About(*observer, kBob), SizeIs(1));
  EXPECT_LT(observer->initial, SIZE_MAX);
}

TEST_F(NotifierObserversTest, EachHasItsTurnsAndMayLeave) {
  SubscribeMany(2500);
  const auto one = Observe();
  const auto other = Observe();
  notifier_.StopObserving(one);
  Settle();
  EXPECT_THAT(one->heard, SizeIs(1000));
  EXPECT_EQ(other->initial, 2500u);
  const auto last = Observe();
  notifier_.StopObserving(last);
  Settle();
  EXPECT_THAT(last->heard, SizeIs(1000));
}

}  // namespace
}  // namespace sipevents::sip
