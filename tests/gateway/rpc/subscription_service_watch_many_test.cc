#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/clients/temp_file.h"
#include "tests/gateway/rpc/service_fixture.h"

// WatchMany, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// "7:d1=one", "7:error INVALID_FIELD", "7:removed REQUESTED", "0:DRAIN".
std::string BriefOf(const v1::WatchManyItem& item) {
  std::string what = "nothing";
  if (item.has_item()) what = Brief(item.item());
  if (item.has_error()) what = absl::StrCat("error ", item.error().reason());
  if (item.has_removed()) {
    what = absl::StrCat("removed ", v1::WatchRemoved::Reason_Name(item.removed().reason()));
  }
  return absl::StrCat(item.watch_id(), ":", what);
}

// A client's WatchMany: gives items one at a time.
class WatchManyCall {
 public:
  explicit WatchManyCall(v1::Subscriptions::Stub& stub, const std::string& token = "")
      : context_(token), stream_(stub.WatchMany(&context_)) {}
  ~WatchManyCall() {
    if (stream_ == nullptr) return;
    context_->TryCancel();
    End().IgnoreError();
  }

  void Send(const v1::WatchManyRequest& request) { stream_->Write(request); }

  void Add(uint64_t id, const v1::SubscriptionSpec& spec) {
    v1::WatchManyRequest request;
    auto* added = request.mutable_add()->add_watches();
    added->set_watch_id(id);
    *added->mutable_spec() = spec;
    Send(request);
  }
  void Remove(uint64_t id) {
    v1::WatchManyRequest request;
    request.mutable_remove()->set_watch_id(id);
    Send(request);
  }
  void Grant(uint64_t id, uint32_t items) {
    v1::WatchManyRequest request;
    request.mutable_credit()->set_watch_id(id);
    request.mutable_credit()->set_items(items);
    Send(request);
  }
  void CloseOurSide() { stream_->WritesDone(); }

  // The next item; one without an id and a result if the stream has ended.
  v1::WatchManyItem Next() {
    while (next_ == response_.items_size()) {
      next_ = 0;
      response_.Clear();
      if (!stream_->Read(&response_)) return {};
    }
    return response_.items(next_++);
  }

  std::vector<std::string> NextBrief(int count) {
    std::vector<std::string> brief;
    for (int i = 0; i < count; ++i) brief.push_back(BriefOf(Next()));
    return brief;
  }

  // How the stream ended; reads what is left of it.
  absl::Status End() {
    while (stream_->Read(&response_)) {
    }
    const grpc::Status status = stream_->Finish();
    stream_.reset();
    return FromGrpcStatus(status);
  }

 private:
  CallContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WatchManyRequest, v1::WatchManyResponse>> stream_;
  v1::WatchManyResponse response_;
  int next_ = 0;
};

class SubscriptionServiceWatchManyTest : public ServiceFixture {
 protected:
  std::unique_ptr<WatchManyCall> StartWatchMany(const std::string& token = "") {
    return std::make_unique<WatchManyCall>(*stub_, token);
  }

  static std::string User(uint64_t number) { return absl::StrCat("sip:u", number, "@example.com"); }

  // One of a resource that is there: active, and has told "one".
  void Begin(uint64_t number) {
    ASSERT_OK(Create(User(number)));
    const sip::SubscriptionId id = agent_.last().id;
    agent_.Status(id, sip::SubscriptionState::kActive);
    Tell(id, "d1", "one");
  }

  static bool IsComplete(const v1::WatchManyItem& item) {
    return item.item().bookmark().kind() == v1::Bookmark::INITIAL_STATE_COMPLETE;
  }
};

TEST_F(SubscriptionServiceWatchManyTest, EachWatchBringsItsSnapshotAndWhatFollows) {
  Begin(1);
  Begin(2);
  auto many = StartWatchMany();

  many->Add(7, Spec(User(1)));
  EXPECT_THAT(many->NextBrief(3), ElementsAre("7:ACTIVE", "7:initial d1=one", "7:complete"));
  many->Add(8, Spec(User(2)));
  EXPECT_THAT(many->NextBrief(3), ElementsAre("8:ACTIVE", "8:initial d1=one", "8:complete"));

  Tell(1, "d1", "two");
  const v1::WatchManyItem two = many->Next();
  EXPECT_EQ(BriefOf(two), "7:d1=two");
  EXPECT_EQ(two.item().event().target_uri(), User(1));
  EXPECT_NE(two.item().resume_token(), "");
  Tell(2, "d1", "three");
  EXPECT_THAT(many->NextBrief(1), ElementsAre("8:d1=three"));
}

TEST_F(SubscriptionServiceWatchManyTest, MistakesAreItemsOfTheirWatchAndLeaveTheOthersAlone) {
  Begin(1);
  auto many = StartWatchMany();
  many->Add(1, Spec(User(1)));
  EXPECT_THAT(many->NextBrief(3), Contains("1:complete"));

  v1::WatchManyRequest request;
  auto* no_spec = request.mutable_add()->add_watches();
  no_spec->set_watch_id(2);
  auto* bad_uri = request.mutable_add()->add_watches();
  bad_uri->set_watch_id(3);
  *bad_uri->mutable_spec() = Spec("not a URI");
  auto* unknown = request.mutable_add()->add_watches();
  unknown->set_watch_id(4);
  unknown->set_name(Bob().name);
  auto* twice = request.mutable_add()->add_watches();
  twice->set_watch_id(1);
  *twice->mutable_spec() = Spec(User(1));
  auto* zero = request.mutable_add()->add_watches();
  *zero->mutable_spec() = Spec(User(1));
  many->Send(request);
  many->Remove(99);
  many->Grant(98, 1);

  EXPECT_EQ(BriefOf(many->Next()), "2:error INVALID_FIELD");
  const v1::WatchManyItem bad = many->Next();
  EXPECT_EQ(BriefOf(bad), "3:error INVALID_FIELD");
  EXPECT_EQ(bad.error().code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(bad.error().message(), HasSubstr("spec.target_uri"));
  EXPECT_EQ(bad.error().details_size(), 2) << "ErrorInfo and BadRequest";
  EXPECT_THAT(many->NextBrief(5),
              ElementsAre("4:error SUBSCRIPTION_NOT_FOUND", "1:error WATCH_ID_IN_USE",
                          "0:error INVALID_FIELD", "99:error WATCH_ID_UNKNOWN",
                          "98:error WATCH_ID_UNKNOWN"));
  Tell(1, "d1", "still here");
  EXPECT_EQ(BriefOf(many->Next()), "1:d1=still here");
  EXPECT_THAT(agent_.subscriptions(), SizeIs(1));
}

TEST_F(SubscriptionServiceWatchManyTest, EveryWatchIsAuthorisedByItselfAtItsAdd) {
  const std::string file =
      client::testing::TempFile("tokens", "secret ann acme target=sip:u1@example.com\n");
  absl::StatusOr<std::unique_ptr<TokenFile>> tokens = TokenFile::Open(file, clock_);
  ASSERT_OK(tokens);
  Serve({}, tokens->get());
  EXPECT_THAT(StartWatchMany("wrong")->End(), StatusIs(absl::StatusCode::kUnauthenticated));
  auto many = StartWatchMany("secret");

  many->Add(1, Spec(User(1)));
  many->Add(2, Spec(User(2)));

  const v1::WatchManyItem refused = many->Next();
  EXPECT_EQ(BriefOf(refused), "2:error PERMISSION_MISSING");
  ASSERT_TRUE(Await([&] { return agent_.live() == 1; }));
  EXPECT_EQ(agent_.last().request.target_uri, User(1));
  agent_.Status(1, sip::SubscriptionState::kActive);
  EXPECT_EQ(BriefOf(many->Next()), "1:ACTIVE");
}

TEST_F(SubscriptionServiceWatchManyTest, RemovedWatchIsSilentAndLetsItsSubscriptionGo) {
  auto many = StartWatchMany();
  v1::WatchManyRequest request;
  auto* added = request.mutable_add()->add_watches();
  added->set_watch_id(1);
  *added->mutable_spec() = Spec(User(1));
  added->mutable_linger()->set_seconds(0);
  many->Send(request);
  ASSERT_TRUE(Await([&] { return agent_.live() == 1; }));

  many->Remove(1);

  EXPECT_THAT(many->NextBrief(1), ElementsAre("1:removed REQUESTED"));
  EXPECT_TRUE(Await([&] { return agent_.live() == 0; }));
}

TEST_F(SubscriptionServiceWatchManyTest, BrokenStreamIsResumedWatchByWatch) {
  Begin(1);
  Begin(2);
  std::map<uint64_t, std::string> tokens;
  {
    auto many = StartWatchMany();
    for (const uint64_t id : {1, 2}) many->Add(id, Spec(User(id)));
    for (int complete = 0; complete < 2;) {
      const v1::WatchManyItem item = many->Next();
      tokens[item.watch_id()] = item.item().resume_token();
      if (IsComplete(item)) ++complete;
    }
  }
  Tell(2, "d1", "meanwhile");

  auto many = StartWatchMany();
  v1::WatchManyRequest request;
  for (const auto& [id, token] : tokens) {
    auto* added = request.mutable_add()->add_watches();
    added->set_watch_id(id);
    *added->mutable_spec() = Spec(User(id));
    added->set_resume_token(token);
  }
  many->Send(request);

  EXPECT_THAT(many->NextBrief(3),
              UnorderedElementsAre("1:complete", "2:d1=meanwhile", "2:complete"));
}

TEST_F(SubscriptionServiceWatchManyTest, EndOfASubscriptionEndsItsWatchAndThenTheClosedStream) {
  Begin(1);
  auto many = StartWatchMany();
  many->Add(1, Spec(User(1)));
  EXPECT_THAT(many->NextBrief(3), Contains("1:complete"));
  many->CloseOurSide();

  agent_.Terminate(1, "noresource", 404);

  EXPECT_THAT(many->NextBrief(2), ElementsAre("1:TERMINATED", "1:removed SUBSCRIPTION_TERMINATED"));
  EXPECT_OK(many->End());
}

TEST_F(SubscriptionServiceWatchManyTest, DrainTellsAllThatIsQueuedThenSaysSo) {
  Begin(1);
  auto many = StartWatchMany();
  many->Add(1, Spec(User(1)));
  EXPECT_THAT(many->NextBrief(3), Contains("1:complete"));
  Tell(1, "d1", "last");

  service_->BeginDrain();

  EXPECT_THAT(many->NextBrief(2), ElementsAre("1:d1=last", "0:DRAIN"));
  const absl::Status status = many->End();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ErrorReasonOf(status), "DRAINING");
  EXPECT_TRUE(service_->AwaitDrained(absl::Now() + kPatience));
  EXPECT_THAT(StartWatchMany()->End(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SubscriptionServiceWatchManyTest, PaceThatCannotBeUsedEndsTheStream) {
  auto many = StartWatchMany();
  v1::WatchManyRequest request;
  request.set_max_batch_items(-1);
  many->Send(request);

  EXPECT_THAT(many->End(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("max_batch_items")));
}

TEST_F(SubscriptionServiceWatchManyTest, WatchesAreCounted) {
  auto many = StartWatchMany();
  many->Add(1, Spec(User(1)));
  many->Add(2, Spec(User(2)));

  EXPECT_TRUE(Await(
      [&] { return metrics_.Text().find("\nsipevents_many_watches 2\n") != std::string::npos; }));
  many.reset();
  EXPECT_TRUE(Await(
      [&] { return metrics_.Text().find("\nsipevents_many_watches 0\n") != std::string::npos; }));
}

// The load check: 2,000 watches on one stream, of which one has no credit and one reads 1,000
// times as much; every event arrives, in order, and nobody waits for the two.
TEST_F(SubscriptionServiceWatchManyTest, ThousandsOfWatchesLoseNothingAndWaitForNobody) {
  constexpr uint64_t kWatches = 2000;
  constexpr uint64_t kStalled = 1000;
  constexpr uint64_t kBusy = 1500;
  Serve({.log_limits = {.max_entries = 2048}}, nullptr);  // the busy one may fall behind, not out
  auto many = StartWatchMany();
  v1::WatchManyRequest request;
  for (uint64_t id = 1; id <= kWatches; ++id) {
    auto* added = request.mutable_add()->add_watches();
    added->set_watch_id(id);
    *added->mutable_spec() = Spec(User(id));
    added->set_delivery(v1::EVERY);
    if (id == kStalled) added->set_credit(0);
  }
  many->Send(request);
  ASSERT_TRUE(Await([&] { return agent_.live() == kWatches; }));

  // Each says five things; the busy one a thousand.
  const auto network = std::async(std::launch::async, [&] {
    for (int round = 1; round <= 5; ++round) {
      for (sip::SubscriptionId id = 1; id <= kWatches; ++id) {
        const int events = id == kBusy ? 200 : 1;
        for (int i = 0; i < events; ++i) Tell(id, "d1", absl::StrCat(round));
      }
    }
  });
  std::map<uint64_t, std::vector<std::string>> told;
  size_t events = 0;
  while (events < (kWatches - 2) * 5 + 1000) {
    const v1::WatchManyItem item = many->Next();
    ASSERT_NE(item.watch_id(), 0) << "after " << events << " events";
    if (!item.item().has_event()) continue;
    told[item.watch_id()].push_back(item.item().event().body().data());
    ++events;
  }
  network.wait();

  EXPECT_FALSE(told.contains(kStalled));
  EXPECT_THAT(told, SizeIs(kWatches - 1));
  for (const auto& [id, values] : told) {
    if (id == kBusy) {
      EXPECT_THAT(values, SizeIs(1000));
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    } else {
      ASSERT_THAT(values, ElementsAre("1", "2", "3", "4", "5")) << id;
    }
  }
  many->Grant(kStalled, 2);
  std::vector<std::string> late;
  while (late.size() < 2) {
    const v1::WatchManyItem item = many->Next();  // of others there may be bookmarks still
    if (item.watch_id() == kStalled) late.push_back(BriefOf(item));
  }
  EXPECT_THAT(late, ElementsAre("1000:d1=1", "1000:d1=2"));
}

// ---- with time in the test's hand

class SubscriptionServiceWatchManyPaceTest : public ServiceFixture {
 protected:
  SubscriptionServiceWatchManyPaceTest() : ServiceFixture(/*threads=*/0) {}

  // The next item, while the executor is driven and its timers go on by `step` each time.
  std::string NextWhileDriven(WatchManyCall& many, absl::Duration step) {
    auto next = std::async(std::launch::async, [&] { return BriefOf(many.Next()); });
    while (next.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      service_executor_.Advance(step);
    }
    return next.get();
  }
};

TEST_F(SubscriptionServiceWatchManyPaceTest, SilentStreamShowsThatItIsAlive) {
  WatchManyCall many(*stub_);
  v1::WatchManyRequest request;
  request.mutable_heartbeat_interval()->set_seconds(30);
  request.mutable_add()->add_watches()->set_watch_id(1);
  many.Send(request);
  EXPECT_EQ(NextWhileDriven(many, absl::ZeroDuration()), "1:error INVALID_FIELD");

  clock_.Advance(absl::Seconds(30));

  EXPECT_EQ(NextWhileDriven(many, absl::Seconds(1)), "0:HEARTBEAT");
}

}  // namespace
}  // namespace sipevents::gateway
