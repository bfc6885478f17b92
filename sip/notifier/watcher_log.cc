#include <string>
#include <string_view>
#include <variant>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/redact.h"
#include "sip/notifier/watcher.h"

// The part of Watcher that tells the log why a lamp may be wrong.

namespace sipevents::sip {
namespace {

// Why there was no answer; empty: there was one.
std::string_view FailureText(SendFailure failure) {
  switch (failure) {
    case SendFailure::kNone:
      break;
    case SendFailure::kTimeout:
      return "no answer";
    case SendFailure::kTransport:
      return "no connection";
    case SendFailure::kNoAddress:
      return "no address";
    case SendFailure::kNotAllowed:
      return "not allowed";
    case SendFailure::kOverload:
      return "too many requests wait";
  }
  return "";
}

// Empty: the watcher has unsubscribed, or only fetched.
std::string CauseText(const WatcherInput& cause, WatcherEnd end) {
  if (const auto* answered = std::get_if<NotifyAnswered>(&cause)) {
    const std::string_view failure = FailureText(answered->failure);
    return absl::StrCat("a NOTIFY got ", answered->status, failure.empty() ? "" : ": ",
                        AbslView(failure));
  }
  if (std::holds_alternative<WatcherTimer>(cause)) return "it was not refreshed";
  if (!std::holds_alternative<WatcherEnding>(cause)) return "";
  // Others run out by the clock.
  if (end == WatcherEnd::kTimeout) return "it has too many subscriptions, and this is the oldest";
  return std::string(WatcherEndToken(end));
}

}  // namespace

void Watcher::LogEnd(const WatcherInput& cause) const {
  if (!LogEnabled(LogSeverity::kDebug)) return;
  const std::string why = CauseText(cause, state_.end);
  if (why.empty()) return;
  Log(LogSeverity::kDebug, "notifier", "watcher ended",
      {{"why", why},
       {"resource", audience().resource()},
       {"package", audience().event_package()},
       {"watcher", RedactUri(*watcher_uri_)},
       {"contact", RedactUri(dialog_.contact_uri())},
       {"call_id", AbslView(dialog_.call_id())}});
}

void Watcher::LogAnswer(const Response& response) const {
  if (response.status / 100 == 2 || !LogEnabled(LogSeverity::kDebug)) return;
  Log(LogSeverity::kDebug, "notifier", "NOTIFY not taken",
      {{"sip_status", response.status},
       {"failure", AbslView(FailureText(response.failure))},
       {"resource", audience().resource()},
       {"package", audience().event_package()},
       {"watcher", RedactUri(*watcher_uri_)},
       {"contact", RedactUri(dialog_.contact_uri())},
       {"call_id", AbslView(dialog_.call_id())}});
}

}  // namespace sipevents::sip
