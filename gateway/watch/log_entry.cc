#include "gateway/watch/log_entry.h"

#include <cstring>
#include <new>

namespace sipevents::gateway {
namespace {

std::atomic<int64_t> g_live_bytes{0};
std::atomic<int64_t> g_live_count{0};

}  // namespace

EntryRef LogEntry::Make(EntryKind kind, EntryKey key, uint64_t sequence, absl::Time receive_time,
                        std::string_view payload) {
  void* memory = ::operator new(sizeof(LogEntry) + payload.size());
  auto* entry = new (memory) LogEntry(kind, key, sequence, receive_time, payload.size());
  if (!payload.empty()) {
    std::memcpy(static_cast<char*>(memory) + sizeof(LogEntry), payload.data(), payload.size());
  }
  return EntryRef::Adopt(entry);
}

LogEntry::LogEntry(EntryKind kind, EntryKey key, uint64_t sequence, absl::Time receive_time,
                   size_t payload_size)
    : payload_size_(static_cast<uint32_t>(payload_size)),
      key_(key),
      sequence_(sequence),
      receive_time_(receive_time),
      kind_(kind) {
  g_live_bytes.fetch_add(static_cast<int64_t>(memory_size()), std::memory_order_relaxed);
  g_live_count.fetch_add(1, std::memory_order_relaxed);
}

LogEntry::~LogEntry() {
  g_live_bytes.fetch_sub(static_cast<int64_t>(memory_size()), std::memory_order_relaxed);
  g_live_count.fetch_sub(1, std::memory_order_relaxed);
}

void LogEntry::Unref() const {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~LogEntry();
  ::operator delete(const_cast<LogEntry*>(this));
}

std::string_view LogEntry::payload() const {
  return {reinterpret_cast<const char*>(this) + sizeof(LogEntry), payload_size_};
}

int64_t LogEntry::LiveBytes() { return g_live_bytes.load(std::memory_order_relaxed); }
int64_t LogEntry::LiveCount() { return g_live_count.load(std::memory_order_relaxed); }

}  // namespace sipevents::gateway
