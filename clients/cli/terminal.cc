#include "clients/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/string_view.h"

namespace sipevents::client {

bool IsTerminal(int fd) {
  const char* name = std::getenv("TERM");
  const bool dumb = name == nullptr || absl::string_view(name) == "dumb";
  return !dumb && isatty(fd) == 1;
}

bool WantsColor(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = no_color != nullptr && *no_color != '\0';
  return !refused && IsTerminal(fd);
}

TerminalSize SizeOf(int fd) {
  winsize size = {};
  TerminalSize result;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return result;
  if (size.ws_col > 0) result.columns = size.ws_col;
  if (size.ws_row > 0) result.rows = size.ws_row;
  return result;
}

}  // namespace sipevents::client
