#include "gateway/rpc/deferred_answer.h"

#include <utility>

#include "gateway/rpc/grpc_status.h"

namespace sipevents::gateway {

DeferredAnswer::Right::~Right() {
  bool answers_later = false;
  {
    MutexLock lock(call_->mutex_);
    answers_later = call_->later_ != nullptr;
  }
  if (!answers_later) call_->Take([] { return Draining(); });
}

void DeferredAnswer::Right::AnswerLater(Fill fill) const {
  {
    MutexLock lock(call_->mutex_);
    if (call_->later_ != nullptr) return;
    call_->later_ = std::move(fill);
  }
  call_->executor_.Schedule(*call_);
}

DeferredAnswer::Begun DeferredAnswer::Begin(FanoutExecutor& executor) {
  const std::shared_ptr<DeferredAnswer> call(new DeferredAnswer(executor));
  call->self_ = call;
  return {.reactor = call.get(), .right = std::make_shared<Right>(call)};
}

void DeferredAnswer::Take(const Fill& fill) {
  absl::Status status;
  {
    MutexLock lock(mutex_);
    if (std::exchange(finished_, true)) return;
    status = fill();
  }
  Finish(ToGrpcStatus(status));
}

void DeferredAnswer::Run() {
  Fill fill;
  {
    MutexLock lock(mutex_);
    fill = later_;
  }
  if (fill != nullptr) Take(fill);
}

void DeferredAnswer::OnCancel() {
  Take([] { return absl::CancelledError("the caller has gone"); });
}

void DeferredAnswer::OnDone() { const std::shared_ptr<DeferredAnswer> self = std::move(self_); }

}  // namespace sipevents::gateway
