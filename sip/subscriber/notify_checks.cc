#include "sip/subscriber/notify_checks.h"

#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/packages/media_type.h"

namespace sipevents::sip {
namespace {

// Whether a media type falls under one of the ranges of an Accept header.
bool IsAccepted(const std::vector<std::string>& accept, std::string_view content_type) {
  if (accept.empty()) return true;
  for (const std::string& element : accept) {
    const std::string_view range =
        TrimBlanks(std::string_view(element).substr(0, element.find(';')));
    if (range == "*/*" || MatchesMediaType(content_type, range)) return true;
    if (!range.ends_with("/*")) continue;
    const std::string_view type = range.substr(0, range.size() - 1);  // with its slash
    if (EqualsIgnoreCase(content_type.substr(0, type.size()), type)) return true;
  }
  return false;
}

}  // namespace

bool EventMatches(const SubscribeTemplate& subscribe, const IncomingNotify& notify) {
  return notify.event_type == subscribe.request().event_package &&
         notify.event_id.value_or("") == subscribe.event_id();
}

std::optional<NotifyAnswer> RefuseNotify(const SubscriberContext& context,
                                         const SubscribeTemplate& subscribe,
                                         const IncomingNotify& notify) {
  if (!notify.has_subscription_state) {
    if (context.metrics != nullptr) context.metrics->OnDeviation("SUB-29");
    if (context.strict) return NotifyAnswer{400, {}};
  }
  if (!notify.body.empty() && !IsAccepted(subscribe.accept(), notify.content_type)) {
    return NotifyAnswer{415, {{"Accept", absl::StrJoin(subscribe.accept(), ", ")}}};
  }
  return std::nullopt;
}

Notification MakeNotification(const SubscriberContext& context, std::string_view dialog,
                              const IncomingNotify& notify, const MergeResult& result) {
  Notification news;
  news.dialog = dialog;
  news.receive_time = notify.receive_time;
  if (notify.body.size() <= kMaxBodyOctets) {
    news.content_type = notify.content_type;
    news.body = notify.body;
  }
  news.body_is_partial = result.body_is_partial;
  news.document = result.document;
  news.decode_error = result.error;
  if (result.kind == MergeResult::Kind::kError && context.metrics != nullptr) {
    context.metrics->OnDecodeError(notify.event_type);
  }
  return news;
}

void TakeRoute(SubscribeExchange::Leg& leg, const IncomingNotify& notify) {
  leg.remote_target = notify.contact_uri;
  // We are the UAS of this NOTIFY: Record-Route in the order received (SUB-19).
  leg.route_set = notify.record_route();
}

}  // namespace sipevents::sip
