#include "clients/cli/arguments.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

absl::Status CheckValue(const FlagSpec& flag, const std::string& value) {
  if (!IsUtf8(value)) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag.name, ": not UTF-8"));
  }
  absl::Duration duration;
  int32_t number = 0;
  absl::string_view expected;
  switch (flag.kind) {
    case FlagKind::kText:
      if (flag.choices.empty() || absl::c_linear_search(flag.choices, value)) {
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError(absl::StrCat("--", flag.name, "=", value, ": expected ",
                                                     absl::StrJoin(flag.choices, " or ")));
    case FlagKind::kSwitch:
      if (value == "true" || value == "false") return absl::OkStatus();
      expected = "true or false";
      break;
    case FlagKind::kDuration:
      if (absl::ParseDuration(value, &duration) && duration != absl::InfiniteDuration() &&
          duration != -absl::InfiniteDuration()) {
        return absl::OkStatus();
      }
      expected = "a duration such as 30s or 1h30m";
      break;
    case FlagKind::kNumber:
      if (absl::SimpleAtoi(value, &number)) return absl::OkStatus();
      expected = "a whole number";
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag.name, "=", value, ": expected ", expected));
}

// The commands that begin with this word, for a message.
std::string SecondWords(const Grammar& grammar, absl::string_view first) {
  std::vector<absl::string_view> words;
  for (const CommandSpec& command : grammar.commands) {
    absl::string_view rest = command.name;
    if (absl::ConsumePrefix(&rest, first) && absl::ConsumePrefix(&rest, " ")) {
      words.push_back(rest);
    }
  }
  return absl::StrJoin(words, ", ");
}

absl::Status UnknownCommand(const Grammar& grammar, const std::vector<std::string>& words) {
  if (words.empty()) return absl::InvalidArgumentError("no command given");
  const std::string known = SecondWords(grammar, words[0]);
  if (known.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown command '", words[0], "'"));
  }
  if (words.size() == 1) {
    return absl::InvalidArgumentError(absl::StrCat("'", words[0], "' needs one of: ", known));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown command '", words[0], " ", words[1], "'; there are: ", known));
}

}  // namespace

const FlagSpec* Grammar::FindFlag(absl::string_view name) const {
  const auto it = absl::c_find_if(flags, [&](const FlagSpec& flag) { return flag.name == name; });
  return it == flags.end() ? nullptr : &*it;
}

const CommandSpec* Grammar::FindCommand(absl::string_view name) const {
  const auto it =
      absl::c_find_if(commands, [&](const CommandSpec& command) { return command.name == name; });
  return it == commands.end() ? nullptr : &*it;
}

absl::StatusOr<Arguments> Arguments::Parse(const Grammar& grammar,
                                           absl::Span<const std::string> args) {
  Arguments result;
  absl::StatusOr<std::vector<std::string>> words = result.TakeFlags(grammar, args);
  if (!words.ok()) return words.status();
  const absl::Status command = result.SetCommand(grammar, *std::move(words));
  if (result.help_) return result;
  if (!command.ok()) return command;
  if (absl::Status flags = result.CheckFlags(grammar); !flags.ok()) return flags;
  if (absl::Status positional = result.CheckPositional(); !positional.ok()) return positional;
  return result;
}

absl::StatusOr<std::vector<std::string>> Arguments::TakeFlags(const Grammar& grammar,
                                                              absl::Span<const std::string> args) {
  std::vector<std::string> words;
  bool only_words = false;
  while (!args.empty()) {
    const std::string& arg = args.front();
    args.remove_prefix(1);
    if (!IsUtf8(arg)) {  // no request could carry it
      return absl::InvalidArgumentError(absl::StrCat("not UTF-8: ", Printable(arg)));
    }
    if (only_words || arg.size() < 2 || arg[0] != '-') {
      words.push_back(arg);
    } else if (arg == "--") {
      only_words = true;
    } else if (arg == "-h") {
      help_ = true;
    } else if (absl::Status taken = TakeFlag(grammar, arg, args); !taken.ok()) {
      return taken;
    }
  }
  return words;
}

absl::Status Arguments::TakeFlag(const Grammar& grammar, absl::string_view text,
                                 absl::Span<const std::string>& rest) {
  absl::string_view body = text;
  const bool two_hyphens = absl::ConsumePrefix(&body, "--");
  const size_t equals = body.find('=');
  const std::string name = absl::StrReplaceAll(body.substr(0, equals), {{"-", "_"}});
  if (two_hyphens && name == "help") {
    help_ = true;
    return absl::OkStatus();
  }
  const FlagSpec* flag = two_hyphens ? grammar.FindFlag(name) : nullptr;
  if (flag == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown flag ", text.substr(0, text.find('='))));
  }
  std::string value = "true";
  if (equals != absl::string_view::npos) {
    value = std::string(body.substr(equals + 1));
  } else if (flag->kind != FlagKind::kSwitch) {
    if (rest.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value: ", flag->value));
    }
    value = rest.front();
    rest.remove_prefix(1);
  }
  if (absl::Status valid = CheckValue(*flag, value); !valid.ok()) return valid;
  std::vector<std::string>& values = values_[name];
  if (!flag->repeated) values.clear();
  values.push_back(std::move(value));
  return absl::OkStatus();
}

absl::Status Arguments::SetCommand(const Grammar& grammar, std::vector<std::string> words) {
  for (const size_t count : {2, 1}) {
    if (words.size() < count) continue;
    const std::string name = absl::StrJoin(words.begin(), words.begin() + count, " ");
    command_ = grammar.FindCommand(name);
    if (command_ == nullptr) continue;
    positional_.assign(std::make_move_iterator(words.begin() + count),
                       std::make_move_iterator(words.end()));
    return absl::OkStatus();
  }
  return UnknownCommand(grammar, words);
}

absl::Status Arguments::CheckFlags(const Grammar& grammar) const {
  for (const auto& [name, values] : values_) {
    if (absl::c_linear_search(grammar.global_flags, name)) continue;
    if (absl::c_linear_search(command_->flags, name)) continue;
    return absl::InvalidArgumentError(absl::StrCat("'", command_->name, "' has no flag --", name));
  }
  return absl::OkStatus();
}

absl::Status Arguments::CheckPositional() const {
  const int count = static_cast<int>(positional_.size());
  if (count < command_->min_positional) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", command_->name, "' needs ", command_->positional));
  }
  if (count > command_->max_positional) {
    return absl::InvalidArgumentError(absl::StrCat("'", command_->name, "': unexpected '",
                                                   positional_[command_->max_positional], "'"));
  }
  return absl::OkStatus();
}

std::string Arguments::Text(absl::string_view flag, absl::string_view otherwise) const {
  const auto it = values_.find(flag);
  return it == values_.end() ? std::string(otherwise) : it->second.back();
}

std::vector<std::string> Arguments::Texts(absl::string_view flag) const {
  const auto it = values_.find(flag);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

std::optional<absl::Duration> Arguments::Duration(absl::string_view flag) const {
  absl::Duration duration;
  if (!Has(flag) || !absl::ParseDuration(Text(flag), &duration)) return std::nullopt;
  return duration;
}

std::optional<int32_t> Arguments::Number(absl::string_view flag) const {
  int32_t number = 0;
  if (!Has(flag) || !absl::SimpleAtoi(Text(flag), &number)) return std::nullopt;
  return number;
}

}  // namespace sipevents::client
