#ifndef GATEWAY_WATCH_NEWEST_TABLE_H_
#define GATEWAY_WATCH_NEWEST_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/watch/log_entry.h"

namespace sipevents::gateway {

// The newest entry of each key, by ascending sequence. With few keys, as most logs have, it is a
// bare vector; with many (a list has ten thousand members) an index finds a key, and what was
// replaced leaves a hole until there are as many holes as entries: replacing costs the same then,
// however many keys there are.
//
// Threads: one at a time.
class NewestTable {
 public:
  // Goes over the entries, past the holes.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = EntryRef;
    using difference_type = std::ptrdiff_t;
    using pointer = const EntryRef*;
    using reference = const EntryRef&;

    Iterator() = default;
    reference operator*() const { return at_->entry; }
    pointer operator->() const { return &at_->entry; }
    Iterator& operator++() {
      ++at_;
      SkipHoles();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    friend class NewestTable;
    struct Slot {
      uint64_t sequence;
      EntryRef entry;  // null: a hole
    };
    Iterator(const Slot* at, const Slot* end) : at_(at), end_(end) { SkipHoles(); }
    void SkipHoles() {
      while (at_ != end_ && !at_->entry) ++at_;
    }
    const Slot* at_ = nullptr;
    const Slot* end_ = nullptr;
  };
  using const_iterator = Iterator;

  Iterator begin() const { return {slots_.data(), slots_.data() + slots_.size()}; }
  Iterator end() const { return {slots_.data() + slots_.size(), slots_.data() + slots_.size()}; }
  size_t size() const { return slots_.size() - (many_ == nullptr ? 0 : many_->holes); }

  // The entry of a key; null: there is none. Good until the next change.
  const EntryRef* Find(EntryKey key) const;
  // The first entry that is newer than `sequence`; null: none is. Good until the next change.
  const EntryRef* After(uint64_t sequence) const;

  // Adds an entry that is newer than all, of a key that is not there.
  void Add(EntryRef entry);
  // Takes the entry of a key out; null: there was none.
  EntryRef Remove(EntryKey key);

 private:
  using Slot = Iterator::Slot;
  // With more slots than this there is an index, until there are much fewer again.
  static constexpr size_t kFew = 32;

  // The slot of a key, or the end.
  size_t SlotOf(EntryKey key) const;
  size_t FirstAfter(uint64_t sequence) const;
  void Compact();

  // Apart, because there may be a million tables, nearly all of them with few keys.
  struct Many {
    size_t holes = 0;
    absl::flat_hash_map<EntryKey, uint64_t> sequences;  // by key
  };

  std::vector<Slot> slots_;
  std::unique_ptr<Many> many_;  // null: few keys, and no holes
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_NEWEST_TABLE_H_
