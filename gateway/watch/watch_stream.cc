#include "gateway/watch/watch_stream.h"

#include <algorithm>
#include <utility>

#include "gateway/rpc/grpc_status.h"
#include "grpcpp/support/slice.h"

namespace sipevents::gateway {

WatchStream::WatchStream(Options options, Parts parts)
    : options_(std::move(options)), parts_(std::move(parts)) {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchStream::Start() {
  parts_.metrics.OnStream(+1);
  self_ = std::static_pointer_cast<WatchStream>(shared_from_this());
  reader_.emplace(parts_.log, options_.reading, weak_from_this());
  last_write_ = parts_.clock.Now() - options_.batch_linger;
  // From here on a drain may find it.
  if (!parts_.streams.Add(self_)) drain_asked_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
  return this;
}

void WatchStream::Drain() {
  drain_asked_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_release);
  writing_.store(false, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchStream::OnCancel() {
  cancelled_.store(true, std::memory_order_release);
  parts_.executor.Schedule(*this);
}

void WatchStream::OnDone() {
  // May be the last reference, but for a run that is under way.
  const std::shared_ptr<WatchStream> self = std::move(self_);
  parts_.metrics.OnStream(-1);
  parts_.streams.Remove(*this);
}

void WatchStream::Run() {
  while (!ended_ && !writing_.load(std::memory_order_acquire)) {
    if (cancelled_.load(std::memory_order_acquire)) {
      End(absl::CancelledError("the caller has gone"));
    } else if (drain_told_) {
      End(Draining());
    } else if (ReadAndWrite() == Step::kWait) {
      return;
    }
  }
}

WatchStream::Step WatchStream::ReadAndWrite() {
  const absl::Time now = parts_.clock.Now();
  const bool draining = drain_asked_.load(std::memory_order_acquire);
  if (draining) {
    // What the SIP side has appended by now is queued for this client, seen or not.
    const LogView view(*parts_.log);
    view.CatchUp();
  } else if (ShouldLinger(now)) {
    return Step::kWait;
  }
  const ReadResult result = reader_->ReadBatch(batch_);
  more_to_read_ = batch_.full;
  switch (result) {
    case ReadResult::kItems:
      Write(now);
      return Step::kGoOn;
    case ReadResult::kEnded:
      End(absl::OkStatus());
      return Step::kGoOn;
    case ReadResult::kGap:
      End(ResumeTokenExpired("the events after it are no longer kept"));
      return Step::kGoOn;
    case ReadResult::kIdle:
      break;
  }
  if (draining) {
    WriteBookmark(BookmarkKind::kDrain, now);
    drain_told_ = true;
    return Step::kGoOn;
  }
  OnIdle(now);
  return Step::kWait;
}

// A stream that has just written waits a little for more to come: a write costs more than an
// item. Not if the last batch was full: then there is enough. A busy one waits without looking,
// so that its log need not wake it for each event.
bool WatchStream::ShouldLinger(absl::Time now) {
  // It was promised to look: now it does.
  if (std::exchange(promised_, false)) parts_.log->WithdrawPromise();
  if (linger_timer_.TakeFired()) return false;
  // The clock may have been set back.
  const absl::Duration rest =
      std::min(last_write_ + options_.batch_linger - now, options_.batch_linger);
  if (more_to_read_ || rest <= absl::ZeroDuration()) return false;
  if (busy_) {
    promised_ = true;
    parts_.log->PromiseToLook();
  } else {
    const LogView view(*parts_.log);
    view.CatchUp();
    if (view.head() == reader_->cursor()) return false;
  }
  linger_timer_.WakeAfter(rest, weak_from_this(), parts_.executor);
  return true;
}

void WatchStream::OnIdle(absl::Time now) {
  busy_ = false;
  const absl::Duration silent = std::max(now - last_write_, absl::ZeroDuration());
  if (silent >= options_.heartbeat_interval) {
    WriteBookmark(BookmarkKind::kHeartbeat, now);
  } else {
    heartbeat_timer_.WakeAfter(options_.heartbeat_interval - silent, weak_from_this(),
                               parts_.executor);
  }
}

void WatchStream::WriteBookmark(BookmarkKind kind, absl::Time now) {
  batch_.Clear();
  reader_->AppendBookmark(kind, batch_);
  Write(now);
}

void WatchStream::Write(absl::Time now) {
  CountWritten(now);
  busy_ = wrote_before_ && now - last_write_ <= 2 * options_.batch_linger;
  wrote_before_ = true;
  last_write_ = now;
  const grpc::Slice slice(batch_.bytes);
  outgoing_ = grpc::ByteBuffer(&slice, 1);
  writing_.store(true, std::memory_order_release);
  StartWrite(&outgoing_);
}

void WatchStream::CountWritten(absl::Time now) {
  if (batch_.events > 0) parts_.package_metrics.AddDelivered(static_cast<uint64_t>(batch_.events));
  if (batch_.superseded > 0) parts_.package_metrics.AddSuperseded(batch_.superseded);
  if (batch_.dropped > 0) parts_.package_metrics.AddDropped(batch_.dropped);
  for (const absl::Time received : batch_.live_event_times) {
    parts_.metrics.ObserveNotifyToStream(now - received);
  }
}

void WatchStream::End(const absl::Status& status) {
  ended_ = true;
  if (std::exchange(promised_, false)) parts_.log->WithdrawPromise();
  heartbeat_timer_.Cancel(parts_.executor);
  linger_timer_.Cancel(parts_.executor);
  reader_.reset();
  parts_.lease.reset();
  Finish(ToGrpcStatus(status));
}

}  // namespace sipevents::gateway
