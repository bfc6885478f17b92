#ifndef CLIENTS_CLI_EXIT_STATUS_H_
#define CLIENTS_CLI_EXIT_STATUS_H_

namespace sipevents::client {

// What the program ends with (docs/api.md, "The programs").
enum ExitStatus {
  kDone = 0,
  kUsage = 1,         // the command line, a file it names, or the output cannot be used
  kGatewayError = 2,  // the gateway answered an error
  kUnreachable = 3,
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_EXIT_STATUS_H_
