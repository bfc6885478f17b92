#ifndef GATEWAY_WATCH_EVENT_LOG_H_
#define GATEWAY_WATCH_EVENT_LOG_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/watch/entry_ring.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/history_budget.h"
#include "gateway/watch/log_entry.h"
#include "gateway/watch/newest_table.h"
#include "gateway/watch/resume_token.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

class EventLog;

// How much history one log keeps beside its state; the oldest goes first.
struct LogLimits {
  size_t max_entries = 256;
  size_t max_bytes = size_t{1} << 20;
};

// A place in the waiting room of a log. Its owner unlinks it with EventLog::StopWaiting() before
// it goes.
//
// Threads: guarded by the log's mutex while it waits.
class LogWaiter {
 public:
  // `target` is told once when there is news (Runnable::OnNews()); expired: nobody is.
  explicit LogWaiter(std::weak_ptr<Runnable> target) : target_(std::move(target)) {}
  LogWaiter(const LogWaiter&) = delete;
  LogWaiter& operator=(const LogWaiter&) = delete;

 private:
  friend class EventLog;
  std::weak_ptr<Runnable> target_;
  LogWaiter* next_ = nullptr;
  LogWaiter** link_ = nullptr;  // what points at this one; null: not waiting
};

// What happened to one incarnation of a Subscription, in order: the newest entry of each key,
// which is the snapshot, and a bounded ring of all recent ones.
//
// The ring holds consecutive sequences up to head(). Until a reader asks for history (EVERY), the
// octets of what was superseded are dropped at once and a stub keeps the place, so that memory
// does not depend on how often a state changes; only the last words of a dialog stay as long as
// there is room, for who has not heard them. A tombstone leaves the table of newest entries
// together with its place in the ring: see tombstone_floor().
//
// Threads: Append*(), Settle() and Close() on the one SIP thread that owns the subscription;
// they take no lock that a reader holds, and their cost does not depend on who watches. All else
// on any thread. `executor` and `budget` must outlive it. Make it with std::make_shared.
class EventLog final : public Runnable, public TrimmableHistory {
 public:
  EventLog(LogIdentity identity, LogLimits limits, FanoutExecutor& executor, HistoryBudget& budget);
  ~EventLog() override;

  const LogIdentity& identity() const { return identity_; }

  // Writer. Each appends one entry, whose `payload` are the octets of the message, and returns
  // its sequence, from 1 on without holes. Readers see it when they catch up, or when the executor
  // has run.
  //
  // A v1.Event without the fields `initial` and `superseded`, from the dialog `key`.
  uint64_t AppendEvent(EntryKey key, std::string_view payload, absl::Time receive_time) {
    return Append(EntryKind::kEvent, key, payload, receive_time);
  }
  // A v1.Subscription.
  uint64_t AppendStatus(std::string_view payload, absl::Time time) {
    return Append(EntryKind::kStatus, kStatusKey, payload, time);
  }
  // A v1.DialogEnded: what the dialog `key` and the members of its list showed, or the member
  // `key`, is no longer true. Not to be called when it stays true. `key` is not used again.
  uint64_t AppendDialogEnded(EntryKey key, std::string_view payload, absl::Time time) {
    return Append(EntryKind::kDialogEnded, key, payload, time);
  }

  // Writer. The resource has been heard of: the first NOTIFY has come (call it after its event,
  // if it had one), or the first RETRYING or TERMINATED. Lets INITIAL_STATE_COMPLETE go out.
  // Idempotent.
  void Settle();

  // Writer. Nothing follows: called after the final TERMINATED. Streams end when they have
  // delivered all. Settles too. Idempotent.
  void Close();

  // Any thread; for a waiter's owner that goes away. Afterwards it is not touched any more.
  void StopWaiting(LogWaiter& waiter);

  // Any thread; for a reader that will look soon by itself: while one has promised that and
  // nobody waits, what is appended may stay in the inbox. Withdraw it, then catch up.
  void PromiseToLook() { promises_.fetch_add(1, std::memory_order_seq_cst); }
  void WithdrawPromise() { promises_.fetch_sub(1, std::memory_order_seq_cst); }

  // Any thread. What became of its events, over all who read them.
  struct ReadCounts {
    std::atomic<uint64_t> delivered{0};   // handed to a stream
    std::atomic<uint64_t> superseded{0};  // left out: a newer one stood for them
    std::atomic<uint64_t> dropped{0};     // gone before a reader of every event could be served

    void Add(uint64_t more_delivered, uint64_t more_superseded, uint64_t more_dropped) {
      if (more_delivered > 0) delivered.fetch_add(more_delivered, std::memory_order_relaxed);
      if (more_superseded > 0) superseded.fetch_add(more_superseded, std::memory_order_relaxed);
      if (more_dropped > 0) dropped.fetch_add(more_dropped, std::memory_order_relaxed);
    }
  };
  ReadCounts& read_counts() { return read_counts_; }

  // Any thread. How many wait, for metrics and tests.
  size_t CountWaiting();

  // TrimmableHistory.
  std::optional<absl::Time> TrimOldest(absl::Time until, int64_t live_bytes,
                                       size_t& trimmed) override;
  std::shared_ptr<TrimmableHistory> Share() override;

 private:
  friend class LogView;

  // The inbox is this long before the writer lends a hand, if the lock is free.
  static constexpr int kLongInbox = 1024;
  // So many entries wait in it for a reader that has promised to look.
  static constexpr int kPatientInbox = 64;

  uint64_t Append(EntryKind kind, EntryKey key, std::string_view payload, absl::Time time);
  void Run() override;

  void DrainInbox() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes over the one reference that `entry` has.
  void Take(LogEntry* entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReplaceNewest(LogEntry& entry, const EntryRef& reference)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveMembers(const LogEntry& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fold(const LogEntry& superseded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TrimFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wait(LogWaiter& waiter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Unlink(LogWaiter& waiter);

  const LogIdentity identity_;
  const LogLimits limits_;
  FanoutExecutor& executor_;
  HistoryBudget& budget_;

  uint64_t last_sequence_ = 0;  // the writer's own
  std::atomic<LogEntry*> inbox_{nullptr};
  std::atomic<int> inbox_size_{0};
  std::atomic<int> promises_{0};

  ReadCounts read_counts_;

  Mutex mutex_;
  // Here, where they take no room of their own, though the mutex is not theirs.
  std::atomic<bool> awaited_{false};  // somebody may be in the waiting room
  std::atomic<bool> settle_asked_{false};
  std::atomic<bool> close_asked_{false};
  bool settled_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool news_ ABSL_GUARDED_BY(mutex_) = false;     // since the waiters were woken
  bool tracked_ ABSL_GUARDED_BY(mutex_) = false;  // by the budget
  bool keeps_history_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t head_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t tombstone_floor_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t folded_through_ ABSL_GUARDED_BY(mutex_) = 0;  // newest one that is a stub
  size_t ring_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  EntryRing ring_ ABSL_GUARDED_BY(mutex_);
  // A key per dialog and member of a list; how many there may be is bounded where they are made.
  NewestTable newest_ ABSL_GUARDED_BY(mutex_);
  LogWaiter* waiters_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Looks into a log and holds its lock as long as it lives: be brief, copy references, compose
// later.
class ABSL_SCOPED_LOCKABLE LogView {
 public:
  explicit LogView(EventLog& log) ABSL_EXCLUSIVE_LOCK_FUNCTION(log.mutex_);
  ~LogView() ABSL_UNLOCK_FUNCTION();
  LogView(const LogView&) = delete;
  LogView& operator=(const LogView&) = delete;

  // Takes in what the writer has appended up to now.
  void CatchUp() const;

  // The newest sequence; 0: none yet.
  uint64_t head() const { return log_.head_; }
  // The newest sequence that the ring no longer has; 0: it has all.
  uint64_t trimmed_through() const { return log_.head_ - log_.ring_.size(); }
  // The newest sequence of which the octets are gone, though its place may be there.
  uint64_t lost_through() const { return std::max(trimmed_through(), log_.folded_through_); }
  // The newest sequence of a tombstone that is gone: who stands before it cannot be told that
  // this dialog ended.
  uint64_t tombstone_floor() const { return log_.tombstone_floor_; }
  // Places in the ring, the octets that they take, and the oldest one (null: there is none).
  size_t size() const { return log_.ring_.size(); }
  size_t octets() const { return log_.ring_bytes_; }
  const LogEntry* oldest() const { return log_.ring_.empty() ? nullptr : log_.ring_[0].get(); }
  bool settled() const { return log_.settled_; }
  bool closed() const { return log_.closed_; }

  // The newest entry of each key, tombstones included, by ascending sequence.
  const NewestTable& newest() const { return log_.newest_; }
  // The entry of a sequence in (trimmed_through(), head()]; has octets after lost_through().
  const EntryRef& At(uint64_t sequence) const {
    return log_.ring_[sequence - trimmed_through() - 1];
  }

  // From now on, what is superseded stays in the ring as long as there is room.
  void KeepHistory() const { log_.keeps_history_ = true; }

  // Has the waiter's target scheduled, once, at the next news.
  void WakeAtNews(LogWaiter& waiter) const { log_.Wait(waiter); }

 private:
  EventLog& log_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_EVENT_LOG_H_
