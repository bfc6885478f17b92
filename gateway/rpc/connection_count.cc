#include "gateway/rpc/connection_count.h"

#include <sys/stat.h>

namespace sipevents::gateway {

void ConnectionCount::Add(int fd) {
  struct stat socket {};
  if (fstat(fd, &socket) == 0) inode_by_fd_[fd] = socket.st_ino;
}

size_t ConnectionCount::Sweep() {
  absl::erase_if(inode_by_fd_, [](const auto& entry) {
    struct stat now {};
    return fstat(entry.first, &now) != 0 || !S_ISSOCK(now.st_mode) || now.st_ino != entry.second;
  });
  return inode_by_fd_.size();
}

}  // namespace sipevents::gateway
