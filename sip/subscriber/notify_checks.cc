#include "sip/subscriber/notify_checks.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "sip/auth/digest.h"
#include "sip/base/ascii.h"
#include "sip/body/media_type.h"
#include "sip/packages/package_table.h"

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

// DEV-10.
bool IsTolerated(const SubscriberContext& context, const SubscribeTemplate& subscribe,
                 std::string_view content_type) {
  const std::string_view tolerated = FindPackage(subscribe.request().event_package).tolerated_type;
  if (context.strict || tolerated.empty() || !MatchesMediaType(content_type, tolerated)) {
    return false;
  }
  if (context.metrics != nullptr) context.metrics->OnDeviation("DEV-10");
  return true;
}

}  // namespace

bool EventMatches(const SubscribeTemplate& subscribe, const IncomingNotify& notify) {
  return notify.event_type == subscribe.request().event_package &&
         notify.event_id.value_or("") == subscribe.event_id();
}

std::optional<NotifyAnswer> ChallengeNotify(const SubscriberContext& context,
                                            const SubscribeTemplate& subscribe,
                                            const IncomingNotify& notify) {
  if (context.notify_auth == nullptr) return std::nullopt;
  DigestSubject subject{.method = "NOTIFY", .body = notify.body, .authorization = {}};
  if (notify.authorization) subject.authorization = notify.authorization();
  const auto hash = [&](std::string_view realm, std::string_view user,
                        DigestAlgorithm algorithm) -> std::optional<std::string> {
    const std::optional<Credentials> shared =
        context.credentials.Lookup(realm, subscribe.host(), subscribe.identity());
    if (!shared.has_value() || shared->user != user) return std::nullopt;
    return DigestUserHash(algorithm, user, realm, shared->password);
  };
  const absl::Time now = context.clock.Now();
  const DigestServer::Verdict verdict = context.notify_auth->Check(subject, hash, now);
  if (verdict == DigestServer::Verdict::kAccepted) return std::nullopt;
  std::string realm = context.credentials.RealmFor(subscribe.host(), subscribe.identity());
  if (realm.empty()) realm = subscribe.host();
  NotifyAnswer answer{401, {}};
  for (std::string& value :
       context.notify_auth->Challenges(realm, verdict == DigestServer::Verdict::kStale, now)) {
    answer.headers.emplace_back("WWW-Authenticate", std::move(value));
  }
  return answer;
}

std::optional<NotifyAnswer> RefuseNotify(const SubscriberContext& context,
                                         const SubscribeTemplate& subscribe,
                                         const IncomingNotify& notify) {
  if (!notify.has_subscription_state) {
    if (context.metrics != nullptr) context.metrics->OnDeviation("SUB-29");
    if (context.strict) return NotifyAnswer{400, {}};
  }
  // The end counts, whatever comes with it (SUB-33).
  const bool is_over = EqualsIgnoreCase(notify.substate, "terminated");
  if (!is_over && !notify.body.empty() && !IsAccepted(subscribe.accept(), notify.content_type) &&
      !IsTolerated(context, subscribe, notify.content_type)) {
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
