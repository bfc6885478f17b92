#include "gateway/watch/history_budget.h"

#include "gateway/watch/log_entry.h"

namespace sipevents::gateway {

void HistoryBudget::Enforce() {
  if (live_bytes() <= max_bytes()) return;
  // One thread at a time will do; what it leaves, the next append finds.
  if (enforcing_.exchange(true, std::memory_order_acquire)) return;
  // A little more than needed, so that not each single append has to trim.
  const int64_t target = max_bytes() - max_bytes() / 64;
  while (live_bytes() > target && TrimOnce(target)) {
  }
  enforcing_.store(false, std::memory_order_release);
}

bool HistoryBudget::TrimOnce(int64_t target_bytes) {
  std::shared_ptr<TrimmableHistory> history;
  absl::Time until = absl::InfiniteFuture();
  {
    MutexLock lock(mutex_);
    if (by_age_.empty()) return false;
    TrimmableHistory* oldest = by_age_.begin()->second;
    by_age_.erase(by_age_.begin());
    oldest->tracked_at_.reset();
    if (!by_age_.empty()) until = by_age_.begin()->first;
    history = oldest->Share();
  }
  if (history == nullptr) return true;  // it is going by itself
  size_t trimmed = 0;
  const std::optional<absl::Time> next = history->TrimOldest(until, target_bytes, trimmed);
  trimmed_by_memory_.fetch_add(trimmed, std::memory_order_relaxed);
  if (next.has_value()) Track(*history, *next);
  return true;
}

void HistoryBudget::Track(TrimmableHistory& history, absl::Time oldest) {
  MutexLock lock(mutex_);
  if (history.tracked_at_.has_value()) return;
  history.tracked_at_ = oldest;
  by_age_.emplace(oldest, &history);
}

void HistoryBudget::Forget(TrimmableHistory& history) {
  MutexLock lock(mutex_);
  if (!history.tracked_at_.has_value()) return;
  by_age_.erase({*history.tracked_at_, &history});
  history.tracked_at_.reset();
}

int64_t HistoryBudget::live_bytes() const { return LogEntry::LiveBytes(); }
int64_t HistoryBudget::live_entries() const { return LogEntry::LiveCount(); }

}  // namespace sipevents::gateway
