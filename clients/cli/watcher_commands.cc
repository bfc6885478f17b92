#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/calls.h"
#include "clients/cli/commands.h"
#include "clients/cli/item_stream.h"
#include "clients/cli/stop_signal.h"
#include "sipevents/v1/watchers.grpc.pb.h"

namespace sipevents::client {
namespace {

using Stub = v1::Watchers::StubInterface;

std::unique_ptr<Stub> NewStub(const Channel& channel) {
  return v1::Watchers::NewStub(channel.connection());
}

// Of which resource, event package and watcher.
template <typename Request>
Request FilterFrom(const CommandContext& context) {
  Request request;
  const std::vector<std::string>& words = context.arguments.positional();
  if (!words.empty()) request.set_target_uri(words.front());
  request.set_event_package(context.arguments.Text("event"));
  request.set_watcher_uri(context.arguments.Text("watcher"));
  return request;
}

// The one of a name, or the one about a resource, a package and a watcher.
template <typename Request>
absl::StatusOr<Request> OneFrom(const CommandContext& context, absl::string_view collection) {
  const std::string& word = context.arguments.positional().at(0);
  if (absl::StartsWith(word, absl::StrCat(collection, "/"))) {
    Request request;
    request.set_name(word);
    return request;
  }
  if (!context.arguments.Has("event") || !context.arguments.Has("watcher")) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", collection, "/ID, or a TARGET with --event and --watcher"));
  }
  return FilterFrom<Request>(context);
}

}  // namespace

ExitStatus RunWatchersList(const CommandContext& context) {
  return RunList<Stub, v1::ListWatchersRequest, v1::ListWatchersResponse>(
      context, NewStub, &Stub::ListWatchers, FilterFrom<v1::ListWatchersRequest>(context),
      [&](const v1::ListWatchersResponse& page) {
        std::vector<std::string> lines;
        for (const v1::ServedWatcher& watcher : page.watchers()) {
          lines.push_back(context.format.Resource(watcher));
        }
        return lines;
      });
}

ExitStatus RunWatchersWatch(const CommandContext& context) {
  const auto request = FilterFrom<v1::WatchWatchersRequest>(context);
  const StopSignal stop;  // before threads are made
  ExitStatus exit_status = kDone;
  const std::shared_ptr<Channel> channel = OpenChannel(context, exit_status);
  if (channel == nullptr) return exit_status;
  const std::unique_ptr<Stub> stub = NewStub(*channel);
  return PrintItems<v1::WatchWatchersResponse>(
      context, channel, stop, [&](auto* call) { return stub->WatchWatchers(call, request); });
}

ExitStatus RunWatchersAuthorize(const CommandContext& context) {
  auto request = OneFrom<v1::AuthorizeWatcherRequest>(context, "watchers");
  if (!request.ok()) return ReportUsage(context, request.status());
  v1::WatcherRule::Decision decision = v1::WatcherRule::DECISION_UNSPECIFIED;
  if (!v1::WatcherRule::Decision_Parse(absl::AsciiStrToUpper(context.arguments.Text("decision")),
                                       &decision)) {
    return ReportUsage(context,
                       absl::InvalidArgumentError("'watchers authorize' needs "
                                                  "--decision=allow|deny|polite_block|pending"));
  }
  request->set_decision(decision);
  return RunCall<Stub, v1::AuthorizeWatcherRequest, v1::WatcherRule>(
      context, NewStub, &Stub::AuthorizeWatcher, *request,
      [&](const v1::WatcherRule& rule) { return context.format.Resource(rule); });
}

ExitStatus RunRulesList(const CommandContext& context) {
  return RunList<Stub, v1::ListWatcherRulesRequest, v1::ListWatcherRulesResponse>(
      context, NewStub, &Stub::ListWatcherRules, FilterFrom<v1::ListWatcherRulesRequest>(context),
      [&](const v1::ListWatcherRulesResponse& page) {
        std::vector<std::string> lines;
        for (const v1::WatcherRule& rule : page.rules()) {
          lines.push_back(context.format.Resource(rule));
        }
        return lines;
      });
}

ExitStatus RunRulesDelete(const CommandContext& context) {
  const auto request = OneFrom<v1::DeleteWatcherRuleRequest>(context, "watcherRules");
  if (!request.ok()) return ReportUsage(context, request.status());
  return RunCall<Stub, v1::DeleteWatcherRuleRequest, google::protobuf::Empty>(
      context, NewStub, &Stub::DeleteWatcherRule, *request, nullptr);
}

}  // namespace sipevents::client
