#ifndef CLIENTS_CLI_COMMANDS_H_
#define CLIENTS_CLI_COMMANDS_H_

#include "absl/status/status.h"
#include "clients/cli/arguments.h"
#include "clients/cli/exit_status.h"
#include "clients/cli/line_format.h"
#include "clients/cli/line_writer.h"

// What the commands do. All functions: the main thread, before any other thread is made.

namespace sipevents::client {

// What every command works with.
struct CommandContext {
  const Arguments& arguments;
  const LineFormat& format;
  LineWriter& out;
};

ExitStatus RunWatch(const CommandContext& context);
ExitStatus RunFetch(const CommandContext& context);
ExitStatus RunSubscriptionsList(const CommandContext& context);
ExitStatus RunSubscriptionsGet(const CommandContext& context);
ExitStatus RunSubscriptionsCreate(const CommandContext& context);
ExitStatus RunSubscriptionsDelete(const CommandContext& context);
ExitStatus RunSubscriptionsExplain(const CommandContext& context);

ExitStatus RunPublish(const CommandContext& context);
ExitStatus RunPublicationsList(const CommandContext& context);
ExitStatus RunPublicationsGet(const CommandContext& context);
ExitStatus RunPublicationsUpdate(const CommandContext& context);
ExitStatus RunPublicationsDelete(const CommandContext& context);
ExitStatus RunPublicationsWatch(const CommandContext& context);

ExitStatus RunWatchersList(const CommandContext& context);
ExitStatus RunWatchersWatch(const CommandContext& context);
ExitStatus RunWatchersAuthorize(const CommandContext& context);
ExitStatus RunRulesList(const CommandContext& context);
ExitStatus RunRulesDelete(const CommandContext& context);

ExitStatus RunListsCreate(const CommandContext& context);
ExitStatus RunListsGet(const CommandContext& context);
ExitStatus RunListsList(const CommandContext& context);
ExitStatus RunListsUpdate(const CommandContext& context);
ExitStatus RunListsDelete(const CommandContext& context);

// Tells what is wrong with the command line.
ExitStatus ReportUsage(const CommandContext& context, const absl::Status& error);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_COMMANDS_H_
