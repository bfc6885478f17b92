#include "clients/cpp/multi_watcher.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "clients/cpp/retry_policy.h"
#include "clients/cpp/status.h"

namespace sipevents::client {
namespace {

// So many watches go into one request.
constexpr int kAddsInRequest = 256;

// A v1.WatchError is a google.rpc.Status by another name.
absl::Status StatusOf(const v1::WatchError& error) {
  return ToAbslStatus(grpc::Status(static_cast<grpc::StatusCode>(error.code()), error.message(),
                                   error.SerializeAsString()));
}

}  // namespace

v1::AddedWatch AddedWatchOf(const v1::WatchRequest& request) {
  v1::AddedWatch added;
  if (request.has_name()) added.set_name(request.name());
  if (request.has_spec()) *added.mutable_spec() = request.spec();
  added.set_resume_token(request.resume_token());
  added.set_delivery(request.delivery());
  added.set_fail_on_gap(request.fail_on_gap());
  if (request.has_linger()) *added.mutable_linger() = request.linger();
  return added;
}

MultiWatcher::MultiWatcher(std::shared_ptr<Channel> channel, Options options,
                           std::unique_ptr<Pause> pause)
    : channel_(channel),
      options_(std::move(options)),
      attempts_(std::move(channel),
                {options_.backoff, options_.first_connect_timeout, options_.on_retry},
                std::move(pause)) {}

MultiWatcher::~MultiWatcher() {
  Stop();
  AbandonStream();
}

uint64_t MultiWatcher::Add(v1::AddedWatch watch, RefusedToken refused_token) {
  const std::scoped_lock lock(mutex_);
  const uint64_t id = ++last_id_;
  watch.set_watch_id(id);
  watches_.emplace(id, Watch{.request = std::move(watch),
                             .refused_token = refused_token,
                             .backoff = Backoff(options_.backoff)});
  Queue(id, watches_.at(id), absl::InfinitePast());
  return id;
}

void MultiWatcher::Remove(uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = watches_.find(id);
  if (found == watches_.end() || std::exchange(found->second.removing, true)) return;
  other_requests_.emplace_back().mutable_remove()->set_watch_id(id);
  to_write_.notify_one();
}

void MultiWatcher::Grant(uint64_t id, uint32_t items) {
  const std::scoped_lock lock(mutex_);
  const auto found = watches_.find(id);
  if (found == watches_.end() || !found->second.request.has_credit()) return;
  v1::AddedWatch& request = found->second.request;
  request.set_credit(request.credit() + std::min(items, UINT32_MAX - request.credit()));
  if (found->second.queued) return;  // it goes with the add
  v1::GrantCredit& grant = *other_requests_.emplace_back().mutable_credit();
  grant.set_watch_id(id);
  grant.set_items(items);
  to_write_.notify_one();
}

void MultiWatcher::Stop() { attempts_.Stop(); }

std::string MultiWatcher::resume_token(uint64_t id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = watches_.find(id);
  return found == watches_.end() ? "" : found->second.request.resume_token();
}

absl::Status MultiWatcher::status() const { return attempts_.status(); }

std::optional<ManyItem> MultiWatcher::Next() {
  while (!attempts_.ended()) {
    if (next_in_batch_ < batch_.items_size()) {
      std::optional<ManyItem> taken = Take(*batch_.mutable_items(next_in_batch_++));
      if (taken.has_value()) return taken;
    } else if (draining_) {
      AbandonStream();
      attempts_.RetryAfter(absl::UnavailableError("the gateway is leaving"));
    } else if (!HasWatches()) {
      attempts_.End(absl::OkStatus());
    } else if (stream_ == nullptr) {
      OpenStream();
    } else if (!ReadBatch()) {
      batch_.Clear();
      HandleEnd(FinishStream());
    }
  }
  AbandonStream();
  return std::nullopt;
}

// ---- What comes

std::optional<ManyItem> MultiWatcher::Take(v1::WatchManyItem& told) {
  const uint64_t id = told.watch_id();
  if (id == 0) {
    if (told.item().bookmark().kind() == v1::Bookmark::DRAIN) draining_ = true;
    if (!told.has_item()) return std::nullopt;
    return ManyItem{.watch_id = 0, .item = std::move(*told.mutable_item()), .end = {}};
  }
  std::unique_lock lock(mutex_);
  const auto found = watches_.find(id);
  if (found == watches_.end()) return std::nullopt;
  Watch& watch = found->second;
  if (told.has_removed()) return EndWatch(id, absl::OkStatus());
  if (told.has_error()) return TakeError(id, watch, StatusOf(told.error()), lock);
  if (!told.item().resume_token().empty()) {
    watch.request.set_resume_token(told.item().resume_token());
    watch.own_token = true;
    watch.backoff.Reset();
  }
  if (watch.request.credit() > 0) watch.request.set_credit(watch.request.credit() - 1);
  return ManyItem{.watch_id = id, .item = std::move(*told.mutable_item()), .end = {}};
}

std::optional<ManyItem> MultiWatcher::TakeError(uint64_t id, Watch& watch,
                                                const absl::Status& error,
                                                std::unique_lock<std::mutex>& lock) {
  if (watch.removing) return EndWatch(id, absl::OkStatus());
  switch (Judge(error, watch.own_token)) {
    case Verdict::kRetry: {
      const absl::Duration wait = attempts_.WaitFor(error, watch.backoff);
      Queue(id, watch, absl::Now() + wait);
      lock.unlock();  // who is told may call back
      attempts_.TellRetry(error, wait);
      return std::nullopt;
    }
    case Verdict::kTokenRefused: {
      const bool may = watch.own_token || watch.refused_token == RefusedToken::kStartAnew;
      if (!may || watch.request.resume_token().empty()) return EndWatch(id, error);
      if (watch.request.fail_on_gap()) {
        // As the gateway itself would say, had it known the token.
        return EndWatch(id, absl::OutOfRangeError("the gateway was replaced and cannot go on from "
                                                  "the resume token"));
      }
      watch.request.clear_resume_token();
      Queue(id, watch, absl::InfinitePast());
      ManyItem gap{.watch_id = id, .item = v1::WatchItem(), .end = {}};
      gap.item->mutable_gap()->set_reason(v1::Gap::LOG_REPLACED);
      return gap;
    }
    case Verdict::kFinal:
      break;
  }
  return EndWatch(id, error);
}

ManyItem MultiWatcher::EndWatch(uint64_t id, const absl::Status& end) {
  watches_.erase(id);
  return {.watch_id = id, .item = std::nullopt, .end = end};
}

// ---- What is asked for

void MultiWatcher::Queue(uint64_t id, Watch& watch, absl::Time when) {
  watch.queued = true;
  due_adds_.emplace(when, id);
  to_write_.notify_one();
}

// For a new stream: every watch is added to it, but for those that were to end.
void MultiWatcher::QueueAll() {
  due_adds_.clear();
  other_requests_.clear();
  closing_ = false;
  pace_told_ = false;
  for (auto& [id, watch] : watches_) {
    if (watch.removing) {
      v1::WatchManyItem& told = *batch_.add_items();
      told.set_watch_id(id);
      told.mutable_removed()->set_reason(v1::WatchRemoved::REQUESTED);
    } else {
      Queue(id, watch, absl::InfinitePast());
    }
  }
}

std::optional<v1::WatchManyRequest> MultiWatcher::NextRequest(absl::Time now) {
  v1::WatchManyRequest request;
  while (!due_adds_.empty() && due_adds_.begin()->first <= now &&
         request.add().watches_size() < kAddsInRequest) {
    const auto found = watches_.find(due_adds_.begin()->second);
    due_adds_.erase(due_adds_.begin());
    if (found == watches_.end()) continue;
    found->second.queued = false;
    *request.mutable_add()->add_watches() = found->second.request;
  }
  if (!request.has_add()) {
    if (other_requests_.empty()) return std::nullopt;
    request = std::move(other_requests_.front());
    other_requests_.pop_front();
  }
  if (!std::exchange(pace_told_, true)) request.MergeFrom(options_.pace);
  return request;
}

// In a thread of its own, since the gateway reads no further while what it answers is not read.
void MultiWatcher::WriteRequests(Stream& stream) {
  std::unique_lock lock(mutex_);
  while (!closing_ && !attempts_.ended()) {
    const std::optional<v1::WatchManyRequest> request = NextRequest(absl::Now());
    if (request.has_value()) {
      lock.unlock();
      const bool written = stream.Write(*request);
      lock.lock();
      if (!written) return;  // whoever reads is told why
    } else if (due_adds_.empty()) {
      to_write_.wait(lock);
    } else {
      to_write_.wait_until(lock, absl::ToChronoTime(due_adds_.begin()->first));
    }
  }
}

// ---- The stream

void MultiWatcher::OpenStream() {
  grpc::ClientContext* const call = attempts_.Begin();
  if (call == nullptr) return;
  {
    const std::scoped_lock lock(mutex_);
    QueueAll();
  }
  stream_ = channel_->subscriptions().WatchMany(call);
  writer_ = std::thread([this] { WriteRequests(*stream_); });
}

bool MultiWatcher::ReadBatch() {
  next_in_batch_ = 0;
  if (!stream_->Read(&batch_)) return false;
  attempts_.OnRead();
  return true;
}

absl::Status MultiWatcher::FinishStream() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  to_write_.notify_all();
  writer_.join();  // a write that is under way fails: the stream has ended
  const grpc::Status end = stream_->Finish();
  stream_.reset();
  return attempts_.Finish(end);
}

void MultiWatcher::AbandonStream() {
  draining_ = false;
  if (stream_ != nullptr) {
    attempts_.Cancel();
    while (stream_->Read(&batch_)) continue;
    FinishStream().IgnoreError();  // it was cancelled
  }
  batch_.Clear();
  next_in_batch_ = 0;
}

void MultiWatcher::HandleEnd(const absl::Status& end) {
  next_in_batch_ = 0;
  // The gateway ends a stream with OK only where its caller has closed it.
  if (end.ok() || Judge(end, attempts_.was_connected()) == Verdict::kRetry) {
    attempts_.RetryAfter(end.ok() ? absl::UnavailableError("the gateway has ended the stream")
                                  : end);
  } else {
    attempts_.End(end);
  }
}

bool MultiWatcher::HasWatches() const {
  const std::scoped_lock lock(mutex_);
  return !watches_.empty();
}

}  // namespace sipevents::client
