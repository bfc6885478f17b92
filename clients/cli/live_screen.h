#ifndef CLIENTS_CLI_LIVE_SCREEN_H_
#define CLIENTS_CLI_LIVE_SCREEN_H_

#include <string>
#include <vector>

#include "clients/cli/terminal.h"

namespace sipevents::client {

// Keeps some lines of a terminal up to date, in place: says what to write so that it shows new
// lines instead of those before. Only lines that changed are written. The cursor stands below
// them, and each answer leaves it visible: whatever ends the program, the terminal is as it was.
//
// Threads: one at a time.
class LiveScreen {
 public:
  // `lines`: one less than the terminal has at the most, each no wider than it is, without control
  // characters but such as colour text or move the cursor within the line. On a terminal that has
  // another size than the last time everything is drawn anew, from its top.
  std::string Draw(const std::vector<std::string>& lines, TerminalSize size);

 private:
  std::vector<std::string> drawn_;
  TerminalSize size_;
};

// What makes a terminal usable again where writing was given up in the middle of an answer.
inline constexpr char kRestoreTerminal[] = "\x1b[0m\x1b[?7h\x1b[?25h\r\n";

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_LIVE_SCREEN_H_
