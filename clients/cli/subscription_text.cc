#include "clients/cli/subscription_text.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"
#include "clients/cli/times.h"

namespace sipevents::client {
namespace {

Tone ToneOf(v1::Subscription::State state) {
  switch (state) {
    case v1::Subscription::ACTIVE:
      return Tone::kGood;
    case v1::Subscription::RETRYING:
    case v1::Subscription::TERMINATED:
      return Tone::kBad;
    default:
      return Tone::kBusy;
  }
}

}  // namespace

Summary Summarize(const v1::Subscription& subscription, absl::TimeZone zone) {
  const auto clock = [zone](const google::protobuf::Timestamp& time) {
    return absl::FormatTime("%H:%M:%E3S", ToTime(time), zone);
  };
  std::string text = absl::AsciiStrToLower(v1::Subscription::State_Name(subscription.state()));
  std::string why = Printable(subscription.reason());
  if (subscription.sip_status() != 0) {
    absl::StrAppend(&why, why.empty() ? "" : " ", subscription.sip_status());
  }
  if (!why.empty()) absl::StrAppend(&text, " (", why, ")");
  if (subscription.has_retry_time()) {
    absl::StrAppend(&text, ", again at ", clock(subscription.retry_time()));
  }
  if (subscription.has_stale_since()) {
    absl::StrAppend(&text, ", stale since ", clock(subscription.stale_since()));
  }
  if (subscription.has_waiting_since()) {
    absl::StrAppend(&text, ", waiting to be sent since ", clock(subscription.waiting_since()));
  }
  return {text, ToneOf(subscription.state())};
}

}  // namespace sipevents::client
