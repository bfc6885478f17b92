#include "clients/cli/item_stream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "clients/cli/outage_text.h"
#include "clients/cli/remark.h"
#include "clients/cpp/retry_policy.h"

namespace sipevents::client {

ItemAttempts::ItemAttempts(const CommandContext& context, const std::shared_ptr<Channel>& channel,
                           const StopSignal& stop)
    : gateway_(channel->options().gateway),
      attempts_(channel,
                {.first_connect_timeout =
                     context.arguments.Duration("connect_timeout").value_or(kConnectTimeout),
                 .on_retry = [this](const absl::Status& why, absl::Duration) { OnRetry(why); }},
                std::make_unique<SystemPause>()),
      wake_fd_(eventfd(0, EFD_CLOEXEC)),
      waiter_([this, fd = stop.fd(),
               timeout = context.arguments.Duration("timeout").value_or(absl::InfiniteDuration())] {
        AwaitStop(fd, timeout);
      }) {}

ItemAttempts::~ItemAttempts() {
  eventfd_write(wake_fd_, 1);
  waiter_.join();
  close(wake_fd_);
}

void ItemAttempts::OnRead() {
  attempts_.OnRead();
  if (noted_outage_) Remark(ConnectedText(gateway_));
  noted_outage_ = false;
}

void ItemAttempts::OnEnd(const grpc::Status& end) {
  const absl::Status why = attempts_.Finish(end);
  if (!why.ok() && Judge(why, attempts_.was_connected()) == Verdict::kRetry) {
    attempts_.RetryAfter(why);
  } else {
    attempts_.End(why);
  }
}

void ItemAttempts::OnLeft(const grpc::Status& end) {
  attempts_.Finish(end).IgnoreError();  // it was cancelled
  attempts_.RetryAfter(absl::UnavailableError("the gateway is leaving"));
}

// One remark for an outage, however often it is tried meanwhile.
void ItemAttempts::OnRetry(const absl::Status& why) {
  if (!noted_outage_) Remark(OutageText(gateway_, why, attempts_.was_connected()));
  noted_outage_ = true;
}

void ItemAttempts::AwaitStop(int stop_fd, absl::Duration timeout) {
  pollfd polled[] = {{stop_fd, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1)));
  const int wait = timeout == absl::InfiniteDuration()
                       ? -1
                       : static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max()));
  poll(polled, 2, wait);
  if (polled[1].revents == 0) attempts_.Stop();
}

}  // namespace sipevents::client
