#ifndef GATEWAY_REGISTRY_RESTART_LIMITER_H_
#define GATEWAY_REGISTRY_RESTART_LIMITER_H_

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace sipevents::gateway {

// Slows down callers who start a Subscription anew each time the SIP side ends it: a token bucket
// per name, of three starts, one more every five seconds. A bucket is remembered until it is
// full again, also when the Subscription is forgotten meanwhile. The first start is free.
//
// Threads: one at a time.
class RestartLimiter {
 public:
  static constexpr int kBurst = 3;
  static constexpr absl::Duration kInterval = absl::Seconds(5);

  // A Subscription of this name ended for good, by itself.
  void OnTerminated(const std::string& name, absl::Time now);

  // Zero: go ahead, the start is counted. Otherwise how long to wait.
  absl::Duration TryStart(const std::string& name, absl::Time now);

  // How many names are remembered; each for at most kBurst * kInterval after its last event.
  size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    absl::Time full_at;  // when all tokens are back
    absl::Time forget_at;
  };

  void Forget(absl::Time now);
  void Remember(const std::string& name, Bucket& bucket, absl::Time now);

  absl::flat_hash_map<std::string, Bucket> buckets_;
  std::deque<std::pair<absl::Time, std::string>> forget_;  // in the order of time
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_RESTART_LIMITER_H_
