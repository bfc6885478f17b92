#include "clients/cpp/event_watcher.h"

#include <utility>

#include "clients/cpp/retry_policy.h"

namespace sipevents::client {

v1::WatchRequest WatchTarget(const std::string& target_uri, const std::string& event_package) {
  v1::WatchRequest request;
  request.mutable_spec()->set_target_uri(target_uri);
  request.mutable_spec()->set_event_package(event_package);
  return request;
}

EventWatcher::EventWatcher(std::shared_ptr<Channel> channel, WatchOptions options,
                           std::unique_ptr<Pause> pause)
    : channel_(channel),
      options_(std::move(options)),
      attempts_(std::move(channel),
                {options_.backoff, options_.first_connect_timeout, options_.on_retry},
                std::move(pause)),
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

void EventWatcher::Stop() { attempts_.Stop(); }

std::string EventWatcher::resume_token() const {
  const std::scoped_lock lock(mutex_);
  return resume_token_;
}

absl::Status EventWatcher::status() const { return attempts_.status(); }

std::optional<v1::WatchItem> EventWatcher::Take() {
  while (!attempts_.ended()) {
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
      attempts_.RetryAfter(absl::UnavailableError("the gateway is leaving"));
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
  grpc::ClientContext* const call = attempts_.Begin();
  if (call != nullptr) reader_ = channel_->subscriptions().Watch(call, options_.request);
}

bool EventWatcher::ReadBatch() {
  next_in_batch_ = 0;
  if (!reader_->Read(&batch_)) return false;
  attempts_.OnRead();
  return true;
}

absl::Status EventWatcher::FinishStream() {
  const grpc::Status end = reader_->Finish();
  reader_.reset();
  return attempts_.Finish(end);
}

void EventWatcher::AbandonStream() {
  draining_ = false;
  if (reader_ != nullptr) {
    attempts_.Cancel();
    while (reader_->Read(&batch_)) continue;
    FinishStream().IgnoreError();  // it was cancelled
  }
  batch_.Clear();
  next_in_batch_ = 0;
}

void EventWatcher::HandleEnd(const absl::Status& end) {
  if (end.ok()) {
    attempts_.End(end);
    return;
  }
  switch (Judge(end, attempts_.was_connected())) {
    case Verdict::kRetry:
      attempts_.RetryAfter(end);
      return;
    case Verdict::kTokenRefused:
      StartAnew(end);
      return;
    case Verdict::kFinal:
      attempts_.End(end);
      return;
  }
}

void EventWatcher::StartAnew(const absl::Status& why) {
  const bool may = own_token_ || options_.refused_token == WatchOptions::RefusedToken::kStartAnew;
  if (!may || options_.request.resume_token().empty()) {
    attempts_.End(why);
    return;
  }
  if (options_.request.fail_on_gap()) {
    // As the gateway itself would say, had it known the token.
    attempts_.End(
        absl::OutOfRangeError("the gateway was replaced and cannot go on from the resume token"));
    return;
  }
  options_.request.clear_resume_token();
  {
    const std::scoped_lock lock(mutex_);
    resume_token_.clear();
  }
  batch_.add_items()->mutable_gap()->set_reason(v1::Gap::LOG_REPLACED);
}

}  // namespace sipevents::client
