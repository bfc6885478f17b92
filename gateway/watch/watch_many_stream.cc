#include "gateway/watch/watch_many_stream.h"

#include <algorithm>
#include <utility>

#include "gateway/rpc/grpc_status.h"
#include "grpcpp/support/slice.h"

namespace sipevents::gateway {
namespace {

// A batch closes at so many octets, as that of a Watch.
constexpr size_t kMaxBatchBytes = size_t{512} << 10;

// So many orders are carried out between two writes: some 2 ms, mostly the making of
// Subscriptions.
constexpr int kOrdersInSlice = 64;

// So many watches are let go of at once.
constexpr size_t kReleasedInSlice = 256;

}  // namespace

WatchManyStream::WatchManyStream(Parts parts) : parts_(std::move(parts)) {}

WatchManyStream::~WatchManyStream() {
  watches_.reset();
  CountWatches();
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* WatchManyStream::Start() {
  parts_.metrics.OnStream(+1);
  self_ = std::static_pointer_cast<WatchManyStream>(shared_from_this());
  watches_.emplace(weak_from_this());
  last_write_ = parts_.clock.Now() - pace_.batch_linger;
  StartRead(&incoming_);
  // From here on a drain may find it.
  if (!parts_.streams.Add(self_)) drain_asked_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
  return this;
}

void WatchManyStream::Drain() {
  drain_asked_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchManyStream::OnReadDone(bool ok) {
  (ok ? request_here_ : half_closed_).store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchManyStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_release);
  writing_.store(false, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchManyStream::OnCancel() {
  cancelled_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchManyStream::OnDone() {
  // May be the last reference, but for a run that is under way.
  const std::shared_ptr<WatchManyStream> self = std::move(self_);
  parts_.metrics.OnStream(-1);
  parts_.streams.Remove(*this);
}

void WatchManyStream::Run() {
  while (!ended_ && !writing_.load(std::memory_order_acquire)) {
    if (cancelled_.load(std::memory_order_acquire)) {
      End(absl::CancelledError("the caller has gone"));
    } else if (drain_told_) {
      End(Draining());
    } else if (WorkAndWrite() == Step::kWait) {
      return;
    }
  }
  if (ended_) ReleaseSlice();
}

WatchManyStream::Step WatchManyStream::WorkAndWrite() {
  const absl::Time now = parts_.clock.Now();
  // Read before the requests: who closes has sent all of his.
  const bool half_closed = half_closed_.load(std::memory_order_acquire);
  batch_.Clear();
  if (const absl::Status carried_out = CarryOutSlice(); !carried_out.ok()) {
    End(carried_out);
    return Step::kGoOn;
  }
  const bool draining = drain_asked_.load(std::memory_order_acquire);
  // What the SIP side has appended by now is queued for this client, seen or not.
  if (draining && !std::exchange(drain_begun_, true)) watches_->ReadyAll();
  if (draining || !ShouldLinger(now)) {
    watches_->Fill(pace_.max_batch_items, kMaxBatchBytes, batch_);
    more_to_read_ = batch_.full;
  }
  CountWatches();
  if (batch_.items > 0) {
    Write(now);
    return Step::kGoOn;
  }
  if (carrying_out_) {
    // Behind the others.
    parts_.executor.Schedule(*this);
  } else if (draining) {
    WriteBookmark(BookmarkKind::kDrain, now);
    drain_told_ = true;
    return Step::kGoOn;
  } else if (half_closed && watches_->size() == 0) {
    End(absl::OkStatus());
    return Step::kGoOn;
  } else {
    OnIdle(now);
  }
  return Step::kWait;
}

// ---- What the caller asks for

absl::Status WatchManyStream::CarryOutSlice() {
  if (!carrying_out_ && request_here_.exchange(false, std::memory_order_acq_rel)) {
    if (absl::Status taken = parts_.orders->Take(incoming_, pace_); !taken.ok()) return taken;
    incoming_.Clear();
    carrying_out_ = true;
  }
  for (int i = 0; carrying_out_ && i < kOrdersInSlice; ++i) {
    const std::optional<WatchManyOrder> order = parts_.orders->Next();
    if (!order.has_value()) {
      carrying_out_ = false;
      StartRead(&incoming_);
      break;
    }
    batch_.ForWatch(order->watch_id);
    const absl::Status done = CarryOut(*order);
    if (!done.ok()) batch_.AppendError(EncodeDetails(done), ErrorReasonOf(done));
  }
  return absl::OkStatus();
}

absl::Status WatchManyStream::CarryOut(const WatchManyOrder& order) {
  switch (order.kind) {
    case WatchManyOrder::Kind::kAdd:
      return Add(order);
    case WatchManyOrder::Kind::kRemove:
      if (!watches_->Remove(order.watch_id)) return WatchIdUnknown(order.watch_id);
      batch_.AppendRemoved(RemovalReason::kRequested);
      return absl::OkStatus();
    case WatchManyOrder::Kind::kGrant:
      if (!watches_->Grant(order.watch_id, order.credit.value_or(0))) {
        return WatchIdUnknown(order.watch_id);
      }
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status WatchManyStream::Add(const WatchManyOrder& order) {
  if (order.watch_id == 0) {
    return InvalidField("watch_id", "0", "a number other than 0, which is the stream's own");
  }
  if (watches_->Has(order.watch_id)) return WatchIdInUse(order.watch_id);
  if (watches_->size() >= parts_.max_watches) {
    parts_.metrics.OnBoundReached("max_watches_per_stream");
    return BoundReached("max_watches_per_stream", static_cast<int64_t>(parts_.max_watches));
  }
  const absl::StatusOr<OpenedWatch> opened = parts_.orders->Open();
  if (!opened.ok()) return opened.status();
  watches_->Add(order.watch_id, *opened, order.credit);
  return absl::OkStatus();
}

// ---- What it writes

// A stream that has just written waits a little for more to come: a write costs more than an
// item. Not if the last batch was full: then there is enough. Meanwhile the watches that have
// news are not looked at, so that only the first of them calls.
bool WatchManyStream::ShouldLinger(absl::Time now) {
  if (linger_timer_.TakeFired()) return false;
  // The clock may have been set back.
  const absl::Duration rest = std::min(last_write_ + pace_.batch_linger - now, pace_.batch_linger);
  if (more_to_read_ || rest <= absl::ZeroDuration() || !watches_->HasReady()) return false;
  linger_timer_.WakeAfter(rest, weak_from_this(), parts_.executor);
  return true;
}

void WatchManyStream::OnIdle(absl::Time now) {
  const absl::Duration silent = std::max(now - last_write_, absl::ZeroDuration());
  if (silent >= pace_.heartbeat_interval) {
    WriteBookmark(BookmarkKind::kHeartbeat, now);
  } else {
    heartbeat_timer_.WakeAfter(pace_.heartbeat_interval - silent, weak_from_this(),
                               parts_.executor);
  }
}

void WatchManyStream::WriteBookmark(BookmarkKind kind, absl::Time now) {
  batch_.Clear();
  batch_.AppendStreamBookmark(kind);
  Write(now);
}

void WatchManyStream::Write(absl::Time now) {
  for (const absl::Time received : batch_.live_event_times) {
    parts_.metrics.ObserveNotifyToStream(now - received);
  }
  last_write_ = now;
  const grpc::Slice slice(batch_.bytes);
  outgoing_ = grpc::ByteBuffer(&slice, 1);
  writing_.store(true, std::memory_order_release);
  StartWrite(&outgoing_);
}

// ---- How it ends

void WatchManyStream::End(const absl::Status& status) {
  ended_ = true;
  heartbeat_timer_.Cancel(parts_.executor);
  linger_timer_.Cancel(parts_.executor);
  Finish(ToGrpcStatus(status));
}

void WatchManyStream::ReleaseSlice() {
  if (watches_->Release(kReleasedInSlice)) parts_.executor.Schedule(*this);
  CountWatches();
}

void WatchManyStream::CountWatches() {
  const size_t size = watches_.has_value() ? watches_->size() : 0;
  if (size == counted_watches_) return;
  parts_.metrics.OnManyWatches(static_cast<int64_t>(size) -
                               static_cast<int64_t>(std::exchange(counted_watches_, size)));
}

}  // namespace sipevents::gateway
