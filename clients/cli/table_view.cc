#include "clients/cli/table_view.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/characters.h"
#include "clients/cli/paint.h"
#include "clients/cli/remark.h"
#include "clients/cli/table_layout.h"

namespace sipevents::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration kFrameInterval = std::chrono::milliseconds(100);
// How often to look for another size of the terminal: its signal would interrupt every thread.
constexpr Clock::duration kSizeInterval = std::chrono::seconds(1);
// How long a terminal that takes nothing holds up the end.
constexpr int kLastFramePatienceMs = 1000;

// Returns whether `fd` became readable before `stop_fd` did, and in time (-1: at any time).
bool WaitFor(int fd, int stop_fd, int patience_ms) {
  pollfd polled[] = {{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
  while (poll(polled, 2, patience_ms) < 0 && errno == EINTR) continue;
  return polled[0].revents != 0;
}

// Unless the terminal still takes nothing.
void RestoreTerminal(int fd) {
  pollfd polled = {fd, POLLOUT, 0};
  if (poll(&polled, 1, 0) != 1 || (polled.revents & POLLOUT) == 0) return;
  [[maybe_unused]] const ssize_t written =
      write(fd, kRestoreTerminal, sizeof(kRestoreTerminal) - 1);
}

}  // namespace

TableView::TableView(const std::vector<WatchedTarget>& targets, const LineFormat& errors,
                     LineWriter& out, const Options& options)
    : errors_(errors),
      out_(out),
      options_(options),
      done_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      table_(options.zone),
      holds_remarks_(options.live && isatty(STDERR_FILENO) == 1) {
  for (const WatchedTarget& target : targets) table_.Add(target);
  drawer_ = std::thread([this] { Draw(); });
}

TableView::~TableView() {
  TableView::Finish(/*stop_fd=*/-1).IgnoreError();
  close(done_fd_);
}

absl::Status TableView::ShowItem(const WatchedTarget& target, const v1::WatchItem& item,
                                 absl::Time now) {
  const std::scoped_lock lock(mutex_);
  table_.Apply(target, item, now);
  Change();
  return written_;
}

absl::Status TableView::ShowError(const WatchedTarget& target, const absl::Status& error) {
  const std::scoped_lock lock(mutex_);
  table_.Fail(target, error);
  Tell(errors_.Error(target.text, error));
  Change();
  return written_;
}

void TableView::ShowRemark(absl::string_view text) {
  const std::scoped_lock lock(mutex_);
  Tell(std::string(text));
}

void TableView::ShowOutage(absl::string_view text) {
  const std::scoped_lock lock(mutex_);
  outage_ = std::string(text);
  if (!holds_remarks_) Remark(text);
  Change();
}

void TableView::ShowConnected(absl::string_view text) {
  const std::scoped_lock lock(mutex_);
  outage_.clear();
  if (!holds_remarks_) Remark(text);
  Change();
}

void TableView::Change() {
  news_ = true;
  changed_.notify_all();
}

void TableView::Tell(std::string remark) {
  if (holds_remarks_) {
    remarks_.push_back(std::move(remark));
  } else {
    Remark(remark);
  }
}

absl::Status TableView::Finish(int stop_fd) {
  if (!drawer_.joinable()) return absl::OkStatus();
  {
    const std::scoped_lock lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
  }
  // Who reads a pipe may take his time.
  const bool done = WaitFor(done_fd_, stop_fd, options_.live ? kLastFramePatienceMs : -1);
  out_.Cancel();
  drawer_.join();
  if (!done && options_.live) RestoreTerminal(out_.fd());
  const std::scoped_lock lock(mutex_);
  if (holds_remarks_ && !outage_.empty()) Tell(std::exchange(outage_, ""));
  holds_remarks_ = false;
  for (const std::string& remark : std::exchange(remarks_, {})) Remark(remark);
  return absl::IsCancelled(written_) ? absl::OkStatus() : written_;
}

// ---- The drawing thread

void TableView::Draw() {
  std::unique_lock lock(mutex_);
  bool last = false;
  while (!last && written_.ok()) {
    WaitForNews(lock);
    last = finishing_;
    news_ = false;
    const std::string text = options_.live ? Frame() : WholeTable();
    lock.unlock();
    absl::Status written = out_.Write(text);
    lock.lock();
    written_ = std::move(written);
  }
  eventfd_write(done_fd_, 1);
}

void TableView::WaitForNews(std::unique_lock<std::mutex>& lock) {
  const auto finishing = [this] { return finishing_; };
  if (!options_.live) {
    changed_.wait(lock, finishing);
    return;
  }
  changed_.wait_until(lock, drawn_at_ + kFrameInterval, finishing);
  while (!finishing_ && !news_ && SizeOf(out_.fd()) == size_) {
    changed_.wait_for(lock, kSizeInterval);
  }
  drawn_at_ = Clock::now();
}

std::string TableView::Frame() {
  size_ = SizeOf(out_.fd());
  const TableStyle style = {.columns = size_.columns,
                            .color = options_.color,
                            .moves_cursor = true,
                            .zone = options_.zone,
                            .now = absl::Now()};
  const auto dimmed = [&style](absl::string_view text) {
    const std::string clipped = Clip(text, style.columns);
    return style.color ? Paint(clipped, Tone::kMissing) : clipped;
  };
  // Without the head, and the line where the cursor stands.
  const int room = size_.rows - 2 - (outage_.empty() ? 0 : 1);
  const size_t all = table_.size();
  const bool fits = all <= static_cast<size_t>(std::max(room, 0));
  const size_t shown = fits ? all : static_cast<size_t>(std::max(room - 1, 0));
  std::vector<std::string> lines = TableLines(table_.Rows(shown), style);
  if (!fits) lines.push_back(dimmed(absl::StrCat("… ", all - shown, " more")));
  if (!outage_.empty()) lines.push_back(dimmed(outage_));
  if (static_cast<int>(lines.size()) >= size_.rows) {
    lines.resize(static_cast<size_t>(std::max(size_.rows - 1, 0)));
  }
  return screen_.Draw(lines, size_);
}

std::string TableView::WholeTable() const {
  const TableStyle style = {.zone = options_.zone, .now = absl::Now()};
  return absl::StrCat(absl::StrJoin(TableLines(table_.Rows(table_.size()), style), "\n"), "\n");
}

}  // namespace sipevents::client
