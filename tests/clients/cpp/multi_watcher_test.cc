#include "clients/cpp/multi_watcher.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cpp/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/cpp/fake_pause.h"
#include "tests/clients/fake_gateway.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;
using testing::BookmarkItem;
using ::testing::ElementsAre;
using testing::ErrorItem;
using testing::EventItem;
using testing::FakeGateway;
using testing::FakePause;
using testing::FieldError;
using testing::ManyItemOf;
using testing::RemovedItem;
using testing::RetryLater;
using ::testing::SizeIs;

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "connection reset");

class MultiWatcherTest : public ::testing::Test {
 protected:
  MultiWatcher& MakeWatcher(MultiWatcher::Options options = {}) {
    auto channel = Channel::Open({.gateway = gateway_.address()});
    EXPECT_OK(channel);
    options.backoff = {absl::Milliseconds(1), absl::Seconds(30), 2.0, /*jitter=*/0};
    watcher_ =
        std::make_unique<MultiWatcher>(*channel, std::move(options), std::make_unique<FakePause>());
    return *watcher_;
  }

  uint64_t AddUser(const std::string& user, const std::string& token = "") {
    v1::WatchRequest request = WatchTarget(absl::StrCat("sip:", user, "@example.com"), "presence");
    request.set_resume_token(token);
    return watcher_->Add(AddedWatchOf(request));
  }

  // "1:t1" (the token of an item), "1:GAP", "1:end OK", "ended".
  std::string NextBrief() {
    const std::optional<ManyItem> told = watcher_->Next();
    if (!told.has_value()) return "ended";
    std::string what = absl::StrCat("end ", absl::StatusCodeToString(told->end.code()));
    if (told->item.has_value()) {
      what = told->item->has_gap() ? "GAP" : told->item->resume_token();
    }
    return absl::StrCat(told->watch_id, ":", what);
  }

  // The tokens of the watches that were added on a call.
  std::vector<std::string> TokensOf(size_t call) const {
    std::vector<std::string> tokens;
    for (const v1::AddedWatch& added : gateway_.added(call)) {
      tokens.push_back(absl::StrCat(added.watch_id(), ":", added.resume_token()));
    }
    return tokens;
  }

  FakeGateway gateway_;
  std::unique_ptr<MultiWatcher> watcher_;
};

TEST_F(MultiWatcherTest, ItemsOfAllWatchesComeUntilTheLastIsOver) {
  gateway_.Script({.after_watches = 2,
                   .items = {ManyItemOf(1, EventItem("t1")), ManyItemOf(2, EventItem("u1")),
                             RemovedItem(1), ManyItemOf(2, EventItem("u2")), RemovedItem(2)},
                   .end = std::nullopt});
  MakeWatcher();
  EXPECT_EQ(AddUser("alice"), 1);
  EXPECT_EQ(AddUser("bob", "u0"), 2);

  EXPECT_EQ(NextBrief(), "1:t1");
  EXPECT_EQ(NextBrief(), "2:u1");
  EXPECT_EQ(watcher_->resume_token(1), "t1");
  EXPECT_EQ(NextBrief(), "1:end OK");
  EXPECT_EQ(NextBrief(), "2:u2");
  EXPECT_EQ(NextBrief(), "2:end OK");
  EXPECT_EQ(NextBrief(), "ended");

  EXPECT_OK(watcher_->status());
  EXPECT_THAT(TokensOf(0), ElementsAre("1:", "2:u0"));
}

TEST_F(MultiWatcherTest, BrokenStreamGoesOnWithTheTokenOfEachWatchAndWithoutThoseThatAreOver) {
  gateway_.Script({.after_watches = 3,
                   .items = {ManyItemOf(1, EventItem("t1")), ManyItemOf(2, EventItem("u1")),
                             ManyItemOf(1, EventItem("t2")), RemovedItem(3)},
                   .end = kBroken});
  gateway_.Script(
      {.after_watches = 2, .items = {RemovedItem(1), RemovedItem(2)}, .end = std::nullopt});
  MakeWatcher();
  for (const char* user : {"alice", "bob", "carol"}) AddUser(user);

  while (NextBrief() != "ended") continue;

  EXPECT_THAT(TokensOf(1), ElementsAre("1:t2", "2:u1"));
  EXPECT_OK(watcher_->status());
}

TEST_F(MultiWatcherTest, ErrorOfOneWatchEndsItAndNoOther) {
  gateway_.Script({.after_watches = 2,
                   .items = {ErrorItem(1, FieldError("spec.target_uri", "expected a URI")),
                             ManyItemOf(2, EventItem("u1"))},
                   .end = std::nullopt});
  MakeWatcher();
  AddUser("alice");
  AddUser("bob");

  const std::optional<ManyItem> end = watcher_->Next();

  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->watch_id, 1);
  EXPECT_THAT(end->end, StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_TRUE(BadRequestOf(end->end).has_value());
  EXPECT_EQ(BadRequestOf(end->end)->field_violations(0).field(), "spec.target_uri");
  EXPECT_EQ(NextBrief(), "2:u1");
}

TEST_F(MultiWatcherTest, WatchThatIsRefusedForAWhileIsAddedAgainOnTheSameStream) {
  gateway_.Script({.after_watches = 1,
                   .items = {ErrorItem(1, RetryLater(grpc::StatusCode::RESOURCE_EXHAUSTED, 0))},
                   .end = std::nullopt});
  MakeWatcher();
  AddUser("alice");
  std::thread reader([&] { watcher_->Next(); });

  while (gateway_.added(0).size() < 2) std::this_thread::yield();

  EXPECT_EQ(gateway_.many().size(), 1);
  watcher_->Stop();
  reader.join();
}

TEST_F(MultiWatcherTest, OwnTokenThatIsRefusedBecomesAGap) {
  gateway_.Script({.after_watches = 1, .items = {ManyItemOf(1, EventItem("t1"))}, .end = kBroken});
  gateway_.Script({.after_watches = 1,
                   .items = {ErrorItem(1, FieldError("resume_token", "of another gateway"))},
                   .end = std::nullopt});
  MakeWatcher();
  AddUser("alice");

  EXPECT_EQ(NextBrief(), "1:t1");
  EXPECT_EQ(NextBrief(), "1:GAP");

  std::thread reader([&] { watcher_->Next(); });
  while (gateway_.added(1).size() < 2) std::this_thread::yield();
  EXPECT_EQ(gateway_.added(1)[1].resume_token(), "");
  watcher_->Stop();
  reader.join();
}

TEST_F(MultiWatcherTest, ForeignTokenThatIsRefusedIsTheEndOfItsWatch) {
  gateway_.Script({.after_watches = 1,
                   .items = {ErrorItem(1, FieldError("resume_token", "junk"))},
                   .end = std::nullopt});
  MakeWatcher();
  AddUser("alice", "junk");

  EXPECT_EQ(NextBrief(), "1:end INVALID_ARGUMENT");
  EXPECT_EQ(NextBrief(), "ended");
}

TEST_F(MultiWatcherTest, RemoveIsSentAndItsAnswerIsTheEnd) {
  gateway_.Script({.after_watches = 1,
                   .items = {ManyItemOf(1, EventItem("t1")), RemovedItem(1)},
                   .end = std::nullopt});
  MakeWatcher();
  AddUser("alice");
  EXPECT_EQ(NextBrief(), "1:t1");

  watcher_->Remove(1);

  while (gateway_.many()[0].size() < 2) std::this_thread::yield();
  EXPECT_EQ(gateway_.many()[0][1].remove().watch_id(), 1);
  EXPECT_EQ(NextBrief(), "1:end OK");
  EXPECT_EQ(NextBrief(), "ended");
}

TEST_F(MultiWatcherTest, CreditIsGrantedAndWhatIsLeftGoesWithTheNextStream) {
  gateway_.Script({.after_watches = 1,
                   .items = {ManyItemOf(1, EventItem("t1")), ManyItemOf(1, EventItem("t2"))},
                   .end = std::nullopt});
  MakeWatcher();
  v1::AddedWatch added = AddedWatchOf(WatchTarget("sip:alice@example.com", "presence"));
  added.set_credit(5);
  watcher_->Add(added);
  EXPECT_EQ(NextBrief(), "1:t1");
  EXPECT_EQ(NextBrief(), "1:t2");

  watcher_->Grant(1, 10);
  while (gateway_.many()[0].size() < 2) std::this_thread::yield();
  EXPECT_EQ(gateway_.many()[0][1].credit().items(), 10);
  gateway_.Crash();
  gateway_.Restart();
  std::thread reader([&] { watcher_->Next(); });
  while (gateway_.added(1).empty()) std::this_thread::yield();

  EXPECT_EQ(gateway_.added(1)[0].credit(), 13);
  watcher_->Stop();
  reader.join();
}

TEST_F(MultiWatcherTest, DrainIsDeliveredThenFollowedByANewConnection) {
  gateway_.Script({.after_watches = 1,
                   .items = {ManyItemOf(1, EventItem("t1")),
                             ManyItemOf(0, BookmarkItem(v1::Bookmark::DRAIN, ""))},
                   .end = std::nullopt});  // the old gateway keeps the stream open
  gateway_.Script(
      {.after_watches = 1, .items = {ManyItemOf(1, EventItem("t2"))}, .end = std::nullopt});
  MakeWatcher();
  AddUser("alice");

  EXPECT_EQ(NextBrief(), "1:t1");
  EXPECT_EQ(NextBrief(), "0:");
  EXPECT_EQ(NextBrief(), "1:t2");
  EXPECT_THAT(TokensOf(1), ElementsAre("1:t1"));
}

TEST_F(MultiWatcherTest, ManyWatchesGoInSeveralRequestsAndThePaceWithTheFirst) {
  MultiWatcher::Options options;
  options.pace.set_max_batch_items(1000);
  MakeWatcher(std::move(options));
  for (int i = 0; i < 1000; ++i) AddUser(absl::StrCat("u", i));
  std::thread reader([&] { watcher_->Next(); });

  while (gateway_.added(0).size() < 1000) std::this_thread::yield();

  const std::vector<v1::WatchManyRequest> requests = gateway_.many()[0];
  EXPECT_THAT(requests, SizeIs(4));
  EXPECT_EQ(requests[0].max_batch_items(), 1000);
  EXPECT_EQ(requests[1].max_batch_items(), 0);
  watcher_->Stop();
  reader.join();
  EXPECT_OK(watcher_->status());
}

TEST_F(MultiWatcherTest, ErrorOfTheStreamEndsAll) {
  gateway_.Script({.after_watches = 1,
                   .items = {},
                   .end = testing::GatewayError(grpc::StatusCode::UNAUTHENTICATED, "who are you?",
                                                "CREDENTIALS_MISSING")});
  MakeWatcher();
  AddUser("alice");

  EXPECT_EQ(NextBrief(), "ended");

  EXPECT_THAT(watcher_->status(), StatusIs(absl::StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace sipevents::client
