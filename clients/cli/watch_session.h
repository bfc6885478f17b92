#ifndef CLIENTS_CLI_WATCH_SESSION_H_
#define CLIENTS_CLI_WATCH_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cli/exit_status.h"
#include "clients/cli/state_file.h"
#include "clients/cli/watch_view.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/event_watcher.h"
#include "clients/cpp/multi_watcher.h"

namespace sipevents::client {

// Runs watches until all have ended, and has what they bring shown: one over a stream of its own,
// several over one stream for all.
//
// Threads: Add() and Run() the owner's. What comes is taken in by another thread; one mutex has
// it shown one after the other, another one keeps what it shares with Run().
class WatchSession {
 public:
  struct Options {
    std::optional<int64_t> max_events;  // ends after so many, over all targets
    absl::Duration timeout = absl::InfiniteDuration();
  };

  // `view` and `state`, which may be null, must outlive the session. `out_fd` is where `view`
  // shows things: the session ends when nobody reads there any more.
  WatchSession(std::shared_ptr<Channel> channel, WatchView& view, int out_fd, StateFile* state,
               Options options);
  ~WatchSession();
  WatchSession(const WatchSession&) = delete;
  WatchSession& operator=(const WatchSession&) = delete;

  // Adds a watch; its token comes from the state file, if there is one. Before Run().
  void Add(const WatchedTarget& target, WatchOptions options);

  // Returns when all watches have ended, the wanted events have come, the time is up, nobody
  // reads the output any more, or `stop_fd` is readable.
  ExitStatus Run(int stop_fd);

 private:
  struct Watch;

  void StartOne();
  void StartMany();
  void StopAndJoin();
  void TakeMany();
  void OnItem(const Watch& watch, const v1::WatchItem& item);
  void OnEnd(const Watch& watch, const absl::Status& end);
  void OnRetry(const absl::Status& why);
  void RunUntilFinished(int stop_fd);
  bool WaitForWake(int stop_fd, absl::Time until);
  static void TakeSignal(int stop_fd);
  bool NoteConnected();
  void TellError(const Watch& watch, const absl::Status& error);
  bool Went(const absl::Status& written);
  void Remember(const Watch& watch, const v1::WatchItem& item);
  void WriteStateIfDue(absl::Time now);
  void Finish();

  const std::shared_ptr<Channel> channel_;
  WatchView& view_;
  const int out_fd_;
  const Options options_;
  std::vector<std::unique_ptr<Watch>> watches_;
  // Of several:
  std::unique_ptr<MultiWatcher> many_;
  std::map<uint64_t, const Watch*> watch_of_id_;
  std::unique_ptr<Watch> stream_;  // whose items are of the stream itself
  std::thread taker_;
  int wake_fd_;  // an eventfd: look again

  std::mutex show_mutex_;  // held while something is shown; taken before mutex_
  std::mutex mutex_;
  // Guarded by mutex_:
  StateFile* const state_;
  bool finished_ = false;
  size_t running_ = 0;
  int64_t events_ = 0;
  bool connected_ = false;     // something has come
  bool noted_outage_ = false;  // one remark per outage, however many watches notice it
  bool noted_unreachable_ = false;
  ExitStatus exit_status_ = kDone;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_WATCH_SESSION_H_
