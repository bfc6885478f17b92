#ifndef GATEWAY_WATCH_CHANGE_QUEUE_H_
#define GATEWAY_WATCH_CHANGE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// A thing whose newest state streams tell of: a Publication, a watcher.
//
// Threads: any.
class Changing {
 public:
  virtual ~Changing() = default;
  // The same for all states of the thing, and of no other thing, ever.
  virtual const std::string& name() const = 0;
  // Whether this is the last word of it.
  virtual bool gone() const = 0;
  // It as an item of a stream, as octets.
  virtual std::string EncodeItem() const = 0;
};

// What one stream has yet to tell. A reader that is slower than the changes finds the newest state
// of each thing, in the order in which they first had news; of a thing that came and went meanwhile
// it finds nothing. So it holds no more than the things that there are, and those that the reader
// was told of.
//
// Threads: any. Put() takes a lock that is held for a few steps only.
class ChangeQueue {
 public:
  // At most `max_things` at a time.
  explicit ChangeQueue(size_t max_things) : max_things_(max_things) {}

  // There is news of a thing. False if there would be too many: then the queue is of no more use.
  bool Put(std::shared_ptr<const Changing> thing);

  // The things so far were those that there are: the bookmark follows them.
  void CompleteInitial();

  // What to tell next.
  struct Taken {
    std::vector<std::shared_ptr<const Changing>> things;
    bool initial_complete = false;  // tell it after them
    bool more = false;              // there is more to take at once
  };
  // Takes up to `max_things`.
  Taken Take(size_t max_things);

 private:
  struct Known {
    uint64_t place = 0;  // in waiting_; 0: not in it
    bool told = false;
  };

  const size_t max_things_;
  mutable Mutex mutex_;
  uint64_t last_place_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bookmark_place_ ABSL_GUARDED_BY(mutex_) =
      0;  // after it comes the bookmark; 0: none does
  std::map<uint64_t, std::shared_ptr<const Changing>> waiting_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_CHANGE_QUEUE_H_
