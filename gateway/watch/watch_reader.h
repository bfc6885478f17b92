#ifndef GATEWAY_WATCH_WATCH_READER_H_
#define GATEWAY_WATCH_WATCH_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "gateway/watch/event_log.h"
#include "gateway/watch/resume_token.h"
#include "gateway/watch/watch_batch.h"

namespace sipevents::gateway {

// How one watch wants to be served.
struct WatchOptions {
  // Each event (v1.Delivery EVERY), or the newest of each dialog (LATEST).
  bool every = false;
  // The package tells of events, not of state (sip::PackageTraits::every_event): with `every`
  // there are no old ones in the snapshot.
  bool event_package = false;
  // The watch began the log: all in it is news, whenever the reader comes to look.
  bool from_beginning = false;
  // A gap ends the stream.
  bool fail_on_gap = false;
  // Where the client stands: in this log, or in one that is gone (a gap).
  std::optional<ResumeToken> resume;
  // When a batch closes; the first item always fits. 1 or more.
  int max_items = 64;
  size_t max_bytes = size_t{512} << 10;
};

enum class ReadResult : uint8_t {
  kItems,  // the batch has items: write it, then read again
  kIdle,   // nothing now: the target is scheduled when that changes
  kEnded,  // everything was delivered, and nothing will follow: end with OK
  kGap,    // with fail_on_gap: end with OUT_OF_RANGE, RESUME_TOKEN_EXPIRED
};

// Reads one log for one stream: holds a cursor, never events.
//
// A new watch gets the snapshot (status, and the newest event of each living dialog, flagged
// `initial`, by ascending sequence, so that a token covers all dialogs up to it), then
// INITIAL_STATE_COMPLETE, then what follows. The bookmark waits until the log is settled, what it
// then holds was delivered, and every dialog of the snapshot was, also one that has changed
// meanwhile and so comes as news (`initial` tells of what was there when the watch began,
// nothing else).
//
// A resumed watch gets what follows its token, ended dialogs too, no snapshot, and
// INITIAL_STATE_COMPLETE as soon as it has all that was there when it attached.
//
// What cannot be delivered any more is a gap: with EVERY, any entry that was trimmed; with
// LATEST, only the end of a dialog (a trimmed event was superseded, which is no loss). A gap is
// followed by a fresh snapshot and INITIAL_STATE_COMPLETE; with EVERY on an event package,
// which has no events in its snapshot, then by every event that the log still has. The token
// of a gap leads to a gap again, or to all that the log has: never past the snapshot.
//
// `superseded` is exact for everything that was appended since the watch attached; for the
// backlog of a resumed watch it counts what the ring still had.
//
// Threads: one call at a time (a Runnable's Run() will do); the log is locked while references
// are copied, not while octets are.
class WatchReader {
 public:
  // Attaches: what is appended from now on is news. `target` is scheduled after a kIdle.
  WatchReader(std::shared_ptr<EventLog> log, const WatchOptions& options,
              std::weak_ptr<Runnable> target);
  WatchReader(const WatchReader&) = delete;
  WatchReader& operator=(const WatchReader&) = delete;
  // Waits no more.
  ~WatchReader();

  // Replaces `batch` by the next one.
  ReadResult ReadBatch(WatchBatch& batch);

  // For one of many watches on a stream: appends to `batch` up to `max_items` (1 or more) and
  // `max_bytes`, of which the first item always fits. After kItems, `batch.full` says whether
  // there may be more; if not, it waits already: the target is told when that changes.
  ReadResult ReadTurn(int max_items, size_t max_bytes, WatchBatch& batch);

  // Appends a HEARTBEAT or a DRAIN to `batch`, with the token of what has been read so far: to
  // be written after all earlier batches.
  void AppendBookmark(BookmarkKind kind, WatchBatch& batch) const;

  const EventLog& log() const { return *log_; }
  // The sequence that the last token given stands for.
  uint64_t cursor() const { return cursor_; }

 private:
  // What it knows of a key.
  struct KeyProgress {
    uint64_t ordinal = 0;  // of the last event delivered, or left out on purpose
    bool awaited = false;  // the bookmark waits for it
  };
  struct PickedGap {
    GapReason reason;
    std::optional<absl::Time> earliest_available;
    uint64_t cursor;
  };

  // When a read stops.
  struct ReadLimits {
    int items;
    size_t bytes;
    bool waits;  // also after items, as in ReadTurn()
  };

  ReadResult Read(const ReadLimits& limits, WatchBatch& batch);
  void BeginSnapshot(const LogView& view, uint64_t end);
  void BeginResumed(const LogView& view, uint64_t cursor);
  void AwaitBacklogOnceSettled(const LogView& view);
  void LearnOrdinalsAfterCursor(const LogView& view);
  bool HasLostEntries(const LogView& view) const;
  void PickGap(const LogView& view, std::optional<PickedGap>& gap);
  void PickItems(const LogView& view, int room, size_t max_bytes, WatchBatch& batch);
  bool PickBookmark(const LogView& view, WatchBatch& batch);
  const EntryRef* Next(const LogView& view) const;
  void Take(const LogView& view, const EntryRef& entry, WatchBatch& batch);
  void ForgetEnded(EntryKey ended);
  bool BelongsToSnapshot(const LogEntry& entry) const;
  void SkipInSnapshot(const LogView& view);
  void Compose(const std::optional<PickedGap>& gap, WatchBatch& batch);

  const std::shared_ptr<EventLog> log_;
  const WatchOptions options_;
  const ResumeTokenEncoder tokens_;
  LogWaiter waiter_;

  uint64_t cursor_ = 0;
  bool in_snapshot_ = false;
  uint64_t snapshot_end_ = 0;  // `initial` are entries up to here
  bool bookmark_owed_ = true;
  bool settled_ = false;        // as it knows the log
  uint64_t bookmark_from_ = 0;  // not before the cursor is here
  size_t awaited_keys_ = 0;
  std::optional<GapReason> gap_;
  absl::flat_hash_map<EntryKey, KeyProgress> keys_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_WATCH_READER_H_
