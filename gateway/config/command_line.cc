#include "gateway/config/command_line.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/config/read_file.h"
#include "gateway/config/settings_table.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxConfigOctets = 1 << 20;

// A setting as it was given: `--name=value`.
struct Given {
  const SettingRow* row = nullptr;
  std::string_view value;
};

// The command line, taken apart.
struct Arguments {
  std::vector<Given> given;
  std::optional<std::string_view> config;
  bool help = false;
};

absl::Status Bad(const std::string& message) { return absl::InvalidArgumentError(message); }

// Reads the arguments one by one.
class ArgumentReader {
 public:
  explicit ArgumentReader(absl::Span<const std::string_view> arguments) : rest_(arguments) {}

  absl::StatusOr<Arguments> ReadAll() {
    while (!rest_.empty()) SIPEVENTS_RETURN_IF_ERROR(ReadOne());
    return std::move(result_);
  }

 private:
  absl::Status ReadOne() {
    std::string_view argument = rest_.front();
    rest_.remove_prefix(1);
    if (argument.size() < 2 || argument[0] != '-' || argument == "--") {
      return Bad(absl::StrCat(QuoteForMessage(argument), ": expected a flag, see --help"));
    }
    argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = argument.substr(equals + 1);
    return Take(name, value);
  }

  absl::Status Take(std::string_view name, std::optional<std::string_view> value) {
    if (name == "help" && !value.has_value()) {
      result_.help = true;
      return absl::OkStatus();
    }
    if (name == "config") {
      SIPEVENTS_ASSIGN_OR_RETURN(result_.config, ValueOf(name, value));
      return absl::OkStatus();
    }
    if (const SettingRow* row = FindSetting(name); row != nullptr) {
      if (row->is_switch() && !value.has_value()) value = "true";
      SIPEVENTS_ASSIGN_OR_RETURN(const std::string_view given, ValueOf(name, value));
      result_.given.push_back({row, given});
      return absl::OkStatus();
    }
    const SettingRow* negated =
        name.starts_with("no") && !value.has_value() ? FindSetting(name.substr(2)) : nullptr;
    if (negated != nullptr && negated->is_switch()) {
      result_.given.push_back({negated, "false"});
      return absl::OkStatus();
    }
    return Bad(absl::StrCat(QuoteForMessage(absl::StrCat("--", AbslView(name))),
                            ": there is no such flag; expected one that --help lists"));
  }

  // The value behind `=`, else the next argument.
  absl::StatusOr<std::string_view> ValueOf(std::string_view name,
                                           std::optional<std::string_view> value) {
    if (value.has_value()) return *value;
    if (rest_.empty()) {
      return Bad(absl::StrCat("--", AbslView(name), ": there is no value; expected --",
                              AbslView(name), "=VALUE"));
    }
    const std::string_view next = rest_.front();
    rest_.remove_prefix(1);
    return next;
  }

  absl::Span<const std::string_view> rest_;
  Arguments result_;
};

absl::Status ReadConfigFile(std::string_view path, Settings& settings) {
  const absl::StatusOr<std::string> text = ReadFile(std::string(path), kMaxConfigOctets);
  if (!text.ok()) {
    return UnusableFlag("config", path,
                        absl::StrCat(text.status().message(), "; expected a readable file"));
  }
  return ParseConfig(*text, path, settings);
}

absl::Status ParseConfigLine(std::string_view line, Settings& settings) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return Bad(absl::StrCat(QuoteForMessage(line), ": expected `name = value`"));
  }
  const std::string_view name = TrimBlanks(line.substr(0, equals));
  const std::string_view value = TrimBlanks(line.substr(equals + 1));
  const SettingRow* row = FindSetting(name);
  if (row == nullptr) {
    return Bad(absl::StrCat(QuoteForMessage(name),
                            ": there is no such setting; expected one that --help lists"));
  }
  const absl::Status read = row->read(value, settings);
  return read.ok() ? read : UnusableFlag(row->name, value, read.message());
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(absl::Span<const std::string_view> arguments) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Arguments read, ArgumentReader(arguments).ReadAll());
  CommandLine result;
  result.help = read.help;
  if (result.help) return result;
  if (read.config.has_value()) {
    SIPEVENTS_RETURN_IF_ERROR(ReadConfigFile(*read.config, result.settings));
  }
  for (const Given& given : read.given) {
    const absl::Status status = given.row->read(given.value, result.settings);
    if (!status.ok()) return UnusableFlag(given.row->name, given.value, status.message());
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckSettings(result.settings));
  return result;
}

absl::Status ParseConfig(std::string_view text, std::string_view path, Settings& settings) {
  int number = 0;
  for (const absl::string_view raw : absl::StrSplit(AbslView(text), '\n')) {
    ++number;
    const std::string_view line = TrimBlanks({raw.data(), raw.size()});
    if (line.empty() || line[0] == '#') continue;
    const absl::Status read = ParseConfigLine(line, settings);
    if (!read.ok()) {
      return Bad(
          absl::StrCat("--config=", QuoteForMessage(path), " line ", number, ": ", read.message()));
    }
  }
  return absl::OkStatus();
}

std::string HelpText() {
  std::string text =
      "sip-event-gateway: follows SIP event state and serves it over gRPC.\n\n"
      "Usage: sip-event-gateway [--config=FILE] [flags]\n\n"
      "  --config=FILE\n"
      "      Lines of `name = value`, the names as below; flags win.\n";
  for (const SettingRow& row : SettingsTable()) {
    absl::StrAppend(&text, "  --", AbslView(row.name), row.is_switch() ? "" : "=",
                    AbslView(row.value_name), "\n      ", AbslView(row.help),
                    " Default: ", AbslView(row.default_text.empty() ? "empty" : row.default_text),
                    ".\n");
  }
  absl::StrAppend(&text, "  --help\n      Prints this.\n");
  return text;
}

}  // namespace sipevents::gateway
