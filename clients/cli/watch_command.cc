#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/requests.h"
#include "clients/cli/state_file.h"
#include "clients/cli/stop_signal.h"
#include "clients/cli/watch_session.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/event_watcher.h"

namespace sipevents::client {
namespace {

constexpr absl::Duration kStateInterval = absl::Seconds(1);
constexpr absl::Duration kConnectTimeout = absl::Seconds(3);

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
  absl::StatusOr<std::vector<WatchOptions>> watches = WatchesFrom(arguments);
  if (!watches.ok()) return ReportUsage(context, watches.status());

  std::optional<StateFile> state;
  if (arguments.Has("state_file")) {
    absl::StatusOr<StateFile> opened =
        StateFile::Open(arguments.Text("state_file"), kStateInterval);
    if (!opened.ok()) return ReportUsage(context, opened.status());
    state = *std::move(opened);
  }
  const StopSignal stop;  // before gRPC makes threads
  auto channel = Channel::Open(ConnectionFrom(arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());

  WatchSession::Options options;
  options.max_events = arguments.Number("count");
  options.timeout = arguments.Duration("timeout").value_or(absl::InfiniteDuration());
  WatchSession session(*channel, context.format, context.out, state ? &*state : nullptr, options);
  for (size_t i = 0; i < watches->size(); ++i) {
    session.Add(arguments.positional()[i], std::move((*watches)[i]));
  }
  return session.Run(stop.fd());
}

}  // namespace sipevents::client
