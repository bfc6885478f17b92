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

// Tells what is wrong with the command line.
ExitStatus ReportUsage(const CommandContext& context, const absl::Status& error);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_COMMANDS_H_
