#ifndef CLIENTS_CLI_ARGUMENTS_H_
#define CLIENTS_CLI_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

// Reads command lines by tables. Not Abseil's flags: those are the same for the whole program,
// and here each command has its own.

namespace sipevents::client {

enum class FlagKind {
  kText,
  kSwitch,    // `--force`, `--force=true`, `--force=false`; takes no separate value
  kDuration,  // `30s`, `1h30m`
  kNumber,    // 32 bits, signed
};

// Describes a flag. A name means the same in every command that has it.
struct FlagSpec {
  absl::string_view name;  // with underscores; hyphens are taken for them
  FlagKind kind = FlagKind::kText;
  bool repeated = false;                        // collects; of others the last one counts
  absl::string_view value;                      // what the usage shows, e.g. "FILE"
  absl::string_view help;                       // one line
  std::vector<absl::string_view> choices = {};  // empty: any value
};

// Describes a command.
struct CommandSpec {
  absl::string_view name;        // one or two words, e.g. "subscriptions list"
  absl::string_view positional;  // what the usage shows, e.g. "TARGET..."
  int min_positional = 0;
  int max_positional = 0;
  absl::string_view help;                // one line
  std::vector<absl::string_view> flags;  // names of those it takes besides the global ones
};

// All that a command line may say.
struct Grammar {
  std::vector<FlagSpec> flags;
  std::vector<absl::string_view> global_flags;  // names of those that every command takes
  std::vector<CommandSpec> commands;

  const FlagSpec* FindFlag(absl::string_view name) const;
  const CommandSpec* FindCommand(absl::string_view name) const;
};

// A command line that fits a grammar. Threads: any, once parsed.
class Arguments {
 public:
  // Reads `args` (without the program's name). Flags may stand anywhere; `--flag value` and
  // `--flag=value` are the same; `--` ends the flags. `--help` is always known, and with it
  // nothing else is required. INVALID_ARGUMENT with one line that says what is wrong.
  // `grammar` must outlive the result.
  static absl::StatusOr<Arguments> Parse(const Grammar& grammar,
                                         absl::Span<const std::string> args);

  // Null with --help and no command.
  const CommandSpec* command() const { return command_; }
  bool help() const { return help_; }
  const std::vector<std::string>& positional() const { return positional_; }

  bool Has(absl::string_view flag) const { return values_.contains(flag); }
  // The value of a flag, or `otherwise` if it was not given.
  std::string Text(absl::string_view flag, absl::string_view otherwise = "") const;
  // Each value of a repeated flag.
  std::vector<std::string> Texts(absl::string_view flag) const;
  bool Switch(absl::string_view flag) const { return Text(flag, "false") == "true"; }
  std::optional<absl::Duration> Duration(absl::string_view flag) const;
  std::optional<int32_t> Number(absl::string_view flag) const;

 private:
  absl::StatusOr<std::vector<std::string>> TakeFlags(const Grammar& grammar,
                                                     absl::Span<const std::string> args);
  absl::Status TakeFlag(const Grammar& grammar, absl::string_view text,
                        absl::Span<const std::string>& rest);
  absl::Status SetCommand(const Grammar& grammar, std::vector<std::string> words);
  absl::Status CheckFlags(const Grammar& grammar) const;
  absl::Status CheckPositional() const;

  const CommandSpec* command_ = nullptr;
  bool help_ = false;
  std::vector<std::string> positional_;
  absl::flat_hash_map<std::string, std::vector<std::string>> values_;
};

// The text that --help shows: of one command, or of the whole program where it is null.
std::string UsageText(const Grammar& grammar, const CommandSpec* command);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_ARGUMENTS_H_
