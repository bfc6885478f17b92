#include "gateway/watch/newest_table.h"

#include <algorithm>
#include <utility>

namespace sipevents::gateway {

size_t NewestTable::FirstAfter(uint64_t sequence) const {
  const auto found =
      std::upper_bound(slots_.begin(), slots_.end(), sequence,
                       [](uint64_t wanted, const Slot& slot) { return wanted < slot.sequence; });
  return static_cast<size_t>(found - slots_.begin());
}

size_t NewestTable::SlotOf(EntryKey key) const {
  if (many_ != nullptr) {
    const auto found = many_->sequences.find(key);
    return found == many_->sequences.end() ? slots_.size() : FirstAfter(found->second - 1);
  }
  // From the back: who spoke last is likely to speak again.
  for (size_t i = slots_.size(); i > 0; --i) {
    if (slots_[i - 1].entry->key() == key) return i - 1;
  }
  return slots_.size();
}

const EntryRef* NewestTable::Find(EntryKey key) const {
  const size_t slot = SlotOf(key);
  return slot == slots_.size() ? nullptr : &slots_[slot].entry;
}

const EntryRef* NewestTable::After(uint64_t sequence) const {
  for (size_t i = FirstAfter(sequence); i < slots_.size(); ++i) {
    if (slots_[i].entry) return &slots_[i].entry;
  }
  return nullptr;
}

void NewestTable::Add(EntryRef entry) {
  const EntryKey key = entry->key();
  const uint64_t sequence = entry->sequence();
  slots_.push_back({sequence, std::move(entry)});
  if (many_ != nullptr) {
    many_->sequences[key] = sequence;
  } else if (slots_.size() > kFew) {
    many_ = std::make_unique<Many>();
    for (const Slot& slot : slots_) many_->sequences[slot.entry->key()] = slot.sequence;
  }
}

EntryRef NewestTable::Remove(EntryKey key) {
  const size_t slot = SlotOf(key);
  if (slot == slots_.size()) return {};
  EntryRef removed = std::move(slots_[slot].entry);
  if (many_ == nullptr) {
    slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(slot));
    return removed;
  }
  many_->sequences.erase(key);
  if (++many_->holes > slots_.size() / 2) Compact();
  return removed;
}

void NewestTable::Compact() {
  std::erase_if(slots_, [](const Slot& slot) { return !slot.entry; });
  many_->holes = 0;
  if (slots_.size() > kFew / 2) return;
  many_.reset();
  slots_.shrink_to_fit();
}

}  // namespace sipevents::gateway
