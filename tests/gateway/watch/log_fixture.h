#ifndef TESTS_GATEWAY_WATCH_LOG_FIXTURE_H_
#define TESTS_GATEWAY_WATCH_LOG_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/watch/event_log.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/history_budget.h"
#include "gateway/watch/resume_token.h"
#include "gateway/watch/watch_reader.h"
#include "gtest/gtest.h"
#include "sipevents/v1/subscriptions.pb.h"

// A log with a deterministic executor, and readers whose octets are parsed by protobuf.

namespace sipevents::gateway {

inline const char kLogName[] = "subscriptions/1abc";

inline std::string EventPayload(EntryKey key, std::string_view value) {
  v1::Event event;
  event.set_dialog(absl::StrCat("dialog-", key));
  event.mutable_body()->set_data(std::string(value));
  return event.SerializeAsString();
}

inline std::string StatusPayload(v1::Subscription::State state) {
  v1::Subscription status;
  status.set_state(state);
  return status.SerializeAsString();
}

inline std::string EndedPayload(EntryKey key) {
  v1::DialogEnded ended;
  ended.set_dialog(absl::StrCat("dialog-", key));
  return ended.SerializeAsString();
}

// What one ReadBatch() brought.
struct ReadItems {
  ReadResult result = ReadResult::kIdle;
  std::vector<v1::WatchItem> items;
};

inline std::vector<v1::WatchItem> ParseItems(const WatchBatch& batch) {
  v1::WatchResponse response;
  EXPECT_TRUE(response.ParseFromString(batch.bytes));
  EXPECT_EQ(response.items_size(), batch.items);
  return {response.items().begin(), response.items().end()};
}

inline ReadItems ReadOnce(WatchReader& reader) {
  WatchBatch batch;
  ReadItems read;
  read.result = reader.ReadBatch(batch);
  read.items = ParseItems(batch);
  return read;
}

// Reads until nothing is left to read; `result` is the last one.
inline ReadItems ReadAll(WatchReader& reader) {
  ReadItems all;
  for (ReadItems read = ReadOnce(reader);; read = ReadOnce(reader)) {
    all.result = read.result;
    if (read.result != ReadResult::kItems) return all;
    all.items.insert(all.items.end(), read.items.begin(), read.items.end());
  }
}

// An item in few words: "initial dialog-1=open", "dialog-1=open+2" (two superseded), "ACTIVE",
// "ended dialog-1", "complete", "complete(empty)", "TRIMMED", "HEARTBEAT".
inline std::string Brief(const v1::WatchItem& item) {
  switch (item.item_case()) {
    case v1::WatchItem::kEvent:
      return absl::StrCat(
          item.event().initial() ? "initial " : "", item.event().dialog(), "=",
          item.event().body().data(),
          item.event().superseded() > 0 ? absl::StrCat("+", item.event().superseded()) : "");
    case v1::WatchItem::kStatus:
      return v1::Subscription::State_Name(item.status().state());
    case v1::WatchItem::kDialogEnded:
      return absl::StrCat("ended ", item.dialog_ended().dialog());
    case v1::WatchItem::kGap:
      return v1::Gap::Reason_Name(item.gap().reason());
    case v1::WatchItem::kBookmark:
      if (item.bookmark().kind() == v1::Bookmark::INITIAL_STATE_COMPLETE) {
        return item.bookmark().has_state() ? "complete" : "complete(empty)";
      }
      return v1::Bookmark::Kind_Name(item.bookmark().kind());
    case v1::WatchItem::ITEM_NOT_SET:
      return "nothing";
  }
  return "unknown";
}

inline std::vector<std::string> Brief(const std::vector<v1::WatchItem>& items) {
  std::vector<std::string> brief;
  brief.reserve(items.size());
  for (const v1::WatchItem& item : items) brief.push_back(Brief(item));
  return brief;
}

// Is scheduled in place of a stream; counts how often it ran.
class CountingTarget : public Runnable {
 public:
  int runs() const { return runs_; }

 private:
  void Run() override { ++runs_; }
  int runs_ = 0;
};

class LogFixture : public ::testing::Test {
 protected:
  // A log that keeps its history, as if somebody had once read it with EVERY.
  std::shared_ptr<EventLog> MakeLog(LogLimits limits = {}, std::string uid = "uid-1") {
    auto log = MakeStateLog(limits, std::move(uid));
    LogView(*log).KeepHistory();
    return log;
  }

  // A log that nobody has read with EVERY so far.
  std::shared_ptr<EventLog> MakeStateLog(LogLimits limits = {}, std::string uid = "uid-1") {
    return std::make_shared<EventLog>(LogIdentity{kLogName, std::move(uid), 7}, limits, executor_,
                                      budget_);
  }

  // Each takes a second longer than the one before.
  absl::Time NextTime() { return now_ += absl::Seconds(1); }

  void Event(EntryKey key, std::string_view value) {
    log_->AppendEvent(key, EventPayload(key, value), NextTime());
  }
  void Status(v1::Subscription::State state) {
    log_->AppendStatus(StatusPayload(state), NextTime());
  }
  void Ended(EntryKey key) { log_->AppendDialogEnded(key, EndedPayload(key), NextTime()); }

  // Lets readers see what was appended.
  void Publish() { executor_.RunReady(); }

  std::unique_ptr<WatchReader> Watch(const WatchOptions& options = {}) {
    return std::make_unique<WatchReader>(log_, options, std::weak_ptr<Runnable>());
  }
  std::unique_ptr<WatchReader> Resume(const v1::WatchItem& after, WatchOptions options = {}) {
    absl::StatusOr<ResumeToken> token = ResumeToken::Decode(after.resume_token());
    EXPECT_TRUE(token.ok()) << token.status();
    options.resume = *token;
    return Watch(options);
  }

  FanoutExecutor executor_{0};
  HistoryBudget budget_;
  absl::Time now_ = absl::UnixEpoch();
  std::shared_ptr<EventLog> log_ = MakeLog();
};

}  // namespace sipevents::gateway

#endif  // TESTS_GATEWAY_WATCH_LOG_FIXTURE_H_
