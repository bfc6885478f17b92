#include "clients/cli/item_stream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace sipevents::client {

CallStopper::CallStopper(grpc::ClientContext& call, int stop_fd, absl::Duration timeout)
    : call_(call),
      stop_fd_(stop_fd),
      wake_fd_(eventfd(0, EFD_CLOEXEC)),
      thread_([this, timeout] { Wait(timeout); }) {}

CallStopper::~CallStopper() {
  eventfd_write(wake_fd_, 1);
  thread_.join();
  close(wake_fd_);
}

void CallStopper::Wait(absl::Duration timeout) {
  pollfd polled[] = {{stop_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1)));
  const int wait = timeout == absl::InfiniteDuration()
                       ? -1
                       : static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max()));
  poll(polled, 2, wait);
  if (polled[1].revents != 0) return;
  stopped_.store(true);
  call_.TryCancel();
}

}  // namespace sipevents::client
