#ifndef GATEWAY_PUBLICATIONS_REQUEST_IDS_H_
#define GATEWAY_PUBLICATIONS_REQUEST_IDS_H_

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace sipevents::gateway {

// Remembers which request made what, so that a request can be repeated safely (AIP-155).
//
// Threads: one at a time.
class RequestIds {
 public:
  // Each is remembered for `lifetime`; at most `max_ids` of them.
  RequestIds(absl::Duration lifetime, size_t max_ids) : lifetime_(lifetime), max_ids_(max_ids) {}

  // What a request made.
  struct Made {
    std::string digest;  // of the request
    std::string name;    // of what it made
  };

  // What was made under this key; null: nothing that is remembered.
  const Made* Find(const std::string& key, absl::Time now);

  // Whether another one can be remembered.
  bool HasRoom(absl::Time now);

  // To be called once for each key that Find() does not know, where HasRoom().
  void Remember(std::string key, Made made, absl::Time now);

  // It made nothing after all.
  void Forget(const std::string& key) { made_.erase(key); }

 private:
  void DropOld(absl::Time now);

  const absl::Duration lifetime_;
  const size_t max_ids_;
  absl::flat_hash_map<std::string, Made> made_;
  std::deque<std::pair<absl::Time, std::string>> by_age_;  // until when, which
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_REQUEST_IDS_H_
