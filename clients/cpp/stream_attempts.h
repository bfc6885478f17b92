#ifndef CLIENTS_CPP_STREAM_ATTEMPTS_H_
#define CLIENTS_CPP_STREAM_ATTEMPTS_H_

#include <functional>
#include <memory>
#include <mutex>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cpp/backoff.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/pause.h"
#include "grpcpp/client_context.h"

namespace sipevents::client {

// The streams of one watcher, one after the other, until it is stopped or one of them ends for
// good: what all watchers have in common, whatever their streams carry.
//
//   while (!attempts.ended()) {
//     if (stream == nullptr) {
//       if (grpc::ClientContext* call = attempts.Begin()) stream = Open(call);
//     } else if (stream->Read(&batch)) {
//       attempts.OnRead();
//     } else {
//       const grpc::Status told = stream->Finish();
//       stream.reset();
//       const absl::Status end = attempts.Finish(told);
//       Judge(end, …) == Verdict::kRetry ? attempts.RetryAfter(end) : attempts.End(end);
//     }
//   }
//
// Threads: Stop(), ended() and status() any; the others that of whoever reads.
class StreamAttempts {
 public:
  struct Options {
    BackoffOptions backoff;
    // As in WatchOptions.
    absl::Duration first_connect_timeout = absl::InfiniteDuration();
    std::function<void(const absl::Status& why, absl::Duration wait)> on_retry;
  };

  StreamAttempts(std::shared_ptr<Channel> channel, Options options, std::unique_ptr<Pause> pause);

  // Makes ready for a call: authorised, and the gateway reached where that is possible soon. From
  // here on Stop() cancels it. Null: not now; it has waited, or is stopped.
  grpc::ClientContext* Begin();
  // The stream has brought something.
  void OnRead();
  // Cancels the call: reading ends soon.
  void Cancel();
  // The call is over, and the stream let go of; returns its end, with the google.rpc details as
  // payloads.
  absl::Status Finish(const grpc::Status& end);

  // How long to wait for another try, after `why`, of something that has a backoff of its own.
  absl::Duration WaitFor(const absl::Status& why, Backoff& backoff);
  // Tells whoever is to know of a wait.
  void TellRetry(const absl::Status& why, absl::Duration wait) const;
  // Tells and waits; or ends, where the gateway was never reached and it is time to give up.
  void RetryAfter(const absl::Status& why);
  // Ends with this status, unless it is stopped: then with OK.
  void End(absl::Status status);
  // Ends with OK. Does not wait.
  void Stop();

  // Whether it has ended or was stopped.
  bool ended() const;
  // How it ended; OK while it has not.
  absl::Status status() const;
  // Whether there was ever a stream that brought something.
  bool was_connected() const { return was_connected_; }

 private:
  const std::shared_ptr<Channel> channel_;
  const Options options_;
  const std::unique_ptr<Pause> pause_;

  // Of whoever reads.
  bool was_connected_ = false;
  absl::Time first_attempt_ = absl::InfiniteFuture();
  absl::Time connected_at_ = absl::InfiniteFuture();  // of this stream; future: not yet
  Backoff backoff_;
  absl::BitGen random_;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::unique_ptr<grpc::ClientContext> context_;
  absl::Status status_;
  bool stopped_ = false;
  bool ended_ = false;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_STREAM_ATTEMPTS_H_
