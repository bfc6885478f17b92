#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/arguments.h"

namespace sipevents::client {
namespace {

std::string FlagLine(const FlagSpec& flag) {
  std::string left = absl::StrCat("--", flag.name);
  if (flag.kind != FlagKind::kSwitch) absl::StrAppend(&left, "=", flag.value);
  return absl::StrFormat("  %-32s %s%s\n", left, flag.help,
                         flag.repeated ? " (may be repeated)" : "");
}

std::string FlagLines(const Grammar& grammar, const std::vector<absl::string_view>& names) {
  std::string text;
  for (const absl::string_view name : names) {
    if (const FlagSpec* flag = grammar.FindFlag(name); flag != nullptr) {
      absl::StrAppend(&text, FlagLine(*flag));
    }
  }
  return text;
}

std::string ProgramUsage(const Grammar& grammar) {
  std::string text =
      "sipevents: follows the event state of SIP resources through a gateway.\n\n"
      "usage: sipevents COMMAND [ARGUMENT...] [--FLAG=VALUE...]\n\ncommands:\n";
  for (const CommandSpec& command : grammar.commands) {
    absl::StrAppendFormat(&text, "  %-32s %s\n",
                          absl::StrCat(command.name, " ", command.positional), command.help);
  }
  absl::StrAppend(&text, "\nflags of every command:\n", FlagLines(grammar, grammar.global_flags),
                  "\n'sipevents COMMAND --help' tells more about a command.\n"
                  "exit status: 0 done, 1 usage, 2 the gateway answered an error, "
                  "3 gateway not reachable\n");
  return text;
}

}  // namespace

std::string UsageText(const Grammar& grammar, const CommandSpec* command) {
  if (command == nullptr) return ProgramUsage(grammar);
  std::string text =
      absl::StrCat("sipevents ", command->name, ": ", command->help, "\n\nusage: sipevents ",
                   command->name, " ", command->positional, " [--FLAG=VALUE...]\n");
  if (!command->flags.empty()) {
    absl::StrAppend(&text, "\nflags:\n", FlagLines(grammar, command->flags));
  }
  absl::StrAppend(&text, "\nflags of every command:\n", FlagLines(grammar, grammar.global_flags));
  return text;
}

}  // namespace sipevents::client
