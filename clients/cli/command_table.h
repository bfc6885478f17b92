#ifndef CLIENTS_CLI_COMMAND_TABLE_H_
#define CLIENTS_CLI_COMMAND_TABLE_H_

#include "clients/cli/arguments.h"

namespace sipevents::client {

// The commands and flags of `sipevents` (docs/api.md, "The programs"). Threads: any.
const Grammar& SipeventsGrammar();

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_COMMAND_TABLE_H_
