#ifndef CLIENTS_CPP_MULTI_WATCHER_H_
#define CLIENTS_CPP_MULTI_WATCHER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cpp/backoff.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/event_watcher.h"
#include "clients/cpp/pause.h"
#include "clients/cpp/stream_attempts.h"
#include "grpcpp/support/sync_stream.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// What a MultiWatcher brings: an item of a watch, or the end of one.
struct ManyItem {
  // As Add() gave it; 0: of the stream itself (HEARTBEAT, DRAIN).
  uint64_t watch_id = 0;
  // Absent: the watch is over, and `end` says how.
  std::optional<v1::WatchItem> item;
  // OK after TERMINATED and after Remove(), else the error, with its google.rpc details as
  // payloads (status.h).
  absl::Status end;
};

// Follows thousands of resources over one stream (`WatchMany`), across broken connections and
// restarts of the gateway.
//
//   MultiWatcher watcher(channel, {});
//   for (const std::string& target : targets) {
//     watcher.Add(AddedWatchOf(WatchTarget(target, "presence")));
//   }
//   while (std::optional<ManyItem> told = watcher.Next()) {
//     if (told->item.has_value()) Show(told->watch_id, *told->item);
//   }
//   return watcher.status();
//
// Each watch is served as by an EventWatcher of its own: every item as it came; after a break all
// are added again, each with the token of its last item and with what was left of its credit; a
// watch that the gateway refuses for a while is added again later; an error that trying again
// would not mend ends that watch and no other.
//
// Threads: Next() one at a time; all else any.
// Holds at most one batch of items; a consumer that is slow slows the stream down by flow
// control, and the gateway then folds or drops by each watch's `delivery`.
class MultiWatcher {
 public:
  struct Options {
    // The pace of the stream, see v1.WatchManyRequest; `action` does not apply.
    v1::WatchManyRequest pace;
    BackoffOptions backoff;
    // As in WatchOptions.
    absl::Duration first_connect_timeout = absl::InfiniteDuration();
    // Told before each wait: why the stream, or one watch, is tried again, and how long the wait
    // is. May be empty.
    std::function<void(const absl::Status& why, absl::Duration wait)> on_retry;
  };
  using RefusedToken = WatchOptions::RefusedToken;

  MultiWatcher(std::shared_ptr<Channel> channel, Options options,
               std::unique_ptr<Pause> pause = std::make_unique<SystemPause>());
  // Stops. No other thread may be in Next() any more.
  ~MultiWatcher();
  MultiWatcher(const MultiWatcher&) = delete;
  MultiWatcher& operator=(const MultiWatcher&) = delete;

  // Adds a watch and returns its id; `watch_id` in `watch` does not apply. `refused_token` is for
  // the token in `watch`, as in WatchOptions.
  uint64_t Add(v1::AddedWatch watch, RefusedToken refused_token = RefusedToken::kFail);

  // Ends a watch: its end is the last that Next() brings of it. Nothing if it is over.
  void Remove(uint64_t id);

  // Lets a watch that was added with a `credit` bring more items.
  void Grant(uint64_t id, uint32_t items);

  // Waits for what comes next. Empty when no watch is left, after an error of the whole stream
  // that trying again would not mend, or from Stop() on; status() then says how.
  std::optional<ManyItem> Next();

  // Ends all with OK; Next() returns empty at once. Does not wait.
  void Stop();

  // Where a watch can go on: covers the items that Next() returned. Empty before the first, and
  // once it is over.
  std::string resume_token(uint64_t id) const;

  // How it ended, as EventWatcher::status(). OK while it runs.
  absl::Status status() const;

 private:
  using Stream = grpc::ClientReaderWriterInterface<v1::WatchManyRequest, v1::WatchManyResponse>;

  struct Watch {
    v1::AddedWatch request;  // resume_token, credit: what the next stream goes on from
    RefusedToken refused_token = RefusedToken::kFail;
    bool own_token = false;  // the token came from a stream of this watcher
    bool queued = false;     // its add is still to be written
    bool removing = false;
    Backoff backoff;
  };

  void OpenStream();
  bool ReadBatch();
  absl::Status FinishStream();
  void AbandonStream();
  void HandleEnd(const absl::Status& end);
  bool HasWatches() const;
  // These with mutex_ held:
  void Queue(uint64_t id, Watch& watch, absl::Time when);
  void QueueAll();
  std::optional<v1::WatchManyRequest> NextRequest(absl::Time now);
  std::optional<ManyItem> TakeError(uint64_t id, Watch& watch, const absl::Status& error,
                                    std::unique_lock<std::mutex>& lock);
  ManyItem EndWatch(uint64_t id, const absl::Status& end);
  // These without:
  void WriteRequests(Stream& stream);
  std::optional<ManyItem> Take(v1::WatchManyItem& told);

  const std::shared_ptr<Channel> channel_;
  const Options options_;
  StreamAttempts attempts_;

  // Used by the thread that takes items.
  std::unique_ptr<Stream> stream_;
  std::thread writer_;  // of this stream
  v1::WatchManyResponse batch_;
  int next_in_batch_ = 0;
  bool draining_ = false;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::condition_variable to_write_;
  bool closing_ = false;  // the stream: the writer has to end
  bool pace_told_ = false;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Watch> watches_;                // those that are not over
  std::multimap<absl::Time, uint64_t> due_adds_;     // when, which
  std::deque<v1::WatchManyRequest> other_requests_;  // to be sent after the adds that are due
};

// The watch that would tell on a WatchMany stream what `request` would on one of its own. What is
// of the stream (heartbeat, pace) is left out.
v1::AddedWatch AddedWatchOf(const v1::WatchRequest& request);

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_MULTI_WATCHER_H_
