#include "clients/cpp/event_watcher.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
using testing::EventItem;
using testing::FakeGateway;
using testing::FakePause;
using testing::FieldError;
using ::testing::Ge;
using ::testing::Le;
using testing::RetryLater;
using testing::TerminatedItem;

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "connection reset");

class EventWatcherTest : public ::testing::Test {
 protected:
  EventWatcherTest() {
    options_.request = WatchTarget("sip:alice@example.com", "presence");
    options_.backoff = {absl::Seconds(1), absl::Seconds(30), 2.0, /*jitter=*/0};
  }

  EventWatcher& MakeWatcher() {
    auto channel = Channel::Open({.gateway = gateway_.address()});
    EXPECT_OK(channel);
    auto pause = std::make_unique<FakePause>();
    pause_ = pause.get();
    watcher_ = std::make_unique<EventWatcher>(*channel, options_, std::move(pause));
    return *watcher_;
  }

  std::string NextToken() {
    const std::optional<v1::WatchItem> item = watcher_->Next();
    return item.has_value() ? item->resume_token() : "ended";
  }

  // The resume token of each Watch call.
  std::vector<std::string> AskedTokens() const {
    std::vector<std::string> tokens;
    for (const v1::WatchRequest& request : gateway_.watches()) {
      tokens.push_back(request.resume_token());
    }
    return tokens;
  }

  FakeGateway gateway_;
  WatchOptions options_;
  FakePause* pause_ = nullptr;
  std::unique_ptr<EventWatcher> watcher_;
};

TEST_F(EventWatcherTest, StreamThatEndsWithOkDeliversEveryItemAndEnds) {
  v1::WatchItem gap;
  gap.mutable_gap()->set_reason(v1::Gap::TRIMMED);
  v1::WatchItem ended;
  ended.mutable_dialog_ended()->set_dialog("d1");
  gateway_.Script({{gap, EventItem("t1"), BookmarkItem(v1::Bookmark::INITIAL_STATE_COMPLETE, "t2"),
                    ended, TerminatedItem("t3")},
                   grpc::Status::OK});
  EventWatcher& watcher = MakeWatcher();

  EXPECT_TRUE(watcher.Next()->has_gap());
  EXPECT_TRUE(watcher.Next()->has_event());
  EXPECT_TRUE(watcher.Next()->has_bookmark());
  EXPECT_TRUE(watcher.Next()->has_dialog_ended());
  EXPECT_TRUE(watcher.Next()->has_status());
  EXPECT_EQ(watcher.Next(), std::nullopt);

  EXPECT_OK(watcher.status());
  EXPECT_EQ(watcher.resume_token(), "t3");
  EXPECT_EQ(gateway_.watches().size(), 1);
  EXPECT_EQ(gateway_.watches()[0].spec().target_uri(), "sip:alice@example.com");
}

TEST_F(EventWatcherTest, BrokenStreamGoesOnAfterTheLastItem) {
  gateway_.Script({{EventItem("t1"), EventItem("t2")}, kBroken});
  gateway_.Script({{EventItem("t3")}, kBroken});
  gateway_.Script({{TerminatedItem("t4")}, grpc::Status::OK});
  options_.request.set_resume_token("t0");
  EventWatcher& watcher = MakeWatcher();
  EXPECT_EQ(watcher.resume_token(), "t0");

  std::vector<std::string> delivered;
  while (std::optional<v1::WatchItem> item = watcher.Next()) {
    delivered.push_back(item->resume_token());
  }

  EXPECT_THAT(delivered, ElementsAre("t1", "t2", "t3", "t4"));
  EXPECT_THAT(AskedTokens(), ElementsAre("t0", "t2", "t3"));
  EXPECT_OK(watcher.status());
}

TEST_F(EventWatcherTest, DrainIsDeliveredThenFollowedByANewConnection) {
  gateway_.Script({{EventItem("t1"), BookmarkItem(v1::Bookmark::DRAIN, "t2"), EventItem("t3")},
                   std::nullopt});  // the old gateway keeps the stream open
  gateway_.Script({{EventItem("t4")}, std::nullopt});
  MakeWatcher();

  EXPECT_EQ(NextToken(), "t1");
  EXPECT_EQ(NextToken(), "t2");
  EXPECT_EQ(NextToken(), "t3");  // it came with the same batch
  EXPECT_EQ(NextToken(), "t4");

  EXPECT_THAT(AskedTokens(), ElementsAre("", "t3"));
}

TEST_F(EventWatcherTest, FinalErrorEndsWithItsDetails) {
  gateway_.Script({{}, FieldError("spec.target_uri", "expected a URI")});
  EventWatcher& watcher = MakeWatcher();

  EXPECT_EQ(watcher.Next(), std::nullopt);

  EXPECT_THAT(watcher.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_TRUE(BadRequestOf(watcher.status()).has_value());
  EXPECT_EQ(BadRequestOf(watcher.status())->field_violations(0).field(), "spec.target_uri");
  EXPECT_EQ(gateway_.watches().size(), 1);
}

TEST_F(EventWatcherTest, ShortStreamsMakeTheWaitsGrowAndALongOneResetsThem) {
  for (const char* token : {"t1", "t2", "t3", "t4"}) {
    gateway_.Script({{EventItem(token)}, kBroken});
  }
  std::vector<absl::Duration> told;
  options_.on_retry = [&](const absl::Status& why, absl::Duration wait) {
    EXPECT_THAT(why, StatusIs(absl::StatusCode::kUnavailable));
    told.push_back(wait);
  };
  EventWatcher& watcher = MakeWatcher();
  EXPECT_EQ(NextToken(), "t1");
  EXPECT_EQ(NextToken(), "t2");
  EXPECT_EQ(NextToken(), "t3");

  pause_->Advance(absl::Minutes(1));  // the stream holds
  EXPECT_EQ(NextToken(), "t4");

  const std::vector<absl::Duration> expected = {absl::Seconds(1), absl::Seconds(2),
                                                absl::Seconds(1)};
  EXPECT_EQ(pause_->waits(), expected);
  EXPECT_EQ(told, expected);
  EXPECT_OK(watcher.status());
}

TEST_F(EventWatcherTest, RetryInfoIsWaitedForAndSpreadOnlyUpwards) {
  gateway_.Script({{}, RetryLater(grpc::StatusCode::RESOURCE_EXHAUSTED, 100)});
  gateway_.Script({{EventItem("t1")}, std::nullopt});
  options_.backoff.jitter = 0.5;
  MakeWatcher();

  EXPECT_EQ(NextToken(), "t1");

  ASSERT_EQ(pause_->waits().size(), 1);
  EXPECT_THAT(pause_->waits()[0], Ge(absl::Seconds(100)));
  EXPECT_THAT(pause_->waits()[0], Le(absl::Seconds(150)));
}

TEST_F(EventWatcherTest, OwnTokenThatIsRefusedBecomesAGapAndANewSnapshot) {
  gateway_.Script({{EventItem("t1")}, kBroken});
  gateway_.Script({{}, FieldError("resume_token", "of another gateway")});
  gateway_.Script({{EventItem("u1")}, std::nullopt});
  EventWatcher& watcher = MakeWatcher();
  EXPECT_EQ(NextToken(), "t1");

  const std::optional<v1::WatchItem> gap = watcher.Next();

  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->gap().reason(), v1::Gap::LOG_REPLACED);
  EXPECT_EQ(watcher.resume_token(), "");
  EXPECT_EQ(NextToken(), "u1");
  EXPECT_THAT(AskedTokens(), ElementsAre("", "t1", ""));
}

TEST_F(EventWatcherTest, OwnTokenThatIsRefusedEndsWithOutOfRangeWhereAGapMustFail) {
  gateway_.Script({{EventItem("t1")}, kBroken});
  gateway_.Script({{}, FieldError("resume_token", "of another gateway")});
  options_.request.set_fail_on_gap(true);
  EventWatcher& watcher = MakeWatcher();
  EXPECT_EQ(NextToken(), "t1");

  EXPECT_EQ(watcher.Next(), std::nullopt);

  EXPECT_THAT(watcher.status(), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(EventWatcherTest, GivenTokenThatIsRefusedIsTheCallersError) {
  gateway_.Script({{}, FieldError("resume_token", "does not decode")});
  options_.request.set_resume_token("nonsense");
  EventWatcher& watcher = MakeWatcher();

  EXPECT_EQ(watcher.Next(), std::nullopt);

  EXPECT_THAT(watcher.status(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(EventWatcherTest, GivenTokenThatIsRefusedStartsAnewWhereTheCallerSaysSo) {
  gateway_.Script({{}, FieldError("resume_token", "does not decode")});
  gateway_.Script({{EventItem("u1")}, std::nullopt});
  options_.request.set_resume_token("old");
  options_.refused_token = WatchOptions::RefusedToken::kStartAnew;
  EventWatcher& watcher = MakeWatcher();

  EXPECT_TRUE(watcher.Next()->has_gap());

  EXPECT_EQ(NextToken(), "u1");
}

TEST_F(EventWatcherTest, TokenCoversAnItemOnlyAfterItsCallbackReturned) {
  gateway_.Script({{EventItem("t1"), EventItem("t2")}, grpc::Status::OK});
  EventWatcher& watcher = MakeWatcher();
  std::vector<std::string> during;
  std::optional<absl::Status> end;

  watcher.Start([&](const v1::WatchItem&) { during.push_back(watcher.resume_token()); },
                [&](const absl::Status& status) { end = status; });

  EXPECT_OK(watcher.Join());
  EXPECT_THAT(during, ElementsAre("", "t1"));
  EXPECT_EQ(watcher.resume_token(), "t2");
  EXPECT_EQ(end, absl::OkStatus());
}

TEST_F(EventWatcherTest, StopWithinACallbackMakesThatItemTheLast) {
  gateway_.Script({{EventItem("t1"), EventItem("t2")}, std::nullopt});
  EventWatcher& watcher = MakeWatcher();
  int items = 0;

  watcher.Start([&](const v1::WatchItem&) {
    ++items;
    watcher.Stop();
  });

  EXPECT_OK(watcher.Join());
  EXPECT_EQ(items, 1);
  EXPECT_EQ(watcher.resume_token(), "t1");
}

}  // namespace
}  // namespace sipevents::client
