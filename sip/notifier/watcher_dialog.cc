#include "sip/notifier/watcher_dialog.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"
#include "sip/notifier/notify_rate.h"

namespace sipevents::sip {
namespace {

// The Event header of NOTIFYs: type and id as the SUBSCRIBE had them (NOT-33), other parameters of
// the package too, but not those that ask for a rate.
std::string EventText(const IncomingRequest& request) {
  std::string text(request.event_type);
  for (const std::string_view parameter : request.event_parameters) {
    if (IsRateWish(parameter)) continue;
    absl::StrAppend(&text, ";", AbslView(parameter));
  }
  return text;
}

std::string RoutesText(const std::vector<std::string>& record_route) {
  // As the one who is called, in the order received (RFC 3261 section 12.1.1).
  return absl::StrJoin(record_route, "\n");
}

// A first router that does not know of loose routing finds itself in the Request-URI, and the
// target last among the routes (RFC 3261 section 12.2.1.1).
void GoByStrictRouter(OutgoingRequest& request) {
  const std::string& first = request.route_set.front();
  const absl::StatusOr<Uri> router = ParseUri(std::string_view(first).substr(1, first.size() - 2));
  if (!router.ok() ||
      std::any_of(router->parameters.begin(), router->parameters.end(),
                  [](const auto& one) { return EqualsIgnoreCase(one.first, "lr"); })) {
    return;
  }
  request.route_set.push_back(absl::StrCat("<", request.request_uri, ">"));
  request.request_uri = router->ToString();
  request.route_set.erase(request.route_set.begin());
}

}  // namespace

bool WatcherDialog::Begin(const IncomingRequest& request, const NotifyWay& way) {
  remote_cseq_ = request.cseq;
  unproven_ = way.elsewhere;
  const std::string event = EventText(request);
  const std::string routes = RoutesText(request.record_route);
  std::array<std::string_view, kTextCount> texts;
  texts[kCallId] = request.call_id;
  texts[kRemoteTag] = request.from_tag;
  texts[kLocalUri] = request.to_uri;
  texts[kRemoteUri] = request.from_uri;
  texts[kContact] = request.contact_uri;
  texts[kRoutes] = routes;
  texts[kEvent] = event;
  texts[kFirstHop] = way.first_hop;
  texts[kDisplayName] = request.from_name;
  texts[kUserAgent] = request.user_agent;
  return texts_.Set(texts);
}

bool WatcherDialog::IsDialogOf(const IncomingRequest& request) const {
  return texts_[kCallId] == request.call_id && texts_[kRemoteTag] == request.from_tag;
}

bool WatcherDialog::TakeNumber(const IncomingRequest& request) {
  if (request.cseq <= remote_cseq_) return false;  // RFC 3261 section 12.2.2
  remote_cseq_ = request.cseq;
  return true;
}

void WatcherDialog::TakeTarget(const IncomingRequest& request, const NotifyWay& way) {
  // SUBSCRIBE is a target refresh request (RFC 6665 section 3.1).
  const bool moved = texts_[kContact] != request.contact_uri || texts_[kFirstHop] != way.first_hop;
  if (!moved) return;
  texts_.Replace(kContact, request.contact_uri);
  texts_.Replace(kFirstHop, way.first_hop);
  // A route is taken from the first SUBSCRIBE only.
  if (!is_routed()) unproven_ = way.elsewhere;
}

bool WatcherDialog::LeaveConnection() {
  const std::optional<NotifyWay> way = WayAfterConnection(texts_[kFirstHop], texts_[kContact]);
  if (!way.has_value()) return false;
  texts_.Replace(kFirstHop, way->first_hop);
  unproven_ = way->elsewhere;
  return true;
}

OutgoingRequest WatcherDialog::NextNotify(std::string_view redirect_to) {
  OutgoingRequest request;
  request.method = "NOTIFY";
  request.request_uri = std::string(redirect_to.empty() ? texts_[kContact] : redirect_to);
  request.from_uri = std::string(texts_[kLocalUri]);
  request.from_tag = LocalTagText();
  request.to_uri = std::string(texts_[kRemoteUri]);
  request.to_tag = std::string(texts_[kRemoteTag]);
  request.call_id = std::string(texts_[kCallId]);
  request.cseq = ++local_cseq_;
  request.event = std::string(texts_[kEvent]);
  if (is_routed()) {
    request.route_set = absl::StrSplit(AbslView(texts_[kRoutes]), '\n');
    GoByStrictRouter(request);
  }
  return request;
}

std::string WatcherDialog::FirstHop(std::string_view redirect_to) const {
  std::string_view routes = texts_[kRoutes];
  if (!redirect_to.empty() && routes.empty()) return std::string(redirect_to);
  if (!texts_[kFirstHop].empty()) return std::string(texts_[kFirstHop]);
  if (routes.empty()) return std::string(texts_[kContact]);
  routes = routes.substr(0, routes.find('\n'));
  return std::string(routes.substr(1, routes.size() - 2));  // without <>
}

std::string WatcherDialog::LocalTagText() const {
  return absl::StrCat(absl::Hex(local_tag_, absl::kZeroPad16));
}

std::string_view WatcherDialog::event_parameters() const {
  const std::string_view event = texts_[kEvent];
  return event.substr(std::min(event.find(';'), event.size()));
}

}  // namespace sipevents::sip
