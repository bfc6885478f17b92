#include "gateway/watch/live_streams.h"

#include <utility>
#include <vector>

namespace sipevents::gateway {

bool LiveStreams::Add(const std::shared_ptr<LiveStream>& stream) {
  MutexLock lock(mutex_);
  streams_.emplace(stream.get(), stream);
  return !draining();
}

void LiveStreams::Remove(LiveStream& stream) {
  MutexLock lock(mutex_);
  streams_.erase(&stream);
  if (streams_.empty()) none_left_.NotifyAll();
}

void LiveStreams::BeginDrain() {
  std::vector<std::shared_ptr<LiveStream>> open;
  {
    MutexLock lock(mutex_);
    draining_.store(true, std::memory_order_relaxed);
    for (const auto& [stream, weak] : streams_) {
      if (std::shared_ptr<LiveStream> alive = weak.lock()) open.push_back(std::move(alive));
    }
  }
  for (const std::shared_ptr<LiveStream>& stream : open) stream->Drain();
}

bool LiveStreams::AwaitNone(absl::Time deadline) {
  MutexLock lock(mutex_);
  while (!streams_.empty()) {
    if (!none_left_.WaitUntil(mutex_, absl::ToChronoTime(deadline))) return streams_.empty();
  }
  return true;
}

size_t LiveStreams::size() const {
  MutexLock lock(mutex_);
  return streams_.size();
}

}  // namespace sipevents::gateway
