#include "clients/cli/watch_session.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "clients/cli/outage_text.h"
#include "clients/cli/remark.h"
#include "clients/cpp/status.h"

namespace sipevents::client {

struct WatchSession::Watch {
  WatchedTarget target;
  std::string state_key;
  WatchOptions options;
  std::unique_ptr<EventWatcher> watcher;  // null: one of many
};

WatchSession::WatchSession(std::shared_ptr<Channel> channel, WatchView& view, int out_fd,
                           StateFile* state, Options options)
    : channel_(std::move(channel)),
      view_(view),
      out_fd_(out_fd),
      options_(options),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      state_(state) {}

WatchSession::~WatchSession() {
  for (const auto& watch : watches_) watch->watcher.reset();
  close(wake_fd_);
}

void WatchSession::Add(const WatchedTarget& target, WatchOptions options) {
  auto watch = std::make_unique<Watch>();
  watch->target = target;
  watch->state_key = StateFile::Key(target.text, options.request.spec().event_package());
  if (state_ != nullptr) {
    options.request.set_resume_token(state_->TokenOf(watch->state_key));
    // The gateway may have been replaced since; the user has no way to repair a token.
    options.refused_token = WatchOptions::RefusedToken::kStartAnew;
  }
  options.on_retry = [this](const absl::Status& why, absl::Duration) { OnRetry(why); };
  watch->options = std::move(options);
  watches_.push_back(std::move(watch));
}

ExitStatus WatchSession::Run(int stop_fd) {
  running_ = watches_.size();
  if (running_ == 1) {
    StartOne();
  } else {
    StartMany();
  }
  RunUntilFinished(stop_fd);
  // A thread may be waiting for a reader that does not read.
  absl::Status written = view_.Finish(stop_fd);
  StopAndJoin();
  if (state_ != nullptr) written.Update(state_->Write(absl::Now()));
  if (written.ok()) return exit_status_;
  Remark(written.message());
  return std::max(exit_status_, kUsage);
}

void WatchSession::StartOne() {
  Watch& watch = *watches_.front();
  watch.watcher = std::make_unique<EventWatcher>(channel_, watch.options);
  watch.watcher->Start([this, &watch](const v1::WatchItem& item) { OnItem(watch, item); },
                       [this, &watch](const absl::Status& end) { OnEnd(watch, end); });
}

void WatchSession::StartMany() {
  stream_ = std::make_unique<Watch>();
  const WatchOptions& of_any = watches_.front()->options;  // they differ in their targets only
  MultiWatcher::Options options;
  if (of_any.request.has_heartbeat_interval()) {
    *options.pace.mutable_heartbeat_interval() = of_any.request.heartbeat_interval();
  }
  options.first_connect_timeout = of_any.first_connect_timeout;
  options.on_retry = of_any.on_retry;
  many_ = std::make_unique<MultiWatcher>(channel_, std::move(options));
  for (const auto& watch : watches_) {
    const uint64_t id =
        many_->Add(AddedWatchOf(watch->options.request), watch->options.refused_token);
    watch_of_id_.emplace(id, watch.get());
  }
  taker_ = std::thread([this] { TakeMany(); });
}

void WatchSession::TakeMany() {
  while (std::optional<ManyItem> told = many_->Next()) {
    const Watch& watch = told->watch_id == 0 ? *stream_ : *watch_of_id_.at(told->watch_id);
    if (told->item.has_value()) {
      OnItem(watch, *told->item);
    } else {
      OnEnd(watch, told->end);
    }
  }
  if (!many_->status().ok()) TellError(*stream_, many_->status());
  const std::scoped_lock lock(mutex_);
  Finish();
}

void WatchSession::StopAndJoin() {
  if (many_ != nullptr) {
    many_->Stop();
    taker_.join();
    return;
  }
  EventWatcher& watcher = *watches_.front()->watcher;
  watcher.Stop();
  watcher.Join().IgnoreError();  // OnEnd() had it
}

void WatchSession::RunUntilFinished(int stop_fd) {
  const absl::Time deadline = absl::Now() + options_.timeout;
  while (true) {
    absl::Time until = deadline;
    {
      const std::scoped_lock lock(mutex_);
      const absl::Time now = absl::Now();
      if (now >= deadline && !connected_ && noted_outage_) exit_status_ = kUnreachable;
      finished_ = finished_ || now >= deadline;
      if (finished_) return;
      WriteStateIfDue(now);
      if (state_ != nullptr) until = std::min(until, state_->NextWrite());
    }
    if (!WaitForWake(stop_fd, until)) {
      const std::scoped_lock lock(mutex_);
      finished_ = true;
      return;
    }
  }
}

// Returns false if the session should end.
bool WatchSession::WaitForWake(int stop_fd, absl::Time until) {
  // Of the output only POLLERR, POLLHUP and POLLNVAL are of interest: nobody reads any more.
  pollfd polled[] = {{stop_fd, POLLIN, 0}, {out_fd_, 0, 0}, {wake_fd_, POLLIN, 0}};
  const absl::Duration wait = std::clamp(until - absl::Now(), absl::ZeroDuration(), absl::Hours(1));
  poll(polled, 3, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1);
  eventfd_t count = 0;
  eventfd_read(wake_fd_, &count);
  if (polled[0].revents != 0) TakeSignal(stop_fd);
  return polled[0].revents == 0 && polled[1].revents == 0;
}

// So that a second one can be told from the first: it ends what the first began.
void WatchSession::TakeSignal(int stop_fd) {
  signalfd_siginfo signal;
  [[maybe_unused]] const ssize_t length = read(stop_fd, &signal, sizeof(signal));
}

void WatchSession::OnItem(const Watch& watch, const v1::WatchItem& item) {
  const std::scoped_lock showing(show_mutex_);
  if (!NoteConnected()) return;
  if (!Went(view_.ShowItem(watch.target, item, absl::Now()))) return;
  const std::scoped_lock lock(mutex_);
  Remember(watch, item);
  if (item.has_event()) ++events_;
  if (options_.max_events.has_value() && events_ >= *options_.max_events) Finish();
}

void WatchSession::OnEnd(const Watch& watch, const absl::Status& end) {
  if (!end.ok()) TellError(watch, end);
  const std::scoped_lock lock(mutex_);
  if (--running_ == 0) Finish();
}

void WatchSession::OnRetry(const absl::Status& why) {
  const std::scoped_lock lock(mutex_);
  if (finished_ || noted_outage_) return;
  noted_outage_ = true;
  view_.ShowOutage(OutageText(channel_->options().gateway, why, connected_));
}

// Returns whether the session still wants items.
bool WatchSession::NoteConnected() {
  const std::scoped_lock lock(mutex_);
  if (finished_) return false;
  if (noted_outage_) view_.ShowConnected(ConnectedText(channel_->options().gateway));
  noted_outage_ = false;
  connected_ = true;
  return true;
}

void WatchSession::TellError(const Watch& watch, const absl::Status& error) {
  const std::scoped_lock showing(show_mutex_);
  {
    const std::scoped_lock lock(mutex_);
    if (finished_) return;
    exit_status_ = std::max(exit_status_, IsUnreachable(error) ? kUnreachable : kGatewayError);
    if (IsUnreachable(error)) {
      const std::string& gateway = channel_->options().gateway;
      if (!noted_unreachable_) view_.ShowRemark(UnreachableText(gateway, error));
      noted_unreachable_ = true;
      return;
    }
  }
  Went(view_.ShowError(watch.target, error));  // if not, exit_status_ and finished_ know
}

// Returns false if the output cannot take any more. What was shown was not shown under mutex_: a
// reader that does not read must not keep Run() from seeing a signal.
bool WatchSession::Went(const absl::Status& written) {
  if (written.ok()) return true;
  const std::scoped_lock lock(mutex_);
  if (!absl::IsCancelled(written) && !finished_) {
    Remark(written.message());
    exit_status_ = std::max(exit_status_, kUsage);
  }
  Finish();
  return false;
}

void WatchSession::Remember(const Watch& watch, const v1::WatchItem& item) {
  if (state_ == nullptr) return;
  // A gap without a token is the watcher's own: it begins anew.
  if (item.resume_token().empty() && !item.has_gap()) return;
  state_->Keep(watch.state_key, item.resume_token());
  eventfd_write(wake_fd_, 1);
}

void WatchSession::WriteStateIfDue(absl::Time now) {
  if (state_ == nullptr || state_->NextWrite() > now) return;
  if (const absl::Status written = state_->Write(now); !written.ok()) {
    view_.ShowRemark(written.message());
  }
}

void WatchSession::Finish() {
  finished_ = true;
  eventfd_write(wake_fd_, 1);
}

}  // namespace sipevents::client
