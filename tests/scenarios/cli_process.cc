#include "tests/scenarios/cli_process.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"

namespace sipevents::testing {
namespace {

// Reads a line as a message; keys beside its fields (such as `target`, where several targets are
// watched) are left out.
template <typename Message>
absl::StatusOr<Message> Parse(const std::string& line) {
  Message message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(line, &message, options);
  if (parsed.ok()) return message;
  return absl::InvalidArgumentError(
      absl::StrCat("not a ", Message::descriptor()->name(), " (",
                   std::string(parsed.message().data(), parsed.message().size()), "): ", line));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CliProcess>> CliProcess::Run(const GatewayProcess& gateway,
                                                            std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "clients/cli/sipevents");
  arguments.push_back(absl::StrCat("--gateway=", gateway.grpc_address()));
  arguments.push_back("--format=json");
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(std::move(arguments));
  if (!process.ok()) return process.status();
  std::unique_ptr<CliProcess> cli(new CliProcess());
  cli->process_ = *std::move(process);
  return cli;
}

absl::StatusOr<std::unique_ptr<CliProcess>> CliProcess::Watch(
    const GatewayProcess& gateway, const std::string& target, const std::string& event_package,
    const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"watch", target, absl::StrCat("--event=", event_package)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Run(gateway, std::move(arguments));
}

absl::StatusOr<v1::WatchItem> CliProcess::NextItem(absl::Duration patience) {
  absl::StatusOr<std::string> line = process_->NextLine(patience);
  if (!line.ok()) return line.status();
  return Parse<v1::WatchItem>(*line);
}

absl::StatusOr<v1::WatchItem> CliProcess::WaitForItem(const std::string& what, const Fits& fits,
                                                      absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  std::vector<std::string> skipped;
  while (true) {
    absl::StatusOr<v1::WatchItem> item = NextItem(deadline - absl::Now());
    if (!item.ok()) {
      return absl::Status(item.status().code(),
                          absl::StrCat("no ", what, ": ", std::string(item.status().message()),
                                       "\nitems that came:\n", absl::StrJoin(skipped, "\n")));
    }
    if (fits(*item)) return item;
    skipped.push_back(item->ShortDebugString());
  }
}

absl::StatusOr<v1::Event> CliProcess::WaitForEvent(absl::Duration patience) {
  absl::StatusOr<v1::WatchItem> item = WaitForItem(
      "event", [](const v1::WatchItem& candidate) { return candidate.has_event(); }, patience);
  if (!item.ok()) return item.status();
  return item->event();
}

absl::StatusOr<v1::Subscription> CliProcess::WaitForState(v1::Subscription::State state,
                                                          absl::Duration patience) {
  absl::StatusOr<v1::WatchItem> item = WaitForItem(
      absl::StrCat("status ", v1::Subscription::State_Name(state)),
      [state](const v1::WatchItem& candidate) {
        return candidate.has_status() && candidate.status().state() == state;
      },
      patience);
  if (!item.ok()) return item.status();
  return item->status();
}

absl::StatusOr<v1::Bookmark> CliProcess::WaitForBookmark(v1::Bookmark::Kind kind,
                                                         absl::Duration patience) {
  absl::StatusOr<v1::WatchItem> item = WaitForItem(
      absl::StrCat("bookmark ", v1::Bookmark::Kind_Name(kind)),
      [kind](const v1::WatchItem& candidate) {
        return candidate.has_bookmark() && candidate.bookmark().kind() == kind;
      },
      patience);
  if (!item.ok()) return item.status();
  return item->bookmark();
}

absl::StatusOr<google::protobuf::Struct> CliProcess::NextJson(absl::Duration patience) {
  absl::StatusOr<std::string> line = process_->NextLine(patience);
  if (!line.ok()) return line.status();
  return Parse<google::protobuf::Struct>(*line);
}

std::string CliProcess::Outcome::Text() const {
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n", errors);
}

absl::StatusOr<CliProcess::Outcome> CliProcess::Finish(absl::Duration patience) {
  Outcome outcome;
  absl::StatusOr<int> exit_status = process_->WaitForExit(patience);
  if (!exit_status.ok()) return exit_status.status();
  outcome.exit_status = *exit_status;
  while (true) {
    absl::StatusOr<std::string> line = process_->NextLine(absl::Seconds(5));
    if (!line.ok()) break;
    outcome.lines.push_back(*std::move(line));
  }
  outcome.errors = process_->Stderr();
  return outcome;
}

absl::StatusOr<v1::Event> EventOf(const std::string& line) {
  absl::StatusOr<v1::WatchItem> item = Parse<v1::WatchItem>(line);
  if (!item.ok()) return item.status();
  if (!item->has_event()) return absl::InvalidArgumentError(absl::StrCat("no event: ", line));
  return item->event();
}

}  // namespace sipevents::testing
