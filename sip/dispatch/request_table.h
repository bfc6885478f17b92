#ifndef SIP_DISPATCH_REQUEST_TABLE_H_
#define SIP_DISPATCH_REQUEST_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "sip/dialog/request_sender.h"

namespace sipevents::sip {

// The requests that wait or are in flight, and the queues in which they wait: one per
// destination and priority, first in first out. Some 60 octets a request; every operation is
// O(1). Threads: one.
class RequestTable {
 public:
  using Slot = uint32_t;
  static constexpr Slot kNone = UINT32_MAX;
  static constexpr size_t kPriorities = static_cast<size_t>(RequestPriority::kFetch) + 1;

  // The waiting requests of one destination.
  struct Queue {
    struct List {
      Slot first = kNone;
      Slot last = kNone;
    };
    std::array<List, kPriorities> lists;  // by RequestPriority
    uint32_t size = 0;
  };

  struct Request {
    RequestId id = 0;
    uint32_t destination = 0;
    bool waiting = false;

   private:
    friend class RequestTable;
    uint8_t priority = 0;
    Slot next = kNone;
    Slot previous = kNone;
  };

  // The slot of a request; kNone if it is not here.
  Slot Find(RequestId id) const;
  const Request& at(Slot slot) const { return requests_[slot]; }

  // Puts a request, which must be new, behind those of its priority.
  void Append(RequestId id, uint32_t destination, RequestPriority priority, Queue& queue);

  // Whether the most urgent request of a queue is a NOTIFY.
  static bool NotifyIsFirst(const Queue& queue) {
    const auto first = [&queue](RequestPriority priority) {
      return queue.lists[static_cast<size_t>(priority)].first;
    };
    if (first(RequestPriority::kFinalNotify) != kNone) return true;
    return first(RequestPriority::kUnsubscribe) == kNone &&
           first(RequestPriority::kNotify) != kNone;
  }

  // The most urgent request of a queue, which must hold one, waits no more.
  Slot TakeFirst(Queue& queue);

  // Drops a waiting request.
  void Remove(Slot slot, Queue& queue);
  // Drops a request that waits no more.
  void Erase(Slot slot);

  size_t waiting() const { return waiting_; }
  size_t size() const { return slots_.size(); }

 private:
  void Unlink(Slot slot, Queue& queue);

  std::deque<Request> requests_;
  Slot free_ = kNone;  // linked by `next`
  absl::flat_hash_map<RequestId, Slot> slots_;
  size_t waiting_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_DISPATCH_REQUEST_TABLE_H_
