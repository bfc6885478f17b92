#include "gateway/explain/phrases.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

struct Unit {
  int64_t seconds;
  std::string_view name;
};
constexpr std::array<Unit, 4> kUnits = {{{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}}};

constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
    {"timeout", "the server does not answer"},
    {"no-notify", "the SUBSCRIBE was accepted, but no NOTIFY came"},
    {"expired", "it could not be refreshed in time"},
    {"transport", "there is no connection to the server"},
    {"no-address", "DNS knows no server for it"},
    {"destination-not-allowed", "the gateway may not send there (--sip_allowed_destinations)"},
    {"overload", "too many requests wait in the gateway"},
    {"unsubscribed", "nobody wanted it any longer"},
    {"deleted", "an administrator ended it"},
    {"rejected", "the notifier does not permit it"},
    {"noresource", "the notifier says that there is no such resource"},
    {"deactivated", "the notifier wants it to be set up anew"},
    {"probation", "the notifier wants it to be tried again later"},
    {"giveup", "the notifier got no permission in time"},
    {"invariant", "the notifier says that its state will not change"},
};

}  // namespace

std::string InWords(absl::Duration duration) {
  int64_t left = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  std::string words;
  for (size_t i = 0; i < kUnits.size(); ++i) {
    const int64_t count = left / kUnits[i].seconds;
    if (count == 0 && i + 1 < kUnits.size()) continue;
    words = absl::StrCat(count, " ", AbslView(kUnits[i].name));
    if (i + 1 == kUnits.size()) break;
    left %= kUnits[i].seconds;
    const int64_t rest = left / kUnits[i + 1].seconds;
    if (rest > 0) absl::StrAppend(&words, " ", rest, " ", AbslView(kUnits[i + 1].name));
    break;
  }
  return words;
}

std::string TimeOfDay(absl::Time time) {
  return absl::FormatTime("%H:%M:%S UTC", time, absl::UTCTimeZone());
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string Counted(int64_t count, std::string_view one, std::string_view many) {
  return absl::StrCat(count, " ", AbslView(count == 1 ? one : many));
}

std::string ReasonInWords(std::string_view reason, int sip_status) {
  if (reason == "response") return absl::StrCat("the server answered ", sip_status);
  for (const auto& [known, words] : kReasons) {
    if (reason == known) return std::string(words);
  }
  std::string words = reason.empty() ? "no reason was given" : QuoteForMessage(reason);
  if (sip_status != 0) absl::StrAppend(&words, " (", sip_status, ")");
  return words;
}

}  // namespace sipevents::gateway
