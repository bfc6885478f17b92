#include "gateway/watch/change_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/rpc/grpc_status.h"
#include "grpcpp/support/slice.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxBatchThings = 256;
constexpr size_t kMaxBatchBytes = size_t{512} << 10;

// Of protobuf's wire format: the tags of the fields 1 and 2 with a length, and of field 1 with a
// varint.
constexpr char kField1 = 0x0a;
constexpr char kField2 = 0x12;
constexpr char kField1Varint = 0x08;

void AppendLength(size_t length, std::string& bytes) {
  while (length >= 0x80) {
    bytes += static_cast<char>((length & 0x7f) | 0x80);
    length >>= 7;
  }
  bytes += static_cast<char>(length);
}

}  // namespace

ChangeStream::ChangeStream(const Options& options, const Parts& parts)
    : options_(options),
      parts_(parts),
      queue_(options.max_things),
      last_write_(parts.clock.Now()) {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ChangeStream::Start(std::shared_ptr<void> source) {
  parts_.metrics.OnStream(+1);
  source_ = std::move(source);
  self_ = std::static_pointer_cast<ChangeStream>(shared_from_this());
  started_.store(true, std::memory_order_release);
  // From here on a drain may find it.
  if (!parts_.streams.Add(self_)) drain_asked_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
  return this;
}

void ChangeStream::Put(std::shared_ptr<const Changing> thing) {
  if (!queue_.Put(std::move(thing))) overfull_.store(true, std::memory_order_release);
  if (started_.load(std::memory_order_acquire)) parts_.executor.Schedule(*this);
}

void ChangeStream::CompleteInitial() {
  queue_.CompleteInitial();
  if (started_.load(std::memory_order_acquire)) parts_.executor.Schedule(*this);
}

void ChangeStream::Drain() {
  drain_asked_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void ChangeStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_release);
  writing_.store(false, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void ChangeStream::OnCancel() {
  cancelled_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void ChangeStream::OnDone() {
  // May be the last reference, but for a run that is under way.
  const std::shared_ptr<ChangeStream> self = std::move(self_);
  parts_.metrics.OnStream(-1);
  parts_.streams.Remove(*this);
}

void ChangeStream::Run() {
  while (!ended_ && !writing_.load(std::memory_order_acquire)) {
    if (cancelled_.load(std::memory_order_acquire)) {
      End(absl::CancelledError("the caller has gone"));
    } else if (overfull_.load(std::memory_order_acquire)) {
      End(BoundReached("max_changing_things", static_cast<int64_t>(options_.max_things)));
    } else if (drain_told_) {
      End(Draining());
    } else if (WriteNext()) {
      return;
    }
  }
}

bool ChangeStream::WriteNext() {
  const absl::Time now = parts_.clock.Now();
  bytes_.clear();
  if (next_unwritten_ == unwritten_.size() && !bookmark_due_) {
    ChangeQueue::Taken taken = queue_.Take(kMaxBatchThings);
    unwritten_ = std::move(taken.things);
    next_unwritten_ = 0;
    bookmark_due_ = taken.initial_complete;
  }
  // A thing is told as it is now, which may be newer than what put it there.
  while (next_unwritten_ < unwritten_.size() && bytes_.size() < kMaxBatchBytes) {
    AppendItem(std::exchange(unwritten_[next_unwritten_++], nullptr)->EncodeItem());
  }
  if (next_unwritten_ == unwritten_.size() && std::exchange(bookmark_due_, false)) {
    AppendBookmark(BookmarkKind::kInitialStateComplete);
  }
  if (bytes_.empty() && drain_asked_.load(std::memory_order_acquire)) {
    AppendBookmark(BookmarkKind::kDrain);
    drain_told_ = true;
  }
  if (bytes_.empty()) {
    OnIdle(now);
    return bytes_.empty();
  }
  Write(now);
  return false;
}

void ChangeStream::OnIdle(absl::Time now) {
  const absl::Duration silent = std::max(now - last_write_, absl::ZeroDuration());
  if (silent >= options_.heartbeat_interval) {
    AppendBookmark(BookmarkKind::kHeartbeat);
    Write(now);
  } else {
    heartbeat_timer_.WakeAfter(options_.heartbeat_interval - silent, weak_from_this(),
                               parts_.executor);
  }
}

void ChangeStream::AppendItem(const std::string& item) {
  bytes_ += kField1;
  AppendLength(item.size(), bytes_);
  bytes_ += item;
}

void ChangeStream::AppendBookmark(BookmarkKind kind) {
  AppendItem({kField2, 2, kField1Varint, static_cast<char>(kind)});
}

void ChangeStream::Write(absl::Time now) {
  last_write_ = now;
  const grpc::Slice slice(bytes_);
  outgoing_ = grpc::ByteBuffer(&slice, 1);
  writing_.store(true, std::memory_order_release);
  StartWrite(&outgoing_);
}

void ChangeStream::End(const absl::Status& status) {
  ended_ = true;
  heartbeat_timer_.Cancel(parts_.executor);
  source_.reset();
  Finish(ToGrpcStatus(status));
}

}  // namespace sipevents::gateway
