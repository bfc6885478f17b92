#ifndef SIP_UNSOLICITED_FAN_H_
#define SIP_UNSOLICITED_FAN_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "sip/base/mutex.h"
#include "sip/shard.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {

// Hands state that came unasked to one SIP thread to all of them, since any may follow the
// resource: what is asked of it depends on who asks.
//
// Threads: any.
class UnsolicitedFan {
 public:
  // From here on, until Close(), these are told; they must live so long. Before and after, nobody
  // is.
  void Open(const std::vector<std::unique_ptr<Shard>>& shards);
  void Close();

  // False: kMaxWaiting of them were not looked at yet, and this one is not handed on.
  bool Tell(const std::shared_ptr<const UnsolicitedState>& state);

  // Over all threads; each has UnsolicitedDoor::kMaxBodyOctets at most.
  static constexpr size_t kMaxWaiting = 1000;

 private:
  Mutex mutex_;
  std::vector<Shard*> shards_ ABSL_GUARDED_BY(mutex_);
  const std::shared_ptr<std::atomic<size_t>> waiting_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace sipevents::sip

#endif  // SIP_UNSOLICITED_FAN_H_
