#ifndef GATEWAY_RPC_CONNECTION_COUNT_H_
#define GATEWAY_RPC_CONNECTION_COUNT_H_

#include <sys/types.h>

#include <cstddef>

#include "absl/container/flat_hash_map.h"

namespace sipevents::gateway {

// Counts connections that were handed to somebody who closes them without saying so, as gRPC
// does. A connection is remembered by the number of its descriptor and the inode of its socket;
// when the number is free again, or stands for another file, the connection is gone.
//
// Threads: one.
class ConnectionCount {
 public:
  // Takes in a socket that is open. What had the same number before is gone, then.
  void Add(int fd);

  // How many there are at the most: those that were open at the last Sweep(), and those since.
  size_t upper_bound() const { return inode_by_fd_.size(); }

  // Forgets those that are gone and returns how many are left. About 1 µs for each.
  size_t Sweep();

 private:
  absl::flat_hash_map<int, ino_t> inode_by_fd_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_CONNECTION_COUNT_H_
