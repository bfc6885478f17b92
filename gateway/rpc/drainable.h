#ifndef GATEWAY_RPC_DRAINABLE_H_
#define GATEWAY_RPC_DRAINABLE_H_

#include "absl/time/time.h"

namespace sipevents::gateway {

// A service with long-lived streams, as main sees it when the process has to end.
//
// Threads: any.
class Drainable {
 public:
  virtual ~Drainable() = default;

  // Refuses new calls (DRAINING) and begins to end the live streams: each gets what is queued
  // for it, then the bookmark DRAIN, then its end. Returns at once; a second call is harmless.
  virtual void BeginDrain() = 0;

  // Waits until no stream is left, or until `deadline`. Returns whether none is left.
  virtual bool AwaitDrained(absl::Time deadline) = 0;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_DRAINABLE_H_
