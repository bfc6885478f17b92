#ifndef GATEWAY_WATCH_LOG_ENTRY_H_
#define GATEWAY_WATCH_LOG_ENTRY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace sipevents::gateway {

enum class EntryKind : uint8_t {
  kEvent,        // payload: a v1.Event without `initial` and `superseded`
  kStatus,       // payload: a v1.Subscription
  kDialogEnded,  // payload: a v1.DialogEnded; the tombstone of its key
};

// What conflates with what: a dialog, or a member of the list that the dialog tells of. The upper
// half is the number that the Subscription gave to the dialog, the lower one that of the member, 0
// for the dialog itself. Never given twice within one log.
using EntryKey = uint64_t;
// The key of every kStatus entry.
inline constexpr EntryKey kStatusKey = std::numeric_limits<EntryKey>::max();

constexpr EntryKey DialogKey(uint32_t dialog) { return EntryKey{dialog} << 32; }
constexpr EntryKey MemberKey(EntryKey dialog, uint32_t member) { return dialog | member; }
constexpr bool IsDialogKey(EntryKey key) { return static_cast<uint32_t>(key) == 0; }
// Whether the end of `ended` is also that of `key`: the end of a dialog is that of its members.
constexpr bool GoesWith(EntryKey key, EntryKey ended) {
  return key == ended || (IsDialogKey(ended) && key >> 32 == ended >> 32);
}

class EntryRef;

// One thing that happened to a Subscription: encoded once, shared by the log and by whoever
// writes it just now. Header and payload are one allocation.
//
// Threads: any; immutable once the log shows it. Every living entry counts in LiveBytes().
class LogEntry {
 public:
  // Copies `payload`, less than 4 GiB of it. `sequence` starts at 1.
  static EntryRef Make(EntryKind kind, EntryKey key, uint64_t sequence, absl::Time receive_time,
                       std::string_view payload);

  LogEntry(const LogEntry&) = delete;
  LogEntry& operator=(const LogEntry&) = delete;

  EntryKind kind() const { return kind_; }
  EntryKey key() const { return key_; }
  uint64_t sequence() const { return sequence_; }
  // How many kEvent entries of this key the log had up to this one, inclusive.
  uint64_t ordinal() const { return ordinal_; }
  absl::Time receive_time() const { return receive_time_; }
  std::string_view payload() const;
  // What it takes in memory, in octets, header included.
  size_t memory_size() const { return sizeof(LogEntry) + payload_size_; }

  // Over all logs: octets and number of entries alive ("memory of the log").
  static int64_t LiveBytes();
  static int64_t LiveCount();

 private:
  friend class EntryRef;
  friend class EventLog;  // sets ordinal_ and inbox_next_ before anybody else sees the entry

  LogEntry(EntryKind kind, EntryKey key, uint64_t sequence, absl::Time receive_time,
           size_t payload_size);
  ~LogEntry();
  void Unref() const;

  mutable std::atomic<uint32_t> references_{1};
  uint32_t payload_size_;
  EntryKey key_;
  uint64_t sequence_;
  uint64_t ordinal_ = 0;
  LogEntry* inbox_next_ = nullptr;
  absl::Time receive_time_;
  EntryKind kind_;
};

// A counted reference to an entry. Threads: as a std::shared_ptr.
class EntryRef {
 public:
  EntryRef() = default;
  // Takes over one reference that `entry` already has.
  static EntryRef Adopt(LogEntry* entry) { return EntryRef(entry); }
  EntryRef(const EntryRef& other) : entry_(other.entry_) {
    if (entry_ != nullptr) entry_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  EntryRef(EntryRef&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  EntryRef& operator=(EntryRef other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~EntryRef() {
    if (entry_ != nullptr) entry_->Unref();
  }

  const LogEntry* get() const { return entry_; }
  const LogEntry* operator->() const { return entry_; }
  const LogEntry& operator*() const { return *entry_; }
  explicit operator bool() const { return entry_ != nullptr; }

 private:
  friend class EventLog;
  explicit EntryRef(LogEntry* entry) : entry_(entry) {}
  // Gives the reference up to the caller.
  LogEntry* Release() { return std::exchange(entry_, nullptr); }

  LogEntry* entry_ = nullptr;
};

// Whether `event` is what a dialog said with its last breath: the NOTIFY that ended it had a body.
// Then the end follows at once.
inline bool AreLastWords(const LogEntry& event, const LogEntry& end) {
  return event.kind() == EntryKind::kEvent && end.kind() == EntryKind::kDialogEnded &&
         event.key() == end.key() && event.sequence() + 1 == end.sequence();
}

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_LOG_ENTRY_H_
