#ifndef CLIENTS_CLI_TABLE_VIEW_H_
#define CLIENTS_CLI_TABLE_VIEW_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cli/line_format.h"
#include "clients/cli/line_writer.h"
#include "clients/cli/live_screen.h"
#include "clients/cli/watch_table.h"
#include "clients/cli/watch_view.h"

namespace sipevents::client {

// A table of all targets. On a terminal it is there from the beginning and changes in place, ten
// times a second at the most; what is said beside it follows at the end. Elsewhere it is written
// once, at the end, whole.
//
// Threads: as WatchView. A thread of its own draws, so that a terminal that is slow holds nobody
// up.
class TableView : public WatchView {
 public:
  struct Options {
    bool live = false;
    bool color = false;
    absl::TimeZone zone;
  };

  // `errors` says how errors are told. All must outlive it.
  TableView(const std::vector<WatchedTarget>& targets, const LineFormat& errors, LineWriter& out,
            const Options& options);
  ~TableView() override;
  TableView(const TableView&) = delete;
  TableView& operator=(const TableView&) = delete;

  absl::Status ShowItem(const WatchedTarget& target, const v1::WatchItem& item,
                        absl::Time now) override;
  absl::Status ShowError(const WatchedTarget& target, const absl::Status& error) override;
  void ShowRemark(absl::string_view text) override;
  void ShowOutage(absl::string_view text) override;
  void ShowConnected(absl::string_view text) override;
  absl::Status Finish(int stop_fd) override;

 private:
  void Draw();
  void WaitForNews(std::unique_lock<std::mutex>& lock);
  std::string Frame();
  std::string WholeTable() const;
  void Change();
  void Tell(std::string remark);

  const LineFormat& errors_;
  LineWriter& out_;
  const Options options_;
  // The drawing thread's:
  LiveScreen screen_;
  std::chrono::steady_clock::time_point drawn_at_;
  int done_fd_;  // an eventfd: the last has been drawn

  std::mutex mutex_;
  // Guarded by mutex_:
  std::condition_variable changed_;
  WatchTable table_;
  TerminalSize size_;
  std::string outage_;                // empty: the gateway answers
  bool holds_remarks_;                // until the end: they would be in the table's way
  std::vector<std::string> remarks_;  // that are held
  absl::Status written_;
  bool news_ = true;
  bool finishing_ = false;

  std::thread drawer_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_TABLE_VIEW_H_
