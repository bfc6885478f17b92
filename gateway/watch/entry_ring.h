#ifndef GATEWAY_WATCH_ENTRY_RING_H_
#define GATEWAY_WATCH_ENTRY_RING_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "gateway/watch/log_entry.h"

namespace sipevents::gateway {

// A queue of entries that takes no memory while it is empty and grows by doubling: there may be
// a million of them, most with two or three entries (a std::deque takes 600 octets at once).
//
// Threads: one at a time.
class EntryRing {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // `index` 0 is the oldest.
  const EntryRef& operator[](size_t index) const { return slots_[Slot(index)]; }
  const EntryRef& front() const { return slots_[first_]; }

  void PushBack(EntryRef entry) {
    if (size_ == slots_.size()) Grow();
    slots_[Slot(size_)] = std::move(entry);
    ++size_;
  }

  void Replace(size_t index, EntryRef entry) { slots_[Slot(index)] = std::move(entry); }

  EntryRef PopFront() {
    EntryRef entry = std::move(slots_[first_]);
    first_ = Slot(1);
    --size_;
    return entry;
  }

 private:
  // The number of slots is a power of two.
  size_t Slot(size_t index) const { return (first_ + index) & (slots_.size() - 1); }

  void Grow() {
    std::vector<EntryRef> larger(slots_.empty() ? 4 : slots_.size() * 2);
    for (size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[Slot(i)]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<EntryRef> slots_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_ENTRY_RING_H_
