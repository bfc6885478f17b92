#include <atomic>
#include <map>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/watch/watch_reader.h"
#include "tests/gateway/watch/log_fixture.h"

// One writer, the executor's threads and many readers at once. Failures are counted by the
// readers and told at the end. Meant for ThreadSanitizer too.

namespace sipevents::gateway {
namespace {

constexpr EntryKey kDialogs = 4;

// Reads whenever it is woken, as a stream does whose writes are done at once, and checks what
// it gets. The events of all dialogs together are numbered from 1 on.
class CheckingStream : public Runnable {
 public:
  CheckingStream(std::shared_ptr<EventLog> log, FanoutExecutor& executor,
                 const WatchOptions& options)
      : log_(std::move(log)), executor_(executor), options_(options) {}

  // Attaches, and begins to read.
  void Start() {
    reader_ = std::make_unique<WatchReader>(log_, options_, weak_from_this());
    executor_.Schedule(*this);
  }

  bool ended() const { return ended_.load(std::memory_order_acquire); }
  // The following are for after the end.
  std::string failure() const { return failure_; }
  uint64_t told() const { return told_; }
  uint64_t initial() const { return initial_; }
  int gaps() const { return gaps_; }
  const std::map<std::string, std::string>& state() const { return state_; }

 private:
  void Run() override {
    if (ended()) return;
    WatchBatch batch;
    switch (reader_->ReadBatch(batch)) {
      case ReadResult::kItems:
        told_ += batch.live_event_times.size() + batch.superseded;
        for (const v1::WatchItem& item : ParseItems(batch)) Check(item);
        executor_.Schedule(*this);
        return;
      case ReadResult::kIdle:
        return;
      case ReadResult::kEnded:
      case ReadResult::kGap:
        ended_.store(true, std::memory_order_release);
        return;
    }
  }

  void Check(const v1::WatchItem& item) {
    const uint64_t sequence = ResumeToken::Decode(item.resume_token())->sequence();
    if (item.has_gap()) {
      ++gaps_;
      state_.clear();
      last_sequence_ = 0;
      return;
    }
    if (item.has_bookmark() ? sequence < last_sequence_ : sequence <= last_sequence_) {
      failure_ = absl::StrCat("out of order: ", Brief(item), " at ", sequence);
    }
    last_sequence_ = sequence;
    if (!item.has_event()) return;
    if (item.event().initial()) ++initial_;
    std::string& shown = state_[item.event().dialog()];
    CheckSuperseded(item.event(), shown);
    shown = item.event().body().data();
  }

  // Event n belongs to dialog n % kDialogs: so the values tell how many lie between.
  void CheckSuperseded(const v1::Event& event, const std::string& shown) {
    int64_t before = 0;
    int64_t now = 0;
    if (event.initial() || shown.empty() || gaps_ > 0) return;
    if (!absl::SimpleAtoi(shown, &before) || !absl::SimpleAtoi(event.body().data(), &now) ||
        (now - before) / kDialogs - 1 != event.superseded()) {
      failure_ = absl::StrCat(now, " after ", before, " superseded ", event.superseded());
    }
  }

  const std::shared_ptr<EventLog> log_;
  FanoutExecutor& executor_;
  const WatchOptions options_;
  std::unique_ptr<WatchReader> reader_;
  std::atomic<bool> ended_{false};
  std::string failure_;
  uint64_t last_sequence_ = 0;
  uint64_t told_ = 0;
  uint64_t initial_ = 0;
  int gaps_ = 0;
  std::map<std::string, std::string> state_;
};

class WatchThreadsTest : public ::testing::Test {
 protected:
  void MakeLog(LogLimits limits) {
    log_ = std::make_shared<EventLog>(LogIdentity{kLogName, "uid", 1}, limits, executor_, budget_);
  }

  // The SIP thread: numbers events, ends with TERMINATED.
  void Write(int events) {
    log_->AppendStatus(StatusPayload(v1::Subscription::ACTIVE), absl::UnixEpoch());
    for (int i = 1; i <= events; ++i) {
      log_->AppendEvent(static_cast<EntryKey>(i) % kDialogs,
                        EventPayload(static_cast<EntryKey>(i) % kDialogs, absl::StrCat(i)),
                        absl::FromUnixMillis(i));
      if (i == 1) log_->Settle();
      if (i % 64 == 0) std::this_thread::yield();
    }
    log_->AppendStatus(StatusPayload(v1::Subscription::TERMINATED), absl::UnixEpoch());
    log_->Close();
  }

  void StartStreams(int count, bool every) {
    for (int i = 0; i < count; ++i) {
      const WatchOptions options{.every = every, .max_items = 1 + i % 7};
      streams_.push_back(std::make_shared<CheckingStream>(log_, executor_, options));
      streams_.back()->Start();
    }
  }

  void AwaitEnd() {
    for (const auto& stream : streams_) {
      while (!stream->ended()) std::this_thread::yield();
      EXPECT_EQ(stream->failure(), "");
    }
  }

  static std::map<std::string, std::string> FinalState(int events) {
    std::map<std::string, std::string> state;
    for (int i = events; i > events - static_cast<int>(kDialogs); --i) {
      state[absl::StrCat("dialog-", static_cast<EntryKey>(i) % kDialogs)] = absl::StrCat(i);
    }
    return state;
  }

  HistoryBudget budget_;
  FanoutExecutor executor_{3};
  std::shared_ptr<EventLog> log_;
  std::vector<std::shared_ptr<CheckingStream>> streams_;
};

TEST_F(WatchThreadsTest, EachStreamGetsOrCountsEveryEventOnceInOrder) {
  constexpr int kEvents = 5000;
  MakeLog({.max_entries = 1 << 20, .max_bytes = 1 << 30});
  StartStreams(10, /*every=*/false);
  StartStreams(10, /*every=*/true);

  std::thread writer([this] { Write(kEvents); });
  writer.join();
  AwaitEnd();

  for (const auto& stream : streams_) {
    EXPECT_EQ(stream->told(), kEvents);
    EXPECT_EQ(stream->initial(), 0);
    EXPECT_EQ(stream->gaps(), 0);
    EXPECT_EQ(stream->state(), FinalState(kEvents));
  }
}

TEST_F(WatchThreadsTest, StreamsOfTrimmedLogEndWithTheLastState) {
  constexpr int kEvents = 5000;
  MakeLog({.max_entries = 16});
  budget_.SetMaxBytes(4000);
  StartStreams(10, /*every=*/false);
  StartStreams(10, /*every=*/true);

  std::thread writer([this] { Write(kEvents); });
  writer.join();
  AwaitEnd();

  for (const auto& stream : streams_) EXPECT_EQ(stream->state(), FinalState(kEvents));
}

TEST_F(WatchThreadsTest, StreamsMayComeAndGoWhileEventsFlow) {
  constexpr int kEvents = 5000;
  MakeLog({.max_entries = 64});
  std::thread writer([this] { Write(kEvents); });

  for (int round = 0; round < 100; ++round) {
    StartStreams(4, round % 2 == 0);
    if (round % 10 != 0) streams_.resize(streams_.size() - 4);  // gone without a word
  }
  writer.join();
  AwaitEnd();

  EXPECT_EQ(streams_.size(), 40);
  for (const auto& stream : streams_) EXPECT_EQ(stream->state(), FinalState(kEvents));
}

TEST_F(WatchThreadsTest, ManyLogsUnderOneBudgetComeAndGo) {
  budget_.SetMaxBytes(50'000);
  std::vector<std::thread> shards;
  shards.reserve(2);
  for (int shard = 0; shard < 2; ++shard) {
    shards.emplace_back([this] {
      std::vector<std::shared_ptr<EventLog>> logs(20);
      for (int i = 0; i < 4000; ++i) {
        std::shared_ptr<EventLog>& log = logs[static_cast<size_t>(i * 7 % 20)];
        if (log == nullptr || i % 13 == 0) {
          log = std::make_shared<EventLog>(LogIdentity{kLogName, absl::StrCat(i), 1}, LogLimits(),
                                           executor_, budget_);
        }
        log->AppendEvent(1, std::string(500, 'x'), absl::FromUnixMillis(i));
      }
    });
  }
  for (std::thread& shard : shards) shard.join();
  executor_.Shutdown();

  EXPECT_GT(budget_.trimmed_by_memory(), 0);
  EXPECT_EQ(budget_.state_bytes(), 0);
  EXPECT_EQ(budget_.live_entries(), 0);
}

}  // namespace
}  // namespace sipevents::gateway
