#ifndef CLIENTS_CLI_ITEM_STREAM_H_
#define CLIENTS_CLI_ITEM_STREAM_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "clients/cli/calls.h"
#include "clients/cli/stop_signal.h"
#include "clients/cpp/stream_attempts.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// The calls of one command that follows a stream without tokens, one after the other: a break is
// told on standard error, and so is that it is over. They end when a signal comes at `stop`, which
// was made before the channel, or after --timeout.
//
// Threads: one; another one waits for the signal.
class ItemAttempts {
 public:
  ItemAttempts(const CommandContext& context, const std::shared_ptr<Channel>& channel,
               const StopSignal& stop);
  ~ItemAttempts();
  ItemAttempts(const ItemAttempts&) = delete;
  ItemAttempts& operator=(const ItemAttempts&) = delete;

  // As in StreamAttempts.
  grpc::ClientContext* Begin() { return attempts_.Begin(); }
  void Cancel() { attempts_.Cancel(); }
  bool ended() const { return attempts_.ended(); }
  absl::Status status() const { return attempts_.status(); }

  // The stream has brought something.
  void OnRead();
  // It is over by itself: the last one, or another one follows after a wait.
  void OnEnd(const grpc::Status& end);
  // It was let go of, since its gateway is leaving; another one follows.
  void OnLeft(const grpc::Status& end);
  // Nothing more is wanted.
  void Stop() { attempts_.Stop(); }

 private:
  void OnRetry(const absl::Status& why);
  void AwaitStop(int stop_fd, absl::Duration timeout);

  const std::string gateway_;
  bool noted_outage_ = false;
  StreamAttempts attempts_;
  const int wake_fd_;
  std::thread waiter_;  // last: uses the others
};

// Prints a line for each item of a batch; counts `left` down by those that are no bookmarks.
// Returns whether more are wanted.
template <typename Response>
bool PrintBatch(const CommandContext& context, const Response& batch, int& left,
                ExitStatus& exit_status) {
  for (const auto& item : batch.items()) {
    const std::string line = context.format.Resource(item);
    if (!line.empty() && !Print(context, line, exit_status)) return false;
    if (!item.has_bookmark() && --left == 0) return false;
  }
  return true;
}

// Whether a batch tells that the gateway is leaving.
template <typename Response>
bool HasDrain(const Response& batch) {
  for (const auto& item : batch.items()) {
    if (item.bookmark().kind() == v1::Bookmark::DRAIN) return true;
  }
  return false;
}

// Reads a stream of batches and prints a line for each item, until the gateway ends it, a signal
// comes, or --count or --timeout is reached. After a break it begins again, with all that there is:
// such streams have no tokens. `open` begins a call.
template <typename Response>
ExitStatus PrintItems(const CommandContext& context, const std::shared_ptr<Channel>& channel,
                      const StopSignal& stop,
                      const std::function<std::unique_ptr<grpc::ClientReaderInterface<Response>>(
                          grpc::ClientContext*)>& open) {
  ItemAttempts attempts(context, channel, stop);
  std::unique_ptr<grpc::ClientReaderInterface<Response>> reader;
  Response batch;
  const auto let_go = [&] {
    attempts.Cancel();
    while (reader->Read(&batch)) continue;
    return std::exchange(reader, nullptr)->Finish();
  };
  ExitStatus exit_status = kDone;
  int left = context.arguments.Number("count").value_or(-1);
  while (!attempts.ended()) {
    if (reader == nullptr) {
      if (grpc::ClientContext* const call = attempts.Begin()) reader = open(call);
    } else if (!reader->Read(&batch)) {
      attempts.OnEnd(std::exchange(reader, nullptr)->Finish());
    } else {
      attempts.OnRead();
      const bool leaving = HasDrain(batch);
      if (!PrintBatch(context, batch, left, exit_status)) {
        attempts.Stop();
      } else if (leaving) {
        attempts.OnLeft(let_go());
      }
    }
  }
  if (reader != nullptr) let_go();
  return attempts.status().ok() ? exit_status : Report(context, attempts.status());
}

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_ITEM_STREAM_H_
