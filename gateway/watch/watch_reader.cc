#include "gateway/watch/watch_reader.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"

namespace sipevents::gateway {
namespace {

bool HasState(const LogView& view) {
  return absl::c_any_of(view.newest(),
                        [](const EntryRef& entry) { return entry->kind() == EntryKind::kEvent; });
}

}  // namespace

WatchReader::WatchReader(std::shared_ptr<EventLog> log, const WatchOptions& options,
                         std::weak_ptr<Runnable> target)
    : log_(std::move(log)),
      options_(options),
      tokens_(log_->identity()),
      waiter_(std::move(target)) {
  const LogView view(*log_);
  if (options_.every) view.KeepHistory();
  view.CatchUp();
  // From the beginning, what settled it comes first.
  settled_ = view.settled() && !options_.from_beginning;
  if (!options_.resume.has_value()) {
    BeginSnapshot(view, options_.from_beginning ? 0 : view.head());
  } else if (options_.resume->IsForLog(log_->identity()) &&
             options_.resume->sequence() <= view.head()) {
    BeginResumed(view, options_.resume->sequence());
  } else {
    gap_ = GapReason::kLogReplaced;
  }
}

WatchReader::~WatchReader() { log_->StopWaiting(waiter_); }

ReadResult WatchReader::ReadBatch(WatchBatch& batch) {
  batch.Clear();
  return Read({.items = options_.max_items, .bytes = options_.max_bytes, .waits = false}, batch);
}

ReadResult WatchReader::ReadTurn(int max_items, size_t max_bytes, WatchBatch& batch) {
  batch.full = false;
  return Read({.items = max_items, .bytes = max_bytes, .waits = true}, batch);
}

ReadResult WatchReader::Read(const ReadLimits& limits, WatchBatch& batch) {
  std::optional<PickedGap> gap;
  const int events_before = batch.events;
  const uint64_t superseded_before = batch.superseded;
  const uint64_t dropped_before = batch.dropped;
  {
    const LogView view(*log_);
    view.CatchUp();
    if (!gap_.has_value() && HasLostEntries(view)) gap_ = GapReason::kTrimmed;
    if (gap_.has_value() && options_.fail_on_gap) return ReadResult::kGap;
    if (gap_.has_value()) {
      if (options_.every && gap_ == GapReason::kTrimmed) {
        batch.dropped += view.lost_through() - cursor_;
      }
      PickGap(view, gap);
    }
    AwaitBacklogOnceSettled(view);
    PickItems(view, limits.items - (gap.has_value() ? 1 : 0), limits.bytes, batch);
    if (!gap.has_value() && batch.picks.empty()) {
      if (view.closed() && !bookmark_owed_) return ReadResult::kEnded;
      view.WakeAtNews(waiter_);
      return ReadResult::kIdle;
    }
    if (limits.waits && !batch.full) {
      // The bookmark may have found no room, and nothing follows a log's end.
      batch.full = view.closed() || (bookmark_owed_ && settled_);
      if (!batch.full) view.WakeAtNews(waiter_);
    }
  }
  Compose(gap, batch);
  log_->read_counts().Add(static_cast<uint64_t>(batch.events - events_before),
                          batch.superseded - superseded_before, batch.dropped - dropped_before);
  return ReadResult::kItems;
}

void WatchReader::AppendBookmark(BookmarkKind kind, WatchBatch& batch) const {
  batch.AppendBookmark(kind, /*has_state=*/false, tokens_, cursor_);
}

// --- Where to begin

void WatchReader::BeginSnapshot(const LogView& view, uint64_t end) {
  cursor_ = 0;
  in_snapshot_ = true;
  snapshot_end_ = end;
  bookmark_owed_ = true;
  bookmark_from_ = 0;
  awaited_keys_ = 0;
  keys_.clear();
  for (const EntryRef& entry : view.newest()) {
    if (entry->sequence() > end || entry->kind() == EntryKind::kDialogEnded) continue;
    const bool awaited = BelongsToSnapshot(*entry);
    keys_[entry->key()] = {.ordinal = entry->ordinal(), .awaited = awaited};
    if (awaited) ++awaited_keys_;
  }
  SkipInSnapshot(view);
}

void WatchReader::BeginResumed(const LogView& view, uint64_t cursor) {
  cursor_ = cursor;
  if (options_.every) {
    bookmark_from_ = view.head();
    return;
  }
  for (const EntryRef& entry : view.newest()) {
    const bool awaited = entry->sequence() > cursor;
    const uint64_t left_out = awaited && entry->kind() == EntryKind::kEvent ? 1 : 0;
    keys_[entry->key()] = {.ordinal = entry->ordinal() - left_out, .awaited = awaited};
    if (awaited) ++awaited_keys_;
  }
  LearnOrdinalsAfterCursor(view);
}

// When the log was not settled at first, what settled it belongs before the bookmark.
void WatchReader::AwaitBacklogOnceSettled(const LogView& view) {
  if (settled_ || !view.settled()) return;
  settled_ = true;
  if (options_.every) {
    bookmark_from_ = view.head();
    return;
  }
  for (const EntryRef& entry : view.newest()) {
    const bool skipped = entry->sequence() <= snapshot_end_ && !BelongsToSnapshot(*entry);
    if (entry->sequence() <= cursor_ || skipped) continue;
    if (!std::exchange(keys_[entry->key()].awaited, true)) ++awaited_keys_;
  }
}

// How many events of each key the client had at its cursor, as far as the ring can tell.
void WatchReader::LearnOrdinalsAfterCursor(const LogView& view) {
  for (uint64_t sequence = std::max(cursor_, view.trimmed_through()) + 1; sequence <= view.head();
       ++sequence) {
    const LogEntry& entry = *view.At(sequence);
    if (entry.kind() != EntryKind::kEvent) continue;
    const auto known = keys_.find(entry.key());
    if (known == keys_.end()) continue;
    known->second.ordinal = std::min(known->second.ordinal, entry.ordinal() - 1);
  }
}

bool WatchReader::BelongsToSnapshot(const LogEntry& entry) const {
  switch (entry.kind()) {
    case EntryKind::kEvent:
      return !(options_.every && options_.event_package);
    case EntryKind::kStatus:
      return true;
    case EntryKind::kDialogEnded:
      return false;
  }
  return false;
}

// --- What was lost

bool WatchReader::HasLostEntries(const LogView& view) const {
  // Up to its end, the snapshot makes up for what is gone.
  const uint64_t covered = in_snapshot_ ? std::max(cursor_, snapshot_end_) : cursor_;
  return covered < (options_.every ? view.lost_through() : view.tombstone_floor());
}

void WatchReader::PickGap(const LogView& view, std::optional<PickedGap>& gap) {
  gap = PickedGap{.reason = *gap_, .earliest_available = std::nullopt, .cursor = cursor_};
  gap_.reset();
  const bool replay = options_.every && options_.event_package;
  for (uint64_t sequence = view.lost_through() + 1;
       !gap->earliest_available.has_value() && sequence <= view.head(); ++sequence) {
    const LogEntry& entry = *view.At(sequence);
    if (entry.kind() == EntryKind::kEvent) gap->earliest_available = entry.receive_time();
  }
  // Events are not repeated by a snapshot: the stream goes on with the oldest there is.
  BeginSnapshot(view, replay ? view.lost_through() : view.head());
}

// --- What comes next

void WatchReader::PickItems(const LogView& view, int room, size_t max_bytes, WatchBatch& batch) {
  SkipInSnapshot(view);  // the rest of it may have changed since, and so be news
  size_t bytes = 0;
  while (true) {
    if (room > 0 && PickBookmark(view, batch)) {
      --room;
      continue;
    }
    const EntryRef* entry = Next(view);
    if (entry == nullptr) return;
    const size_t size = (*entry)->payload().size() + WatchBatch::kItemOverhead;
    if (room <= 0 || (!batch.picks.empty() && bytes + size > max_bytes)) {
      batch.full = true;
      return;
    }
    bytes += size;
    --room;
    Take(view, *entry, batch);
  }
}

bool WatchReader::PickBookmark(const LogView& view, WatchBatch& batch) {
  if (!bookmark_owed_ || in_snapshot_ || awaited_keys_ > 0 || cursor_ < bookmark_from_ ||
      !settled_) {
    return false;
  }
  bookmark_owed_ = false;
  if (options_.every) keys_.clear();  // were kept for this only
  PickedItem bookmark;
  bookmark.has_state = HasState(view);
  bookmark.cursor = cursor_;
  batch.picks.push_back(std::move(bookmark));
  return true;
}

const EntryRef* WatchReader::Next(const LogView& view) const {
  if (options_.every && !in_snapshot_) {
    return cursor_ < view.head() ? &view.At(cursor_ + 1) : nullptr;
  }
  const EntryRef* next = view.newest().After(cursor_);
  if (next == nullptr || in_snapshot_) return next;
  // What a dialog said as it ended is told before the end, though nothing will follow from it.
  const uint64_t before = (*next)->sequence() - 1;
  if (before <= std::max(cursor_, view.trimmed_through())) return next;
  const EntryRef& last = view.At(before);
  return AreLastWords(*last, **next) && !last->payload().empty() ? &last : next;
}

void WatchReader::Take(const LogView& view, const EntryRef& entry, WatchBatch& batch) {
  const bool initial = entry->sequence() <= snapshot_end_;
  uint64_t superseded = 0;
  const bool tracks_key = !options_.every || bookmark_owed_;
  if (tracks_key) {
    KeyProgress& key = keys_[entry->key()];
    if (!initial && !options_.every) {
      const uint64_t own = entry->kind() == EntryKind::kEvent ? 1 : 0;
      if (entry->ordinal() > key.ordinal + own) superseded = entry->ordinal() - key.ordinal - own;
    }
    key.ordinal = entry->ordinal();
    // After last words the bookmark waits for the end.
    const bool last_words = entry->sequence() < view.head() && !options_.every &&
                            view.trimmed_through() < entry->sequence() &&
                            AreLastWords(*entry, *view.At(entry->sequence() + 1));
    if (!last_words && std::exchange(key.awaited, false)) --awaited_keys_;
    if (entry->kind() == EntryKind::kDialogEnded) ForgetEnded(entry->key());
  }
  cursor_ = entry->sequence();
  PickedItem pick;
  pick.entry = entry;
  pick.initial = initial;
  pick.superseded = superseded;
  SkipInSnapshot(view);
  pick.cursor = cursor_;
  batch.picks.push_back(std::move(pick));
}

// What ended is not waited for, nor are the members that went with it.
void WatchReader::ForgetEnded(EntryKey ended) {
  if (!IsDialogKey(ended)) {
    keys_.erase(ended);
    return;
  }
  for (auto at = keys_.begin(); at != keys_.end();) {
    if (!GoesWith(at->first, ended)) {
      ++at;
      continue;
    }
    if (at->second.awaited) --awaited_keys_;
    keys_.erase(at++);
  }
}

// Moves the cursor over what the snapshot leaves out, so that the token of its last item stands
// for the whole of it.
void WatchReader::SkipInSnapshot(const LogView& view) {
  if (!in_snapshot_) return;
  const EntryRef* next = view.newest().After(cursor_);
  while (next != nullptr && (*next)->sequence() <= snapshot_end_) {
    if (BelongsToSnapshot(**next)) return;
    cursor_ = (*next)->sequence();
    next = view.newest().After(cursor_);
  }
  cursor_ = std::max(cursor_, snapshot_end_);
  in_snapshot_ = false;
}

void WatchReader::Compose(const std::optional<PickedGap>& gap, WatchBatch& batch) {
  size_t size = 2 * WatchBatch::kItemOverhead;
  for (const PickedItem& pick : batch.picks) {
    size += WatchBatch::kItemOverhead + (pick.entry ? pick.entry->payload().size() : 0);
  }
  batch.bytes.reserve(batch.bytes.size() + size);
  if (gap.has_value()) {
    batch.AppendGap(gap->reason, gap->earliest_available, tokens_, gap->cursor);
  }
  for (const PickedItem& pick : batch.picks) {
    if (pick.entry) {
      batch.AppendEntry(*pick.entry, pick.initial, pick.superseded, tokens_, pick.cursor);
    } else {
      batch.AppendBookmark(BookmarkKind::kInitialStateComplete, pick.has_state, tokens_,
                           pick.cursor);
    }
  }
  batch.picks.clear();
}

}  // namespace sipevents::gateway
