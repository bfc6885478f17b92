#ifndef GATEWAY_WATCH_WATCH_BATCH_H_
#define GATEWAY_WATCH_WATCH_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gateway/watch/log_entry.h"
#include "gateway/watch/resume_token.h"

namespace sipevents::gateway {

// As v1.Bookmark.Kind.
enum class BookmarkKind : uint8_t { kInitialStateComplete = 1, kHeartbeat = 2, kDrain = 3 };

// As v1.Gap.Reason.
enum class GapReason : uint8_t { kTrimmed = 1, kLogReplaced = 2 };

// As v1.WatchRemoved.Reason.
enum class RemovalReason : uint8_t { kRequested = 1, kSubscriptionTerminated = 2 };

// One item that a reader has picked while it had the log's lock; to be composed without.
struct PickedItem {
  EntryRef entry;  // null: the bookmark INITIAL_STATE_COMPLETE
  bool initial = false;
  bool has_state = false;
  uint64_t superseded = 0;
  uint64_t cursor = 0;
};

// One v1.WatchResponse under way, as octets, or one v1.WatchManyResponse, from the first
// ForWatch() on. Entries are copied as they were encoded once: protobuf allows the fields that
// differ from reader to reader to follow.
//
// Threads: one at a time.
struct WatchBatch {
  // The encoded response; empty: no items.
  std::string bytes;
  int items = 0;
  // It was closed by a limit: there is more to read at once.
  bool full = false;
  // For metrics: events in it, and those that they (or the end of their dialog) stand for.
  int events = 0;
  uint64_t superseded = 0;
  // Entries that a reader of every event cannot be shown: what its gap stands for.
  uint64_t dropped = 0;
  // When the events came that are not part of a snapshot.
  std::vector<absl::Time> live_event_times;
  // A reader's scratch, empty between reads: here, since of readers there may be thousands.
  std::vector<PickedItem> picks;

  void Clear();

  // What is appended from now on belongs to this watch of a WatchMany stream; 0: to the stream.
  void ForWatch(uint64_t id) {
    of_many = true;
    watch_id = id;
  }

  // Each appends one item that has the token of `sequence`. `superseded` and `initial` go with
  // events only.
  void AppendEntry(const LogEntry& entry, bool initial, uint64_t superseded_before,
                   const ResumeTokenEncoder& tokens, uint64_t sequence);
  void AppendGap(GapReason reason, std::optional<absl::Time> earliest_available,
                 const ResumeTokenEncoder& tokens, uint64_t sequence);
  void AppendBookmark(BookmarkKind kind, bool has_state, const ResumeTokenEncoder& tokens,
                      uint64_t sequence);

  // WatchMany only. Each appends one item that has no token: that the watch is over, what went
  // wrong with it (`status`: an encoded google.rpc.Status; `reason`: that of its ErrorInfo), and
  // a mark of the stream itself.
  void AppendRemoved(RemovalReason reason);
  void AppendError(std::string_view status, std::string_view reason);
  void AppendStreamBookmark(BookmarkKind kind);

  // The most that an item takes beyond its payload.
  static constexpr size_t kItemOverhead = 96;

  // Set by ForWatch().
  bool of_many = false;
  uint64_t watch_id = 0;

 private:
  void AppendItem(int field, std::string_view payload, std::string_view more,
                  const ResumeTokenEncoder& tokens, uint64_t sequence);
  void AppendManyHead(int field, size_t content_size);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_WATCH_BATCH_H_
