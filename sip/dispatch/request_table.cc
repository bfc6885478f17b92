#include "sip/dispatch/request_table.h"

namespace sipevents::sip {
namespace {

constexpr size_t kManyRequests = 4096;

}  // namespace

RequestTable::Slot RequestTable::Find(RequestId id) const {
  const auto it = slots_.find(id);
  return it == slots_.end() ? kNone : it->second;
}

void RequestTable::Append(RequestId id, uint32_t destination, RequestPriority priority,
                          Queue& queue) {
  Slot slot = free_;
  if (slot == kNone) {
    slot = static_cast<Slot>(requests_.size());
    requests_.emplace_back();
  } else {
    free_ = requests_[slot].next;
  }
  Queue::List& list = queue.lists[static_cast<size_t>(priority)];
  Request& request = requests_[slot];
  request.id = id;
  request.destination = destination;
  request.waiting = true;
  request.priority = static_cast<uint8_t>(priority);
  request.next = kNone;
  request.previous = list.last;
  (list.last == kNone ? list.first : requests_[list.last].next) = slot;
  list.last = slot;
  slots_.emplace(id, slot);
  ++queue.size;
  ++waiting_;
}

RequestTable::Slot RequestTable::TakeFirst(Queue& queue) {
  Slot slot = kNone;
  for (size_t i = 0; slot == kNone; ++i) slot = queue.lists[i].first;
  Unlink(slot, queue);
  return slot;
}

void RequestTable::Remove(Slot slot, Queue& queue) {
  Unlink(slot, queue);
  Erase(slot);
}

void RequestTable::Erase(Slot slot) {
  slots_.erase(requests_[slot].id);
  requests_[slot].next = free_;
  free_ = slot;
  if (!slots_.empty() || requests_.size() < kManyRequests) return;
  // What a storm took is given back once it is over.
  requests_ = {};
  slots_ = {};
  free_ = kNone;
}

void RequestTable::Unlink(Slot slot, Queue& queue) {
  Request& request = requests_[slot];
  Queue::List& list = queue.lists[request.priority];
  (request.previous == kNone ? list.first : requests_[request.previous].next) = request.next;
  (request.next == kNone ? list.last : requests_[request.next].previous) = request.previous;
  request.waiting = false;
  --queue.size;
  --waiting_;
}

}  // namespace sipevents::sip
