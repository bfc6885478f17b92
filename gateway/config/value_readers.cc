#include "gateway/config/value_readers.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"

namespace sipevents::gateway {
namespace {

absl::Status Expected(const absl::AlphaNum& what) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what));
}

}  // namespace

absl::StatusOr<bool> ReadSwitch(std::string_view value) {
  bool result = false;
  if (!absl::SimpleAtob(AbslView(value), &result)) return Expected("true or false");
  return result;
}

absl::StatusOr<int64_t> ReadNumber(std::string_view value, int64_t low, int64_t high) {
  int64_t result = 0;
  if (!absl::SimpleAtoi(AbslView(value), &result) || result < low || result > high) {
    return Expected(absl::StrCat("a whole number from ", low, " to ", high));
  }
  return result;
}

absl::StatusOr<absl::Duration> ReadDuration(std::string_view value, absl::Duration low,
                                            absl::Duration high) {
  absl::Duration result;
  if (!absl::ParseDuration(AbslView(value), &result) || result < low || result > high) {
    return Expected(absl::StrCat("a duration from ", absl::FormatDuration(low), " to ",
                                 absl::FormatDuration(high), ", such as 500ms, 30s, 5m or 1h"));
  }
  return result;
}

absl::StatusOr<int64_t> ReadOctets(std::string_view value, int64_t low, int64_t high) {
  constexpr std::array<std::pair<std::string_view, int>, 3> kUnits = {
      {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  std::string_view digits = value;
  int shift = 0;
  for (const auto& [unit, unit_shift] : kUnits) {
    if (!value.ends_with(unit)) continue;
    digits.remove_suffix(unit.size());
    shift = unit_shift;
  }
  int64_t number = 0;
  const bool fits = absl::SimpleAtoi(AbslView(digits), &number) && number >= 0 &&
                    number <= (std::numeric_limits<int64_t>::max() >> shift);
  if (!fits || (number << shift) < low || (number << shift) > high) {
    return Expected(absl::StrCat("a size from ", low >> 20, "MiB to ", high >> 30,
                                 "GiB, such as 256MiB or 2GiB"));
  }
  return number << shift;
}

absl::StatusOr<std::vector<int>> ReadPorts(std::string_view value) {
  std::vector<int> ports;
  if (value.empty()) return ports;
  for (const absl::string_view part : absl::StrSplit(AbslView(value), ',')) {
    const auto port = ReadNumber(TrimBlanks({part.data(), part.size()}), 1, 65535);
    if (!port.ok() || std::find(ports.begin(), ports.end(), *port) != ports.end()) {
      return Expected("different ports from 1 to 65535, comma separated");
    }
    ports.push_back(static_cast<int>(*port));
  }
  return ports;
}

absl::StatusOr<std::vector<std::string>> ReadAdvertised(std::string_view value) {
  std::vector<std::string> hosts;
  if (value.empty()) return hosts;
  for (const absl::string_view part : absl::StrSplit(AbslView(value), ',')) {
    const std::string_view element = TrimBlanks({part.data(), part.size()});
    const absl::StatusOr<HostPort> with_port = ParseHostPort(element);
    const std::string host(with_port.ok() ? with_port->host : element);
    if ((!with_port.ok() && !IsSipHost(element)) || IsWildcard(host)) {
      return Expected("the host, or host:port, that peers reach this gateway at, comma separated");
    }
    hosts.emplace_back(element);
  }
  return hosts;
}

absl::StatusOr<std::string> ReadSipUri(std::string_view value) {
  const absl::StatusOr<Uri> uri = ParseUri(value);
  if (!uri.ok() || (uri->scheme != "sip" && uri->scheme != "sips")) {
    return Expected("a sip: or sips: URI");
  }
  return std::string(value);
}

}  // namespace sipevents::gateway
