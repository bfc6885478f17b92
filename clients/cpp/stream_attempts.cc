#include "clients/cpp/stream_attempts.h"

#include <algorithm>
#include <utility>

#include "clients/cpp/retry_policy.h"
#include "clients/cpp/status.h"

namespace sipevents::client {

StreamAttempts::StreamAttempts(std::shared_ptr<Channel> channel, Options options,
                               std::unique_ptr<Pause> pause)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      pause_(std::move(pause)),
      backoff_(options_.backoff) {}

grpc::ClientContext* StreamAttempts::Begin() {
  first_attempt_ = std::min(first_attempt_, pause_->Now());
  auto context = std::make_unique<grpc::ClientContext>();
  if (const absl::Status authorized = channel_->Authorize(*context); !authorized.ok()) {
    RetryAfter(authorized);
    return nullptr;
  }
  grpc::ClientContext* call = context.get();
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return nullptr;
    context_ = std::move(context);
  }
  channel_->AwaitConnection(kConnectPatience, [this] { return ended(); });
  return call;
}

void StreamAttempts::OnRead() {
  if (connected_at_ == absl::InfiniteFuture()) connected_at_ = pause_->Now();
  was_connected_ = true;
}

void StreamAttempts::Cancel() {
  const std::scoped_lock lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

absl::Status StreamAttempts::Finish(const grpc::Status& end) {
  {
    const std::scoped_lock lock(mutex_);
    context_.reset();
  }
  if (pause_->Now() - std::exchange(connected_at_, absl::InfiniteFuture()) >= kHealthyAfter) {
    backoff_.Reset();
  }
  return ToAbslStatus(end);
}

absl::Duration StreamAttempts::WaitFor(const absl::Status& why, Backoff& backoff) {
  return RetryWait(why, backoff.Next(random_), options_.backoff.jitter, random_);
}

void StreamAttempts::TellRetry(const absl::Status& why, absl::Duration wait) const {
  if (options_.on_retry != nullptr && !ended()) options_.on_retry(why, wait);
}

void StreamAttempts::RetryAfter(const absl::Status& why) {
  const absl::Duration wait = WaitFor(why, backoff_);
  const absl::Time give_up = first_attempt_ + options_.first_connect_timeout;
  if (!was_connected_ && IsUnreachable(why) && pause_->Now() + wait > give_up) {
    End(why);
    return;
  }
  TellRetry(why, wait);
  pause_->Wait(wait);
}

void StreamAttempts::End(absl::Status status) {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  if (!stopped_) status_ = std::move(status);
}

void StreamAttempts::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  pause_->Interrupt();
}

bool StreamAttempts::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_ || stopped_;
}

absl::Status StreamAttempts::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

}  // namespace sipevents::client
