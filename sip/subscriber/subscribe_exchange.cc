#include "sip/subscriber/subscribe_exchange.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/subscriber/response_table.h"

namespace sipevents::sip {
namespace {

// The URI of a Route value: what stands between the angle brackets.
std::string_view RouteUri(std::string_view route) {
  const size_t begin = route.find('<');
  const size_t end = route.find('>');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return route;
  }
  return route.substr(begin + 1, end - begin - 1);
}

bool IsLooseRoute(std::string_view route) {
  const std::string uri = ToLower(RouteUri(route));
  const size_t found = uri.find(";lr");
  return found != std::string::npos && (found + 3 == uri.size() || uri[found + 3] == ';' ||
                                        uri[found + 3] == '=' || uri[found + 3] == '?');
}

}  // namespace

SubscribeExchange::SubscribeExchange(SubscriberContext& context, SubscribeTemplate& subscribe,
                                     Owner& owner)
    : context_(context), subscribe_(subscribe), owner_(owner) {}

SubscribeExchange::~SubscribeExchange() { Cancel(); }

void SubscribeExchange::Send(uint32_t expires, RequestPriority priority, bool conditional) {
  Cancel();
  expires_ = expires;
  conditional_ = conditional;
  priority_ = priority;
  // An attempt has its bounds for all that it sends, each refresh has its own.
  if (in_dialog()) {
    resends_ = challenges_ = 0;
    redirections_.reset();
  }
  Transmit();
}

void SubscribeExchange::Cancel() {
  if (request_ != 0) context_.sender.Forget(std::exchange(request_, 0));
  waiting_since_ = absl::InfinitePast();
}

void SubscribeExchange::Retarget(std::string remote_target) {
  if (leg_.remote_target == remote_target) return;
  const std::string before = FirstHop();
  leg_.remote_target = std::move(remote_target);
  if (!waiting() || FirstHop() == before) return;
  // It waits at a server where it has nothing to do any more.
  const absl::Time since = waiting_since_;
  Cancel();
  Transmit();
  if (waiting()) waiting_since_ = since;
}

std::string SubscribeExchange::FirstHop() const {
  if (!leg_.route_set.empty()) return std::string(RouteUri(leg_.route_set.front()));
  return leg_.remote_target.empty() ? subscribe_.wire_uri() : leg_.remote_target;
}

void SubscribeExchange::Transmit() {
  waiting_since_ = context_.clock.Now();
  // OnSent() may come first.
  request_ = context_.sender.Send(FirstHop(), priority_, *this);
}

OutgoingRequest SubscribeExchange::Fill() {
  OutgoingRequest request = subscribe_.Fill(in_dialog());
  request.from_tag = leg_.local_tag;
  request.to_tag = leg_.remote_tag;
  request.call_id = leg_.call_id;
  request.cseq = ++leg_.cseq;
  request.expires = expires_;
  if (conditional_) request.suppress_if_match = leg_.entity_tag;
  request.route_set = leg_.route_set;
  if (!leg_.remote_target.empty()) request.request_uri = leg_.remote_target;
  // A strict router wants its own URI in the start line (RFC 3261 section 12.2.1.1).
  if (in_dialog() && !request.route_set.empty() && !IsLooseRoute(request.route_set.front())) {
    request.route_set.push_back(absl::StrCat("<", request.request_uri, ">"));
    request.request_uri = std::string(RouteUri(request.route_set.front()));
    request.route_set.erase(request.route_set.begin());
  }
  if (!leg_.redirected) subscribe_.Authorize(request);
  owner_.OnRequestMade(*this, request);
  return request;
}

void SubscribeExchange::OnServer(std::string_view server) {
  if (server_ != server) server_ = std::string(server);
}

void SubscribeExchange::OnSent() {
  waiting_since_ = absl::InfinitePast();
  owner_.OnSent(*this);
}

void SubscribeExchange::OnFinal(const Response& response) {
  request_ = 0;
  waiting_since_ = absl::InfinitePast();
  owner_.OnResponseCame(*this, response);
  const bool challenged = response.status == 401 || response.status == 407;
  if (!response.made_here && !challenged && !leg_.redirected) subscribe_.OnAnswered();
  if (response.status >= 300 && resends_ < kMostResends && Adapts(response)) {
    ++resends_;
    owner_.OnResend(*this);
    Transmit();
    return;
  }
  if (response.status >= 300 && in_dialog() && redirections_ != nullptr) {
    // It led nowhere: the dialog goes on where it was.
    leg_.remote_target = redirections_->origin();
    leg_.redirected = redirected_before_;
  }
  LogRefusal(response);
  if (const int status = RefusalBehind(response); status != 0) {
    Response refusal;
    refusal.status = status;
    owner_.OnAnswer(*this, refusal);
    return;
  }
  owner_.OnAnswer(*this, response);
}

void SubscribeExchange::LogRefusal(const Response& response) const {
  if (response.status < 300 || response.made_here || !LogEnabled(LogSeverity::kInfo)) return;
  Log(LogSeverity::kInfo, "subscriber", "refused",
      {{"target", subscribe_.request().target_uri},
       {"event", subscribe_.request().event_package},
       {"sip_status", response.status},
       {"allow", response.allow},
       {"allow_events", response.allow_events}});
}

int SubscribeExchange::RefusalBehind(const Response& response) const {
  if (!response.made_here) return 0;
  if (in_dialog()) return redirections_ != nullptr ? 300 : 0;
  return secured_ ? 416 : 0;  // nobody speaks TLS there
}

bool SubscribeExchange::Adapts(const Response& response) {
  const InitialAction action = ResponseRowOf(response.status).initial;
  // A longer interval is its owner's business.
  if (action == InitialAction::kLongerInterval) return false;
  if (action == InitialAction::kAuthenticate && !response.made_here && !leg_.redirected &&
      challenges_ < kMostChallenges && subscribe_.MeetChallenge(response)) {
    ++challenges_;
    return true;
  }
  if (!in_dialog() && !response.made_here && AdaptsOutsideDialog(action)) return true;
  return FollowsRedirection(response);
}

bool SubscribeExchange::AdaptsOutsideDialog(InitialAction action) {
  switch (action) {
    case InitialAction::kDropAccept:
      return subscribe_.DropAccept();
    case InitialAction::kDropBody:
      return subscribe_.DropBody();
    case InitialAction::kSecure: {
      if (secured_ || leg_.redirected) return false;
      std::optional<std::string> secure = subscribe_.SecureVariant();
      if (!secure.has_value()) return false;
      secured_ = true;
      leg_.remote_target = *std::move(secure);
      return true;
    }
    default:
      return false;
  }
}

// Goes to the next place that a 3xx named: of this response, or of an earlier one whose place
// turned out to fail.
bool SubscribeExchange::FollowsRedirection(const Response& response) {
  const bool redirected = ResponseRowOf(response.status).initial == InitialAction::kRedirect;
  if (redirected && !response.made_here) {
    if (redirections_ == nullptr) {
      redirections_ = std::make_unique<Redirections>(
          leg_.remote_target.empty() ? subscribe_.wire_uri() : leg_.remote_target);
      redirected_before_ = leg_.redirected;
    }
    redirections_->Offer(response.redirect_to);
  }
  if (redirections_ == nullptr) return false;
  std::optional<std::string> next = redirections_->Next();
  if (!next.has_value()) return false;
  Log(LogSeverity::kInfo, "subscriber", "redirected",
      {{"target", subscribe_.request().target_uri}, {"to", *next}});
  leg_.remote_target = *std::move(next);
  leg_.redirected = true;
  return true;
}

}  // namespace sipevents::sip
