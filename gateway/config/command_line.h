#ifndef GATEWAY_CONFIG_COMMAND_LINE_H_
#define GATEWAY_CONFIG_COMMAND_LINE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gateway/config/settings.h"

namespace sipevents::gateway {

// What the command line asks for.
struct CommandLine {
  Settings settings;
  bool help = false;  // --help: print HelpText() and end with 0
};

// Reads the arguments after the program's name, in the syntax of Abseil's flags
// (`--name=value`, `--name value`, `-name`, `--switch`, `--noswitch`), over the file of
// --config, over the defaults; then checks the settings as a whole. Settings are not
// ABSL_FLAGs: they come from a file as well, an error has to be exactly one line, and a test
// needs no global state. Errors: INVALID_ARGUMENT, one line that names flag, value and
// expectation.
absl::StatusOr<CommandLine> ParseCommandLine(absl::Span<const std::string_view> arguments);

// Reads a config file's text, lines of `name = value`; `#` begins a comment line. `path` is for
// errors only, which name it and the line.
absl::Status ParseConfig(std::string_view text, std::string_view path, Settings& settings);

// What --help prints: our flags with meaning and default.
std::string HelpText();

}  // namespace sipevents::gateway

#endif  // GATEWAY_CONFIG_COMMAND_LINE_H_
