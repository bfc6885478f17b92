#ifndef GATEWAY_RPC_DEFERRED_ANSWER_H_
#define GATEWAY_RPC_DEFERRED_ANSWER_H_

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "gateway/watch/fanout_executor.h"
#include "grpcpp/support/server_callback.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// A unary call whose answer comes later, from somewhere else.
//
// Threads: any. Fill functions run one at a time, and only while gRPC's response is there to fill.
// Ends: lives until gRPC and whoever is to answer are done with it.
class DeferredAnswer final : public grpc::ServerUnaryReactor, public Runnable {
 public:
  // Writes the response, and says how the call ends.
  using Fill = std::function<absl::Status()>;

  // The right to answer. If it goes away without an answer, the side that should have given one has
  // gone away, and the call ends with DRAINING.
  class Right {
   public:
    explicit Right(std::shared_ptr<DeferredAnswer> call) : call_(std::move(call)) {}
    Right(const Right&) = delete;
    Right& operator=(const Right&) = delete;
    ~Right();

    // Answers in place. Not for SIP threads: it may take a system call. The first answer counts.
    void Answer(const Fill& fill) const { call_->Take(fill); }
    // Answers on the executor.
    void AnswerLater(Fill fill) const;

   private:
    const std::shared_ptr<DeferredAnswer> call_;
  };

  // Begins; the result's reactor goes to gRPC. `executor` must outlive the call.
  struct Begun {
    grpc::ServerUnaryReactor* reactor;
    std::shared_ptr<Right> right;
  };
  static Begun Begin(FanoutExecutor& executor);

 private:
  explicit DeferredAnswer(FanoutExecutor& executor) : executor_(executor) {}

  void Take(const Fill& fill);
  // Runnable: answers with what was left.
  void Run() override;

  // grpc::ServerUnaryReactor:
  void OnCancel() override;
  void OnDone() override;

  FanoutExecutor& executor_;
  Mutex mutex_;
  Fill later_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<DeferredAnswer> self_;  // while gRPC may call it
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_DEFERRED_ANSWER_H_
