#include "gateway/watch/event_log.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sipevents::gateway {

EventLog::EventLog(LogIdentity identity, LogLimits limits, FanoutExecutor& executor,
                   HistoryBudget& budget)
    : identity_(std::move(identity)), limits_(limits), executor_(executor), budget_(budget) {}

EventLog::~EventLog() {
  budget_.Forget(*this);
  for (LogEntry* entry = inbox_.load(std::memory_order_acquire); entry != nullptr;) {
    LogEntry* next = entry->inbox_next_;
    EntryRef::Adopt(entry);
    entry = next;
  }
  for (const EntryRef& entry : newest_) {
    budget_.AddStateBytes(-static_cast<int64_t>(entry->memory_size()));
  }
}

uint64_t EventLog::Append(EntryKind kind, EntryKey key, std::string_view payload, absl::Time time) {
  const uint64_t sequence = ++last_sequence_;
  LogEntry* entry = LogEntry::Make(kind, key, sequence, time, payload).Release();
  const int waiting = inbox_size_.fetch_add(1, std::memory_order_relaxed) + 1;
  entry->inbox_next_ = inbox_.load(std::memory_order_relaxed);
  // Pairs with Wait() and WithdrawPromise(): either this sees what they say, or what they do next
  // sees the entry.
  while (!inbox_.compare_exchange_weak(entry->inbox_next_, entry, std::memory_order_seq_cst,
                                       std::memory_order_relaxed)) {
  }
  // The executor is behind: help, rather than let the inbox grow, but never wait for it.
  if (waiting > kLongInbox && mutex_.TryLock()) {
    DrainInbox();
    mutex_.Unlock();
  }
  // Where a reader has promised to look, and nobody else waits, there is no need to call.
  const bool promised = promises_.load(std::memory_order_seq_cst) > 0;
  if (!promised || awaited_.load(std::memory_order_seq_cst) || waiting % kPatientInbox == 0 ||
      LogEntry::LiveBytes() > budget_.max_bytes()) {
    executor_.Schedule(*this);
  }
  return sequence;
}

void EventLog::Settle() {
  if (settle_asked_.exchange(true, std::memory_order_release)) return;
  executor_.Schedule(*this);
}

void EventLog::Close() {
  settle_asked_.store(true, std::memory_order_release);
  if (close_asked_.exchange(true, std::memory_order_release)) return;
  executor_.Schedule(*this);
}

void EventLog::Run() {
  std::vector<std::weak_ptr<Runnable>> woken;
  std::optional<absl::Time> track_from;
  {
    MutexLock lock(mutex_);
    DrainInbox();
    if (std::exchange(news_, false)) {
      while (waiters_ != nullptr) {
        woken.push_back(waiters_->target_);
        Unlink(*waiters_);
      }
      awaited_.store(false, std::memory_order_seq_cst);
    }
    if (!tracked_ && !ring_.empty()) {
      tracked_ = true;
      track_from = ring_.front()->receive_time();
    }
  }
  if (track_from.has_value()) budget_.Track(*this, *track_from);
  for (const std::weak_ptr<Runnable>& target : woken) {
    if (std::shared_ptr<Runnable> alive = target.lock()) alive->OnNews(executor_);
  }
  budget_.Enforce();
}

void EventLog::DrainInbox() {
  // The flags first: what was appended before one was set is then in the inbox.
  const bool settle = settle_asked_.load(std::memory_order_acquire);
  const bool close = close_asked_.load(std::memory_order_acquire);
  LogEntry* newest_first = inbox_.exchange(nullptr, std::memory_order_acquire);
  LogEntry* in_order = nullptr;
  int count = 0;
  while (newest_first != nullptr) {
    LogEntry* next = std::exchange(newest_first->inbox_next_, in_order);
    in_order = std::exchange(newest_first, next);
    ++count;
  }
  inbox_size_.fetch_sub(count, std::memory_order_relaxed);
  while (in_order != nullptr) {
    LogEntry* next = std::exchange(in_order->inbox_next_, nullptr);
    Take(std::exchange(in_order, next));
  }
  const bool changed = count > 0 || settle != settled_ || close != closed_;
  news_ = news_ || (changed && waiters_ != nullptr);
  settled_ = settle;
  closed_ = close;
}

void EventLog::Take(LogEntry* entry) {
  EntryRef taken = EntryRef::Adopt(entry);
  ReplaceNewest(*entry, taken);
  head_ = entry->sequence();
  ring_bytes_ += entry->memory_size();
  ring_.PushBack(std::move(taken));
  size_t trimmed = 0;
  // The newest stays, however large: a reader that keeps up must not find a gap.
  while (ring_.size() > 1 &&
         (ring_.size() > limits_.max_entries || ring_bytes_ > limits_.max_bytes)) {
    TrimFront();
    ++trimmed;
  }
  if (trimmed > 0) budget_.CountTrimmedBySpan(trimmed);
}

void EventLog::ReplaceNewest(LogEntry& entry, const EntryRef& reference) {
  int64_t change = static_cast<int64_t>(entry.memory_size());
  const EntryRef before = newest_.Remove(entry.key());
  entry.ordinal_ = (before ? before->ordinal() : 0) + (entry.kind() == EntryKind::kEvent ? 1 : 0);
  if (before) {
    change -= static_cast<int64_t>(before->memory_size());
    if (!keeps_history_ && !AreLastWords(*before, entry)) Fold(*before);
  }
  if (entry.kind() == EntryKind::kDialogEnded && IsDialogKey(entry.key())) RemoveMembers(entry);
  newest_.Add(reference);
  budget_.AddStateBytes(change);
}

// With a dialog goes all that the members of its list showed.
void EventLog::RemoveMembers(const LogEntry& end) {
  std::vector<EntryKey> members;
  for (const EntryRef& entry : newest_) {
    if (GoesWith(entry->key(), end.key())) members.push_back(entry->key());
  }
  for (const EntryKey member : members) {
    const EntryRef removed = newest_.Remove(member);
    budget_.AddStateBytes(-static_cast<int64_t>(removed->memory_size()));
    if (!keeps_history_) Fold(*removed);
  }
}

// Leaves a stub in the ring: the sequence has no holes, and a reader can still count.
void EventLog::Fold(const LogEntry& superseded) {
  const uint64_t trimmed_through = head_ - ring_.size();
  if (superseded.sequence() <= trimmed_through) return;
  EntryRef stub = LogEntry::Make(superseded.kind(), superseded.key(), superseded.sequence(),
                                 superseded.receive_time(), "");
  stub.entry_->ordinal_ = superseded.ordinal();
  ring_bytes_ -= superseded.memory_size() - stub->memory_size();
  folded_through_ = std::max(folded_through_, superseded.sequence());
  ring_.Replace(superseded.sequence() - trimmed_through - 1, std::move(stub));
}

void EventLog::TrimFront() {
  const EntryRef dropped = ring_.PopFront();
  ring_bytes_ -= dropped->memory_size();
  if (dropped->kind() != EntryKind::kDialogEnded) return;
  const EntryRef* newest = newest_.Find(dropped->key());
  if (newest == nullptr || newest->get() != dropped.get()) return;
  newest_.Remove(dropped->key());
  tombstone_floor_ = dropped->sequence();
  budget_.AddStateBytes(-static_cast<int64_t>(dropped->memory_size()));
}

std::optional<absl::Time> EventLog::TrimOldest(absl::Time until, int64_t live_bytes,
                                               size_t& trimmed) {
  MutexLock lock(mutex_);
  while (!ring_.empty() && ring_.front()->receive_time() <= until &&
         LogEntry::LiveBytes() > live_bytes) {
    TrimFront();
    ++trimmed;
  }
  if (!ring_.empty()) return ring_.front()->receive_time();
  tracked_ = false;
  return std::nullopt;
}

std::shared_ptr<TrimmableHistory> EventLog::Share() {
  return std::static_pointer_cast<EventLog>(weak_from_this().lock());
}

void EventLog::Wait(LogWaiter& waiter) {
  if (waiter.link_ != nullptr) return;
  waiter.next_ = waiters_;
  if (waiters_ != nullptr) waiters_->link_ = &waiter.next_;
  waiter.link_ = &waiters_;
  waiters_ = &waiter;
  awaited_.store(true, std::memory_order_seq_cst);
  if (inbox_.load(std::memory_order_seq_cst) != nullptr) executor_.Schedule(*this);
}

void EventLog::Unlink(LogWaiter& waiter) {
  if (waiter.link_ == nullptr) return;
  *waiter.link_ = waiter.next_;
  if (waiter.next_ != nullptr) waiter.next_->link_ = waiter.link_;
  waiter.next_ = nullptr;
  waiter.link_ = nullptr;
}

void EventLog::StopWaiting(LogWaiter& waiter) {
  MutexLock lock(mutex_);
  Unlink(waiter);
}

size_t EventLog::CountWaiting() {
  MutexLock lock(mutex_);
  size_t count = 0;
  for (const LogWaiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next_) ++count;
  return count;
}

LogView::LogView(EventLog& log) : log_(log) { log_.mutex_.Lock(); }

LogView::~LogView() { log_.mutex_.Unlock(); }

void LogView::CatchUp() const { log_.DrainInbox(); }

}  // namespace sipevents::gateway
