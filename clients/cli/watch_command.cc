#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/calls.h"
#include "clients/cli/commands.h"
#include "clients/cli/line_view.h"
#include "clients/cli/requests.h"
#include "clients/cli/state_file.h"
#include "clients/cli/stop_signal.h"
#include "clients/cli/table_view.h"
#include "clients/cli/terminal.h"
#include "clients/cli/watch_session.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/event_watcher.h"

namespace sipevents::client {
namespace {

constexpr absl::Duration kStateInterval = absl::Seconds(1);

absl::Status Check(const Arguments& arguments) {
  const std::vector<std::string>& targets = arguments.positional();
  if (arguments.Has("resume") && targets.size() > 1) {
    return absl::InvalidArgumentError(
        "--resume goes with one target; use --state_file for several");
  }
  if (arguments.Has("resume") && arguments.Has("state_file")) {
    return absl::InvalidArgumentError("--resume and --state_file do not go together");
  }
  if (arguments.Has("state_file") &&
      std::set<std::string>(targets.begin(), targets.end()).size() < targets.size()) {
    return absl::InvalidArgumentError("with --state_file each target may be given once only");
  }
  if (const auto count = arguments.Number("count"); count.has_value() && *count < 1) {
    return absl::InvalidArgumentError("--count: expected 1 or more");
  }
  return absl::OkStatus();
}

bool IsTable(const CommandContext& context) { return context.arguments.Text("format") == "table"; }

absl::Status CheckTable(const CommandContext& context) {
  if (!IsTable(context)) return absl::OkStatus();
  const Arguments& arguments = context.arguments;
  // What was told before a token is not told again, and a table is of the state as it is.
  for (const absl::string_view flag : {"resume", "state_file"}) {
    if (arguments.Has(flag)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--format=table and --", flag, " do not go together"));
    }
  }
  // Elsewhere than on a terminal it is written at the end, so there has to be one.
  const bool bounded = arguments.Has("count") || arguments.Has("timeout");
  if (bounded || IsTerminal(context.out.fd())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--format=table: the output is no terminal, so the table is written once, at the end: say "
      "when that is, with --count or --timeout");
}

std::vector<WatchedTarget> TargetsOf(const Arguments& arguments) {
  std::vector<WatchedTarget> targets;
  for (const std::string& target : arguments.positional()) {
    targets.push_back({.number = targets.size() + 1, .text = target});
  }
  return targets;
}

std::unique_ptr<WatchView> ViewFor(const CommandContext& context,
                                   const std::vector<WatchedTarget>& targets) {
  if (!IsTable(context)) return std::make_unique<LineView>(context.format, context.out);
  const int fd = context.out.fd();
  const TableView::Options options = {
      .live = IsTerminal(fd), .color = WantsColor(fd), .zone = absl::LocalTimeZone()};
  return std::make_unique<TableView>(targets, context.format, context.out, options);
}

absl::StatusOr<std::vector<WatchOptions>> WatchesFrom(const Arguments& arguments) {
  std::vector<WatchOptions> watches;
  for (const std::string& target : arguments.positional()) {
    absl::StatusOr<v1::WatchRequest> request = WatchRequestFrom(arguments, target);
    if (!request.ok()) return request.status();
    WatchOptions& options = watches.emplace_back();
    options.request = *std::move(request);
    options.first_connect_timeout = arguments.Duration("connect_timeout").value_or(kConnectTimeout);
  }
  return watches;
}

}  // namespace

ExitStatus RunWatch(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (const absl::Status checked = Check(arguments); !checked.ok()) {
    return ReportUsage(context, checked);
  }
  if (const absl::Status checked = CheckTable(context); !checked.ok()) {
    return ReportUsage(context, checked);
  }
  absl::StatusOr<std::vector<WatchOptions>> watches = WatchesFrom(arguments);
  if (!watches.ok()) return ReportUsage(context, watches.status());

  std::optional<StateFile> state;
  if (arguments.Has("state_file")) {
    absl::StatusOr<StateFile> opened =
        StateFile::Open(arguments.Text("state_file"), kStateInterval);
    if (!opened.ok()) return ReportUsage(context, opened.status());
    state = *std::move(opened);
  }
  const StopSignal stop;  // before threads are made
  auto channel = Channel::Open(ConnectionFrom(arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());

  WatchSession::Options options;
  options.max_events = arguments.Number("count");
  options.timeout = arguments.Duration("timeout").value_or(absl::InfiniteDuration());
  const std::vector<WatchedTarget> targets = TargetsOf(arguments);
  const std::unique_ptr<WatchView> view = ViewFor(context, targets);
  WatchSession session(*channel, *view, context.out.fd(), state ? &*state : nullptr, options);
  for (size_t i = 0; i < watches->size(); ++i) {
    session.Add(targets[i], std::move((*watches)[i]));
  }
  return session.Run(stop.fd());
}

}  // namespace sipevents::client
