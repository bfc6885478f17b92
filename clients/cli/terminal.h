#ifndef CLIENTS_CLI_TERMINAL_H_
#define CLIENTS_CLI_TERMINAL_H_

// What the standard output is. All functions: any thread.

namespace sipevents::client {

struct TerminalSize {
  int columns = 80;
  int rows = 24;
  bool operator==(const TerminalSize&) const = default;
};

// Whether this is a terminal on which text can be moved and coloured.
bool IsTerminal(int fd);

// Whether to colour text there: on a terminal, unless NO_COLOR says otherwise
// (https://no-color.org: set and not empty means no).
bool WantsColor(int fd);

// As it is now; 80 by 24 if the terminal does not tell.
TerminalSize SizeOf(int fd);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_TERMINAL_H_
