#ifndef CLIENTS_CLI_LINE_VIEW_H_
#define CLIENTS_CLI_LINE_VIEW_H_

#include <string>

#include "clients/cli/line_format.h"
#include "clients/cli/line_writer.h"
#include "clients/cli/watch_view.h"

namespace sipevents::client {

// A line for each item, written when it comes: a reader that does not read holds the watches up.
//
// Threads: as WatchView.
class LineView : public WatchView {
 public:
  // Both must outlive it.
  LineView(const LineFormat& format, LineWriter& out) : format_(format), out_(out) {}

  absl::Status ShowItem(const WatchedTarget& target, const v1::WatchItem& item,
                        absl::Time now) override;
  absl::Status ShowError(const WatchedTarget& target, const absl::Status& error) override;
  void ShowRemark(absl::string_view text) override;
  void ShowOutage(absl::string_view text) override;
  void ShowConnected(absl::string_view text) override;
  absl::Status Finish(int stop_fd) override;

 private:
  absl::Status Print(const std::string& line);

  const LineFormat& format_;
  LineWriter& out_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_LINE_VIEW_H_
