#include "gateway/watch/watch_set.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "gateway/rpc/errors.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// Where logs leave word of the watches that have news, for their one reader.
//
// Threads: any.
class WatchSet::News {
 public:
  explicit News(std::weak_ptr<Runnable> reader) : reader_(std::move(reader)) {}

  void Tell(std::shared_ptr<Watch> watch, FanoutExecutor& executor) {
    {
      MutexLock lock(mutex_);
      if (closed_) return;
      told_.push_back(std::move(watch));
      // It was called for the first one, and takes all.
      if (told_.size() > 1) return;
    }
    if (const std::shared_ptr<Runnable> reader = reader_.lock()) executor.Schedule(*reader);
  }

  void Take(std::vector<std::shared_ptr<Watch>>& told) {
    MutexLock lock(mutex_);
    told.swap(told_);
  }

  // Nobody reads any more. What was told goes: it holds this, too.
  void Close() {
    std::vector<std::shared_ptr<Watch>> told;
    MutexLock lock(mutex_);
    closed_ = true;
    told.swap(told_);
  }

  bool empty() const {
    MutexLock lock(mutex_);
    return told_.empty();
  }

 private:
  const std::weak_ptr<Runnable> reader_;
  mutable Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // At most one of each watch: it is told once each time it waits.
  std::vector<std::shared_ptr<Watch>> told_ ABSL_GUARDED_BY(mutex_);
};

// One watch: what the logs know of it, and what its set does.
//
// Threads: OnNews() any; all else the set's.
class WatchSet::Watch final : public Runnable {
 public:
  Watch(uint64_t its_id, const OpenedWatch& opened, std::optional<uint64_t> first_credit,
        std::shared_ptr<News> news)
      : id(its_id),
        lease(opened.lease),
        package_metrics(*opened.package_metrics),
        credit(first_credit),
        news_(std::move(news)) {}

  // Attaches. Apart, since a weak_ptr to it has to exist.
  void Attach(const OpenedWatch& opened) {
    reader.emplace(opened.log, opened.reading, weak_from_this());
  }

  void OnNews(FanoutExecutor& executor) override {
    news_->Tell(std::static_pointer_cast<Watch>(shared_from_this()), executor);
  }

  const uint64_t id;
  std::optional<WatchReader> reader;  // absent: the watch is over
  std::shared_ptr<void> lease;
  PackageMetrics& package_metrics;
  std::optional<uint64_t> credit;  // absent: not limited
  bool in_queue = false;           // of the ready ones

 private:
  void Run() override {}  // it is told, not scheduled

  const std::shared_ptr<News> news_;
};

WatchSet::WatchSet(std::weak_ptr<Runnable> owner)
    : news_(std::make_shared<News>(std::move(owner))) {}

WatchSet::~WatchSet() {
  Release(watches_.size());
  news_->Close();
}

void WatchSet::Add(uint64_t id, const OpenedWatch& opened, std::optional<uint64_t> credit) {
  auto watch = std::make_shared<Watch>(id, opened, credit, news_);
  watch->Attach(opened);
  MakeReady(watch);
  watches_.emplace(id, std::move(watch));
}

bool WatchSet::Remove(uint64_t id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return false;
  const std::shared_ptr<Watch> watch = found->second;
  Drop(watch);
  return true;
}

bool WatchSet::Grant(uint64_t id, uint64_t items) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return false;
  Watch& watch = *found->second;
  if (!watch.credit.has_value() || items == 0) return true;
  watch.credit = *watch.credit + std::min(items, UINT64_MAX - *watch.credit);
  MakeReady(found->second);
  return true;
}

bool WatchSet::HasReady() const { return !ready_.empty() || !news_->empty(); }

void WatchSet::MakeReady(const std::shared_ptr<Watch>& watch) {
  if (!watch->reader.has_value() || std::exchange(watch->in_queue, true)) return;
  ready_.push_back(watch);
}

void WatchSet::ReadyAll() {
  for (const auto& [id, watch] : watches_) MakeReady(watch);
}

void WatchSet::Fill(int max_items, size_t max_bytes, WatchBatch& batch) {
  std::vector<std::shared_ptr<Watch>> told;
  news_->Take(told);
  for (const std::shared_ptr<Watch>& watch : told) MakeReady(watch);
  while (!ready_.empty()) {
    if (batch.items >= max_items || batch.bytes.size() >= max_bytes) {
      batch.full = true;
      return;
    }
    const std::shared_ptr<Watch> watch = std::move(ready_.front());
    ready_.pop_front();
    watch->in_queue = false;
    TakeTurn(watch, max_items - batch.items, max_bytes - batch.bytes.size(), batch);
  }
  batch.full = false;
}

void WatchSet::TakeTurn(const std::shared_ptr<Watch>& watch, int max_items, size_t max_bytes,
                        WatchBatch& batch) {
  // Over, or short of credit: then the next grant brings it back.
  if (!watch->reader.has_value() || watch->credit == uint64_t{0}) return;
  int items = std::min(max_items, kTurnItems);
  if (watch->credit.has_value() && *watch->credit < static_cast<uint64_t>(items)) {
    items = static_cast<int>(*watch->credit);
  }
  const int items_before = batch.items;
  batch.ForWatch(watch->id);
  // Counted by turn, since each watch has a package of its own.
  batch.events = 0;
  batch.superseded = 0;
  batch.dropped = 0;
  switch (watch->reader->ReadTurn(items, max_bytes, batch)) {
    case ReadResult::kItems:
      if (batch.full) MakeReady(watch);
      break;
    case ReadResult::kIdle:
      break;
    case ReadResult::kEnded:
      batch.AppendRemoved(RemovalReason::kSubscriptionTerminated);
      Drop(watch);
      return;
    case ReadResult::kGap: {
      const absl::Status error = ResumeTokenExpired("the events after it are no longer kept");
      batch.AppendError(EncodeDetails(error), ErrorReasonOf(error));
      Drop(watch);
      return;
    }
  }
  if (watch->credit.has_value())
    *watch->credit -= static_cast<uint64_t>(batch.items - items_before);
  PackageMetrics& metrics = watch->package_metrics;
  if (batch.events > 0) metrics.AddDelivered(static_cast<uint64_t>(batch.events));
  if (batch.superseded > 0) metrics.AddSuperseded(batch.superseded);
  if (batch.dropped > 0) metrics.AddDropped(batch.dropped);
}

void WatchSet::Drop(const std::shared_ptr<Watch>& watch) {
  watch->reader.reset();
  watch->lease.reset();
  watches_.erase(watch->id);
}

bool WatchSet::Release(size_t count) {
  for (; count > 0 && !watches_.empty(); --count) {
    const std::shared_ptr<Watch> watch = watches_.begin()->second;
    Drop(watch);
  }
  return !watches_.empty();
}

}  // namespace sipevents::gateway
