#ifndef GATEWAY_CONFIG_SETTINGS_TABLE_H_
#define GATEWAY_CONFIG_SETTINGS_TABLE_H_

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gateway/config/settings.h"

namespace sipevents::gateway {

// One setting: how it is called, what it means, and how its value is read. The command line and
// the config file use the same ones.
struct SettingRow {
  std::string_view name;        // without dashes
  std::string_view value_name;  // e.g. "DURATION"; empty for a switch
  std::string_view default_text;
  std::string_view help;
  // Puts the value into the settings. The error's message completes "expected …".
  std::function<absl::Status(std::string_view value, Settings& settings)> read;

  bool is_switch() const { return value_name.empty(); }
};

// All settings, in the order of --help. Any thread.
absl::Span<const SettingRow> SettingsTable();

// The row of this name; null if there is none.
const SettingRow* FindSetting(std::string_view name);

}  // namespace sipevents::gateway

#endif  // GATEWAY_CONFIG_SETTINGS_TABLE_H_
