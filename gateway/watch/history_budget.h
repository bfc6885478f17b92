#ifndef GATEWAY_WATCH_HISTORY_BUDGET_H_
#define GATEWAY_WATCH_HISTORY_BUDGET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// Something that holds history which may be trimmed: a log.
class TrimmableHistory {
 public:
  virtual ~TrimmableHistory() = default;

  // Drops its oldest entries of history as far as they are not newer than `until`, and only
  // until no more than `live_bytes` octets of entries are alive over all logs. Adds to
  // `trimmed` how many. Returns of when the oldest one left is; nullopt if there is none.
  virtual std::optional<absl::Time> TrimOldest(absl::Time until, int64_t live_bytes,
                                               size_t& trimmed) = 0;

  // Shares it; null when it is being destroyed.
  virtual std::shared_ptr<TrimmableHistory> Share() = 0;

 private:
  friend class HistoryBudget;
  // Where it stands in the budget's order; guarded by the budget's mutex.
  std::optional<absl::Time> tracked_at_;
};

// Keeps the memory of all logs together under a bound: above it, the oldest entries of history
// over all logs go first. The newest entry of each dialog is state, not history, and stays.
//
// Threads: any. Takes no log's lock while it holds its own.
class HistoryBudget {
 public:
  static constexpr int64_t kDefaultBytes = int64_t{512} << 20;

  explicit HistoryBudget(int64_t max_bytes = kDefaultBytes) : max_bytes_(max_bytes) {}
  HistoryBudget(const HistoryBudget&) = delete;
  HistoryBudget& operator=(const HistoryBudget&) = delete;

  // Changes the bound; takes effect at the next Enforce().
  void SetMaxBytes(int64_t max_bytes) { max_bytes_.store(max_bytes, std::memory_order_relaxed); }
  int64_t max_bytes() const { return max_bytes_.load(std::memory_order_relaxed); }

  // Trims until the living entries are within the bound, or no history is left. Cheap when
  // they are.
  void Enforce();

  // `history` has got something to trim, as old as `oldest`. Once until it reports none left.
  void Track(TrimmableHistory& history, absl::Time oldest);
  // `history` is being destroyed.
  void Forget(TrimmableHistory& history);

  // The logs report what their state (newest entries) takes.
  void AddStateBytes(int64_t change) { state_bytes_.fetch_add(change, std::memory_order_relaxed); }
  // Counts entries that a log dropped on account of its own bounds.
  void CountTrimmedBySpan(size_t entries) {
    trimmed_by_span_.fetch_add(entries, std::memory_order_relaxed);
  }

  // Whether state alone exceeds the bound: admission control then refuses new Subscriptions.
  bool StateBytesOverBound() const { return state_bytes() > max_bytes(); }

  // Metrics. `live_*` count every entry in memory: state, history, and what is being written.
  int64_t live_bytes() const;
  int64_t live_entries() const;
  int64_t state_bytes() const { return state_bytes_.load(std::memory_order_relaxed); }
  // Entries trimmed for want of memory; and by the bounds of their own log.
  uint64_t trimmed_by_memory() const { return trimmed_by_memory_.load(std::memory_order_relaxed); }
  uint64_t trimmed_by_span() const { return trimmed_by_span_.load(std::memory_order_relaxed); }

 private:
  // Lets the log with the oldest entry trim; false if no log has any.
  bool TrimOnce(int64_t target_bytes);

  std::atomic<int64_t> max_bytes_;
  std::atomic<int64_t> state_bytes_{0};
  std::atomic<uint64_t> trimmed_by_memory_{0};
  std::atomic<uint64_t> trimmed_by_span_{0};
  std::atomic<bool> enforcing_{false};
  Mutex mutex_;
  // Each log once, by the age of its oldest entry. The age may be out of date (older than
  // true), never newer: corrected when its turn comes.
  absl::btree_set<std::pair<absl::Time, TrimmableHistory*>> by_age_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_HISTORY_BUDGET_H_
