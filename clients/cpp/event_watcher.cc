#include "clients/cpp/event_watcher.h"

#include <algorithm>
#include <utility>

#include "clients/cpp/retry_policy.h"
#include "clients/cpp/status.h"

namespace sipevents::client {

v1::WatchRequest WatchTarget(const std::string& target_uri, const std::string& event_package) {
  v1::WatchRequest request;
  request.mutable_spec()->set_target_uri(target_uri);
  request.mutable_spec()->set_event_package(event_package);
  return request;
}

EventWatcher::EventWatcher(std::shared_ptr<Channel> channel, WatchOptions options,
                           std::unique_ptr<Pause> pause)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      pause_(std::move(pause)),
      backoff_(options_.backoff),
      resume_token_(options_.request.resume_token()) {}

EventWatcher::~EventWatcher() {
  Stop();
  if (thread_.joinable()) thread_.join();
  AbandonStream();
}

std::optional<v1::WatchItem> EventWatcher::Next() {
  std::optional<v1::WatchItem> item = Take();
  if (item.has_value()) Commit(*item);
  return item;
}

void EventWatcher::Start(std::function<void(const v1::WatchItem&)> on_item,
                         std::function<void(const absl::Status&)> on_end) {
  thread_ = std::thread([this, on_item = std::move(on_item), on_end = std::move(on_end)] {
    while (std::optional<v1::WatchItem> item = Take()) {
      on_item(*item);
      Commit(*item);
    }
    if (on_end != nullptr) on_end(status());
  });
}

absl::Status EventWatcher::Join() {
  if (thread_.joinable()) thread_.join();
  return status();
}

void EventWatcher::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  pause_->Interrupt();
}

std::string EventWatcher::resume_token() const {
  const std::scoped_lock lock(mutex_);
  return resume_token_;
}

absl::Status EventWatcher::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

std::optional<v1::WatchItem> EventWatcher::Take() {
  while (!ended()) {
    if (next_in_batch_ < batch_.items_size()) {
      v1::WatchItem item = std::move(*batch_.mutable_items(next_in_batch_++));
      if (item.bookmark().kind() == v1::Bookmark::DRAIN) draining_ = true;
      if (!item.resume_token().empty()) {
        options_.request.set_resume_token(item.resume_token());
        own_token_ = true;
      }
      return item;
    }
    if (draining_) {
      AbandonStream();
      RetryAfter(absl::UnavailableError("the gateway is leaving"));
    } else if (reader_ == nullptr) {
      OpenStream();
    } else if (!ReadBatch()) {
      batch_.Clear();
      HandleEnd(FinishStream());
    }
  }
  AbandonStream();
  return std::nullopt;
}

void EventWatcher::Commit(const v1::WatchItem& item) {
  if (item.resume_token().empty()) return;
  const std::scoped_lock lock(mutex_);
  resume_token_ = item.resume_token();
}

void EventWatcher::OpenStream() {
  first_attempt_ = std::min(first_attempt_, pause_->Now());
  auto context = std::make_unique<grpc::ClientContext>();
  if (const absl::Status authorized = channel_->Authorize(*context); !authorized.ok()) {
    RetryAfter(authorized);
    return;
  }
  grpc::ClientContext* call = context.get();
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    context_ = std::move(context);  // from here on Stop() cancels it, even before the call
  }
  channel_->AwaitConnection(kConnectPatience, [this] { return ended(); });
  reader_ = channel_->subscriptions().Watch(call, options_.request);
}

bool EventWatcher::ReadBatch() {
  next_in_batch_ = 0;
  if (!reader_->Read(&batch_)) return false;
  if (connected_at_ == absl::InfiniteFuture()) connected_at_ = pause_->Now();
  was_connected_ = true;
  return true;
}

absl::Status EventWatcher::FinishStream() {
  const grpc::Status end = reader_->Finish();
  reader_.reset();
  {
    const std::scoped_lock lock(mutex_);
    context_.reset();
  }
  if (pause_->Now() - std::exchange(connected_at_, absl::InfiniteFuture()) >= kHealthyAfter) {
    backoff_.Reset();
  }
  return ToAbslStatus(end);
}

void EventWatcher::AbandonStream() {
  draining_ = false;
  if (reader_ != nullptr) {
    {
      const std::scoped_lock lock(mutex_);
      context_->TryCancel();
    }
    while (reader_->Read(&batch_)) continue;
    FinishStream().IgnoreError();  // it was cancelled
  }
  batch_.Clear();
  next_in_batch_ = 0;
}

void EventWatcher::HandleEnd(const absl::Status& end) {
  if (end.ok()) {
    End(end);
    return;
  }
  switch (Judge(end, was_connected_)) {
    case Verdict::kRetry:
      RetryAfter(end);
      return;
    case Verdict::kTokenRefused:
      StartAnew(end);
      return;
    case Verdict::kFinal:
      End(end);
      return;
  }
}

void EventWatcher::RetryAfter(const absl::Status& why) {
  const absl::Duration wait =
      RetryWait(why, backoff_.Next(random_), options_.backoff.jitter, random_);
  const absl::Time give_up = first_attempt_ + options_.first_connect_timeout;
  if (!was_connected_ && IsUnreachable(why) && pause_->Now() + wait > give_up) {
    End(why);
    return;
  }
  if (options_.on_retry != nullptr && !ended()) options_.on_retry(why, wait);
  pause_->Wait(wait);
}

void EventWatcher::StartAnew(const absl::Status& why) {
  const bool may = own_token_ || options_.refused_token == WatchOptions::RefusedToken::kStartAnew;
  if (!may || options_.request.resume_token().empty()) {
    End(why);
    return;
  }
  if (options_.request.fail_on_gap()) {
    // As the gateway itself would say, had it known the token.
    End(absl::OutOfRangeError("the gateway was replaced and cannot go on from the resume token"));
    return;
  }
  options_.request.clear_resume_token();
  {
    const std::scoped_lock lock(mutex_);
    resume_token_.clear();
  }
  batch_.add_items()->mutable_gap()->set_reason(v1::Gap::LOG_REPLACED);
}

void EventWatcher::End(absl::Status status) {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  if (!stopped_) status_ = std::move(status);
}

bool EventWatcher::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_ || stopped_;
}

}  // namespace sipevents::client
