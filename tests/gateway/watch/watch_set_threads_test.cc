#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/watch/watch_set.h"
#include "tests/gateway/watch/log_fixture.h"

// Writers, the executor's threads and one stream of many watches at once. Meant for
// ThreadSanitizer too.

namespace sipevents::gateway {
namespace {

constexpr int kLogs = 40;
constexpr int kEventsOfEach = 500;

// Reads whenever it is called, as a stream does whose writes are done at once; now and then
// removes a watch and adds it again with its token. Every log counts from 1 on.
class CheckingManyStream : public Runnable {
 public:
  CheckingManyStream(FanoutExecutor& executor, PackageMetrics& metrics,
                     std::vector<std::shared_ptr<EventLog>> logs)
      : executor_(executor), metrics_(metrics), logs_(std::move(logs)) {}

  void Start() {
    set_.emplace(weak_from_this());
    for (uint64_t id = 1; id <= logs_.size(); ++id) Add(id);
    executor_.Schedule(*this);
  }

  bool done() const { return done_.load(std::memory_order_acquire); }
  // For after the end.
  std::string failure() const { return failure_; }

 private:
  void Run() override {
    if (done()) return;
    WatchBatch batch;
    set_->Fill(1 + ++runs_ % 50, size_t{1} << 20, batch);
    v1::WatchManyResponse response;
    if (!response.ParseFromString(batch.bytes)) failure_ = "not a WatchManyResponse";
    for (const v1::WatchManyItem& item : response.items()) Check(item);
    if (runs_ % 7 == 0) Replace(1 + static_cast<uint64_t>(runs_) % logs_.size());
    if (ended_ == logs_.size()) {
      set_.reset();
      done_.store(true, std::memory_order_release);
    } else if (batch.items > 0) {
      executor_.Schedule(*this);
    }
  }

  void Add(uint64_t id) {
    OpenedWatch opened{
        .log = logs_[id - 1], .lease = nullptr, .package_metrics = &metrics_, .reading = {}};
    opened.reading.every = true;
    opened.reading.from_beginning = true;
    if (tokens_.contains(id)) opened.reading.resume = *ResumeToken::Decode(tokens_[id]);
    set_->Add(id, opened, std::nullopt);
  }

  void Replace(uint64_t id) {
    if (set_->Remove(id)) Add(id);
  }

  void Check(const v1::WatchManyItem& item) {
    if (item.has_removed()) {
      ++ended_;
      if (counts_[item.watch_id()] != kEventsOfEach) {
        failure_ = absl::StrCat(item.watch_id(), " ended after ", counts_[item.watch_id()]);
      }
      return;
    }
    tokens_[item.watch_id()] = item.item().resume_token();
    if (!item.item().has_event()) return;
    const std::string expected = absl::StrCat(++counts_[item.watch_id()]);
    if (item.item().event().body().data() != expected) {
      failure_ = absl::StrCat(item.watch_id(), " told ", Brief(item.item()), ", not ", expected);
    }
  }

  FanoutExecutor& executor_;
  PackageMetrics& metrics_;
  const std::vector<std::shared_ptr<EventLog>> logs_;
  std::optional<WatchSet> set_;
  int runs_ = 0;
  size_t ended_ = 0;
  std::map<uint64_t, std::string> tokens_;
  std::map<uint64_t, int> counts_;
  std::string failure_;
  std::atomic<bool> done_{false};
};

TEST(WatchSetThreadsTest, EveryWatchIsToldEveryEventOnceInOrderWhileWatchesComeAndGo) {
  HistoryBudget budget;
  FanoutExecutor executor(3);
  Metrics metrics([](std::string_view) { return true; });
  std::vector<std::shared_ptr<EventLog>> logs;
  for (int i = 0; i < kLogs; ++i) {
    logs.push_back(std::make_shared<EventLog>(LogIdentity{kLogName, absl::StrCat(i), 1},
                                              LogLimits{.max_entries = 1000}, executor, budget));
  }
  const auto stream =
      std::make_shared<CheckingManyStream>(executor, metrics.ForPackage("presence"), logs);
  stream->Start();

  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 1; i <= kEventsOfEach; ++i) {
        for (int log = writer; log < kLogs; log += 2) {
          logs[static_cast<size_t>(log)]->AppendEvent(1, EventPayload(1, absl::StrCat(i)),
                                                      absl::FromUnixMillis(i));
        }
      }
      for (int log = writer; log < kLogs; log += 2) logs[static_cast<size_t>(log)]->Close();
    });
  }
  for (std::thread& writer : writers) writer.join();
  while (!stream->done()) std::this_thread::yield();

  EXPECT_EQ(stream->failure(), "");
  executor.Shutdown();
}

}  // namespace
}  // namespace sipevents::gateway
