#include "gateway/rpc/connection_count.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace sipevents::gateway {
namespace {

// The inode of a socket; 0 if `fd` is none. That another thread may close it just now is what is
// asked about; ThreadSanitizer, which watches fstat(), would call it a race.
ino_t SocketInode(int fd) {
  struct statx found {};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO, &found) != 0) return 0;
  return S_ISSOCK(found.stx_mode) ? found.stx_ino : 0;
}

}  // namespace

void ConnectionCount::Add(int fd) {
  if (const ino_t inode = SocketInode(fd); inode != 0) inode_by_fd_[fd] = inode;
}

size_t ConnectionCount::Sweep() {
  absl::erase_if(inode_by_fd_,
                 [](const auto& entry) { return SocketInode(entry.first) != entry.second; });
  return inode_by_fd_.size();
}

}  // namespace sipevents::gateway
