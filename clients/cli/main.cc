#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "clients/cli/arguments.h"
#include "clients/cli/command_table.h"
#include "clients/cli/commands.h"
#include "clients/cli/json_lines.h"
#include "clients/cli/remark.h"
#include "clients/cli/requests.h"
#include "clients/cli/terminal.h"
#include "clients/cli/text_lines.h"

// `sipevents`: follows the event state of SIP resources through a gateway (docs/api.md, "The
// programs").

namespace sipevents::client {
namespace {

using Command = ExitStatus (*)(const CommandContext&);

Command CommandNamed(absl::string_view name) {
  static constexpr std::pair<absl::string_view, Command> kCommands[] = {
      {"watch", RunWatch},
      {"fetch", RunFetch},
      {"subscriptions list", RunSubscriptionsList},
      {"subscriptions get", RunSubscriptionsGet},
      {"subscriptions create", RunSubscriptionsCreate},
      {"subscriptions delete", RunSubscriptionsDelete},
      {"subscriptions explain", RunSubscriptionsExplain},
      {"publish", RunPublish},
      {"publications list", RunPublicationsList},
      {"publications get", RunPublicationsGet},
      {"publications update", RunPublicationsUpdate},
      {"publications delete", RunPublicationsDelete},
      {"publications watch", RunPublicationsWatch},
      {"watchers list", RunWatchersList},
      {"watchers watch", RunWatchersWatch},
      {"watchers authorize", RunWatchersAuthorize},
      {"rules list", RunRulesList},
      {"rules delete", RunRulesDelete},
      {"lists create", RunListsCreate},
      {"lists get", RunListsGet},
      {"lists list", RunListsList},
      {"lists update", RunListsUpdate},
      {"lists delete", RunListsDelete},
  };
  for (const auto& [known, command] : kCommands) {
    if (known == name) return command;
  }
  return nullptr;
}

std::unique_ptr<LineFormat> FormatFor(const Arguments& arguments) {
  if (arguments.Text("format") == "json") {
    return std::make_unique<JsonLines>(arguments.positional().size() > 1);
  }
  return std::make_unique<TextLines>(absl::LocalTimeZone(), WantsColor(STDOUT_FILENO),
                                     ConnectionFrom(arguments).gateway);
}

// Makes a standard output that was closed behave like one that nobody reads any more. Otherwise the
// next file that is opened would take its number, and its lines.
void ReplaceClosedOutput() {
  if (fcntl(STDOUT_FILENO, F_GETFD) >= 0) return;
  int ends[2];
  if (pipe(ends) != 0) return;
  if (ends[1] != STDOUT_FILENO) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
  }
  if (ends[0] != STDOUT_FILENO) close(ends[0]);
}

ExitStatus Run(const std::vector<std::string>& args) {
  const Grammar& grammar = SipeventsGrammar();
  absl::StatusOr<Arguments> arguments = Arguments::Parse(grammar, args);
  if (!arguments.ok()) {
    Remark(arguments.status().message());
    Remark("see 'sipevents --help'");
    return kUsage;
  }
  LineWriter out(STDOUT_FILENO);
  if (arguments->help()) {
    const std::string usage = UsageText(grammar, arguments->command());
    out.WriteLine(absl::StripSuffix(usage, "\n")).IgnoreError();  // a pager may have been left
    return kDone;
  }
  const absl::string_view name = arguments->command()->name;
  if (arguments->Text("format") == "table" && name != "watch") {
    Remark(absl::StrCat("'", name, "' has no --format=table: only 'watch' has"));
    return kUsage;
  }
  const std::unique_ptr<LineFormat> format = FormatFor(*arguments);
  const Command command = CommandNamed(name);
  return command({*arguments, *format, out});
}

}  // namespace
}  // namespace sipevents::client

int main(int argc, char** argv) {
  sipevents::client::ReplaceClosedOutput();
  signal(SIGPIPE, SIG_IGN);  // a reader that leaves is an error of write(), not our end
  // gRPC would log each failed TLS handshake; what matters comes back as a status.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return sipevents::client::Run({argv + 1, argv + argc});
}
