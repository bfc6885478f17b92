#include "clients/cli/line_view.h"

#include "clients/cli/remark.h"

namespace sipevents::client {

absl::Status LineView::ShowItem(const WatchedTarget& target, const v1::WatchItem& item,
                                absl::Time now) {
  return Print(format_.Item(target.text, item, now));
}

absl::Status LineView::ShowError(const WatchedTarget& target, const absl::Status& error) {
  const std::string text = format_.Error(target.text, error);
  if (format_.PrintsErrors()) return Print(text);
  Remark(text);
  return absl::OkStatus();
}

void LineView::ShowRemark(absl::string_view text) { Remark(text); }

void LineView::ShowOutage(absl::string_view text) { Remark(text); }

void LineView::ShowConnected(absl::string_view text) { Remark(text); }

absl::Status LineView::Finish(int /*stop_fd*/) {
  out_.Cancel();
  return absl::OkStatus();  // whoever had a line shown knows
}

absl::Status LineView::Print(const std::string& line) {
  return line.empty() ? absl::OkStatus() : out_.WriteLine(line);
}

}  // namespace sipevents::client
