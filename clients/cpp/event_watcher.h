#ifndef CLIENTS_CPP_EVENT_WATCHER_H_
#define CLIENTS_CPP_EVENT_WATCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cpp/backoff.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/pause.h"
#include "clients/cpp/stream_attempts.h"
#include "grpcpp/support/sync_stream.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// Says what to watch, and how to go on after a break.
struct WatchOptions {
  // What to do with a resume token that the gateway answers INVALID_ARGUMENT to.
  enum class RefusedToken {
    kFail,       // end with the error
    kStartAnew,  // deliver a Gap (LOG_REPLACED) and begin again with a snapshot
  };

  // What to watch, see sipevents/v1/subscriptions.proto. A `resume_token` set here is where the
  // first stream goes on.
  v1::WatchRequest request;
  BackoffOptions backoff;
  // Applies to the token in `request`. One that this watcher got itself always starts anew, or
  // ends with OUT_OF_RANGE where the request says `fail_on_gap`: the gateway has been replaced.
  RefusedToken refused_token = RefusedToken::kFail;
  // Gives up with the last error when no stream has come about within this time of the first
  // attempt. Once there was one, it tries for ever.
  absl::Duration first_connect_timeout = absl::InfiniteDuration();
  // Told before each wait: why the stream ended, and how long the wait is. May be empty.
  std::function<void(const absl::Status& why, absl::Duration wait)> on_retry;
};

// Asks for one event package of one resource, e.g. ("sip:alice@example.com", "presence").
v1::WatchRequest WatchTarget(const std::string& target_uri, const std::string& event_package);

// Follows the event state of one resource, across broken connections and restarts of the gateway.
//
//   auto channel = Channel::Open({.gateway = "127.0.0.1:50051"});
//   if (!channel.ok()) return channel.status();
//   WatchOptions options;
//   options.request = WatchTarget("sip:alice@example.com", "presence");
//   EventWatcher watcher(*channel, options);
//   while (std::optional<v1::WatchItem> item = watcher.Next()) {
//     if (item->has_event()) Show(item->event());
//     Keep(watcher.resume_token());
//   }
//   return watcher.status();
//
// Delivers every item as it came: events, status, forks that ended, gaps, bookmarks. After a
// break it connects again with the token of the last item, so that nothing is left out or shown
// twice (what is too old for the gateway is told by a Gap and replaced by a snapshot). DRAIN is
// delivered and then followed by a new connection. Ends when the gateway ends the stream with OK
// (after TERMINATED), at an error that trying again would not mend (Judge() in retry_policy.h),
// or at Stop().
//
// Use either Next(), which works in the caller's thread, or Start(), which has one of its own.
//
// Threads: Next() one at a time; Stop() and resume_token() any; the others the owner's.
// Holds at most one batch of items; a consumer that is slow slows the stream down by flow
// control, and the gateway then folds or drops by `WatchRequest.delivery`.
class EventWatcher {
 public:
  EventWatcher(std::shared_ptr<Channel> channel, WatchOptions options,
               std::unique_ptr<Pause> pause = std::make_unique<SystemPause>());
  // Stops, and waits for the callback that is running. Not from within a callback.
  ~EventWatcher();
  EventWatcher(const EventWatcher&) = delete;
  EventWatcher& operator=(const EventWatcher&) = delete;

  // Waits for the next item. Empty when the watch has ended; status() then says how.
  std::optional<v1::WatchItem> Next();

  // Calls `on_item` for each item and at last `on_end`, both in a thread of the watcher, one
  // after the other. Either may call Stop(). At most once, and not together with Next().
  void Start(std::function<void(const v1::WatchItem&)> on_item,
             std::function<void(const absl::Status&)> on_end = nullptr);

  // After Start(): waits for the end and returns status(). Not from within a callback.
  absl::Status Join();

  // Ends the watch with OK; Next() returns empty at once, an item that is being delivered is
  // the last. Does not wait.
  void Stop();

  // Where to go on: covers the items that Next() returned, or whose `on_item` has returned.
  // Empty before the first. Keep it to hand it to a later watcher in `request.resume_token`.
  std::string resume_token() const;

  // How the watch ended: OK by itself or by Stop(), else the final error, with its google.rpc
  // details as payloads (status.h). OK while it runs.
  absl::Status status() const;

 private:
  using Reader = grpc::ClientReaderInterface<v1::WatchResponse>;

  std::optional<v1::WatchItem> Take();
  void Commit(const v1::WatchItem& item);
  void OpenStream();
  bool ReadBatch();
  absl::Status FinishStream();
  void AbandonStream();
  void HandleEnd(const absl::Status& end);
  void StartAnew(const absl::Status& why);

  const std::shared_ptr<Channel> channel_;
  WatchOptions options_;  // request.resume_token: what the next stream goes on from
  StreamAttempts attempts_;

  // Used by the thread that takes items.
  std::unique_ptr<Reader> reader_;
  v1::WatchResponse batch_;
  int next_in_batch_ = 0;
  bool draining_ = false;
  bool own_token_ = false;  // the token came from a stream of this watcher
  std::thread thread_;

  mutable std::mutex mutex_;
  std::string resume_token_;  // guarded by mutex_
};

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_EVENT_WATCHER_H_
