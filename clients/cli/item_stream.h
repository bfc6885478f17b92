#ifndef CLIENTS_CLI_ITEM_STREAM_H_
#define CLIENTS_CLI_ITEM_STREAM_H_

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "clients/cli/calls.h"
#include "clients/cli/stop_signal.h"

namespace sipevents::client {

// Ends a call when a signal comes (`stop_fd`, see StopSignal), or after `timeout`.
//
// Threads: one.
class CallStopper {
 public:
  CallStopper(grpc::ClientContext& call, int stop_fd, absl::Duration timeout);
  ~CallStopper();
  CallStopper(const CallStopper&) = delete;
  CallStopper& operator=(const CallStopper&) = delete;

  // Whether it has ended the call.
  bool stopped() const { return stopped_.load(); }

 private:
  void Wait(absl::Duration timeout);

  grpc::ClientContext& call_;
  const int stop_fd_;
  const int wake_fd_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

// Reads a stream of batches and prints a line for each item, until the gateway ends it, a signal
// comes at `stop`, which was made before the channel, or --count or --timeout is reached. `open`
// begins the call.
template <typename Response>
ExitStatus PrintItems(const CommandContext& context, const Channel& channel, const StopSignal& stop,
                      const std::function<std::unique_ptr<grpc::ClientReaderInterface<Response>>(
                          grpc::ClientContext*)>& open) {
  grpc::ClientContext call;
  if (const absl::Status authorized = channel.Authorize(call); !authorized.ok()) {
    return Report(context, authorized);
  }
  const auto timeout = context.arguments.Duration("timeout").value_or(absl::InfiniteDuration());
  const CallStopper stopper(call, stop.fd(), timeout);
  const std::unique_ptr<grpc::ClientReaderInterface<Response>> reader = open(&call);
  ExitStatus exit_status = kDone;
  bool goes_on = true;
  int left = context.arguments.Number("count").value_or(-1);
  Response response;
  while (goes_on && reader->Read(&response)) {
    for (const auto& item : response.items()) {
      const std::string line = context.format.Resource(item);
      if (!line.empty() && goes_on) goes_on = Print(context, line, exit_status);
      if (!item.has_bookmark() && --left == 0) goes_on = false;
    }
  }
  if (!goes_on) call.TryCancel();
  while (!goes_on && reader->Read(&response)) {
  }
  const absl::Status end = ToAbslStatus(reader->Finish());
  if (!goes_on || stopper.stopped() || end.ok()) return exit_status;
  return Report(context, end);
}

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_ITEM_STREAM_H_
