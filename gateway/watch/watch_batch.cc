#include "gateway/watch/watch_batch.h"

#include <algorithm>
#include <limits>

namespace sipevents::gateway {
namespace {

// Field numbers of sipevents/v1/subscriptions.proto and event.proto; a test compares them.
constexpr int kResponseItems = 1;
constexpr int kItemEvent = 1;
constexpr int kItemStatus = 2;
constexpr int kItemDialogEnded = 3;
constexpr int kItemGap = 4;
constexpr int kItemBookmark = 5;
constexpr int kItemResumeToken = 15;
constexpr int kEventInitial = 8;
constexpr int kEventSuperseded = 9;
constexpr int kGapReason = 1;
constexpr int kGapEarliestAvailable = 2;
constexpr int kBookmarkKind = 1;
constexpr int kBookmarkHasState = 2;
constexpr int kManyWatchId = 1;
constexpr int kManyItem = 2;
constexpr int kManyError = 3;
constexpr int kManyRemoved = 4;
constexpr int kErrorReason = 4;
constexpr int kRemovedReason = 1;
constexpr int kTimestampSeconds = 1;
constexpr int kTimestampNanos = 2;

// The wire types of the protobuf encoding. All fields here have one-octet tags.
constexpr int kVarint = 0;
constexpr int kLengthDelimited = 2;

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

void AppendTag(int field, int wire_type, std::string& out) {
  out.push_back(static_cast<char>(field << 3 | wire_type));
}

void AppendVarintField(int field, uint64_t value, std::string& out) {
  AppendTag(field, kVarint, out);
  AppendVarint(value, out);
}

// The head of a length-delimited field; its content follows.
void AppendLength(int field, size_t size, std::string& out) {
  AppendTag(field, kLengthDelimited, out);
  AppendVarint(size, out);
}

size_t LengthDelimitedSize(size_t content) { return 1 + VarintSize(content) + content; }

std::string EncodeTimestamp(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds down, as Timestamp wants
  const int64_t nanos = absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds));
  std::string out;
  if (seconds != 0) AppendVarintField(kTimestampSeconds, static_cast<uint64_t>(seconds), out);
  if (nanos != 0) AppendVarintField(kTimestampNanos, static_cast<uint64_t>(nanos), out);
  return out;
}

int ItemField(EntryKind kind) {
  switch (kind) {
    case EntryKind::kEvent:
      return kItemEvent;
    case EntryKind::kStatus:
      return kItemStatus;
    case EntryKind::kDialogEnded:
      return kItemDialogEnded;
  }
  return kItemStatus;  // not reached: the switch is complete
}

}  // namespace

void WatchBatch::Clear() {
  bytes.clear();
  items = 0;
  full = false;
  events = 0;
  superseded = 0;
  dropped = 0;
  live_event_times.clear();
  picks.clear();
  of_many = false;
}

void WatchBatch::AppendEntry(const LogEntry& entry, bool initial, uint64_t superseded_before,
                             const ResumeTokenEncoder& tokens, uint64_t sequence) {
  std::string more;  // short: no allocation
  superseded += superseded_before;
  if (entry.kind() == EntryKind::kEvent) {
    ++events;
    if (initial) {
      AppendVarintField(kEventInitial, 1, more);
    } else {
      live_event_times.push_back(entry.receive_time());
    }
    if (superseded_before > 0) {
      constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
      AppendVarintField(kEventSuperseded, std::min(superseded_before, kMost), more);
    }
  }
  AppendItem(ItemField(entry.kind()), entry.payload(), more, tokens, sequence);
}

void WatchBatch::AppendGap(GapReason reason, std::optional<absl::Time> earliest_available,
                           const ResumeTokenEncoder& tokens, uint64_t sequence) {
  std::string gap;
  AppendVarintField(kGapReason, static_cast<uint64_t>(reason), gap);
  if (earliest_available.has_value()) {
    const std::string timestamp = EncodeTimestamp(*earliest_available);
    AppendLength(kGapEarliestAvailable, timestamp.size(), gap);
    gap.append(timestamp);
  }
  AppendItem(kItemGap, gap, {}, tokens, sequence);
}

void WatchBatch::AppendBookmark(BookmarkKind kind, bool has_state, const ResumeTokenEncoder& tokens,
                                uint64_t sequence) {
  std::string bookmark;
  AppendVarintField(kBookmarkKind, static_cast<uint64_t>(kind), bookmark);
  if (has_state) AppendVarintField(kBookmarkHasState, 1, bookmark);
  AppendItem(kItemBookmark, bookmark, {}, tokens, sequence);
}

void WatchBatch::AppendItem(int field, std::string_view payload, std::string_view more,
                            const ResumeTokenEncoder& tokens, uint64_t sequence) {
  const size_t message_size = payload.size() + more.size();
  const size_t item_size =
      LengthDelimitedSize(message_size) + LengthDelimitedSize(ResumeToken::kTextSize);
  if (of_many) {
    AppendManyHead(kManyItem, item_size);
  } else {
    AppendLength(kResponseItems, item_size, bytes);
  }
  AppendLength(field, message_size, bytes);
  bytes.append(payload.data(), payload.size());
  bytes.append(more.data(), more.size());
  AppendLength(kItemResumeToken, ResumeToken::kTextSize, bytes);
  tokens.AppendTo(sequence, bytes);
  ++items;
}

// The head of a v1.WatchManyItem up to the content of its one field.
void WatchBatch::AppendManyHead(int field, size_t content_size) {
  const size_t id_size = watch_id == 0 ? 0 : 1 + VarintSize(watch_id);
  AppendLength(kResponseItems, id_size + LengthDelimitedSize(content_size), bytes);
  if (watch_id != 0) AppendVarintField(kManyWatchId, watch_id, bytes);
  AppendLength(field, content_size, bytes);
}

void WatchBatch::AppendRemoved(RemovalReason reason) {
  std::string removed;
  AppendVarintField(kRemovedReason, static_cast<uint64_t>(reason), removed);
  AppendManyHead(kManyRemoved, removed.size());
  bytes.append(removed);
  ++items;
}

void WatchBatch::AppendError(std::string_view status, std::string_view reason) {
  AppendManyHead(kManyError, status.size() + LengthDelimitedSize(reason.size()));
  bytes.append(status.data(), status.size());
  AppendLength(kErrorReason, reason.size(), bytes);
  bytes.append(reason.data(), reason.size());
  ++items;
}

void WatchBatch::AppendStreamBookmark(BookmarkKind kind) {
  ForWatch(0);
  std::string bookmark;
  AppendVarintField(kBookmarkKind, static_cast<uint64_t>(kind), bookmark);
  AppendManyHead(kManyItem, LengthDelimitedSize(bookmark.size()));
  AppendLength(kItemBookmark, bookmark.size(), bytes);
  bytes.append(bookmark);
  ++items;
}

}  // namespace sipevents::gateway
