#include "sip/subscriber/subscribe_exchange.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/log.h"
#include "sip/base/uri.h"
#include "sip/packages/package_table.h"

namespace sipevents::sip {
namespace {

constexpr char kMethod[] = "SUBSCRIBE";

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

SubscribeTemplate::SubscribeTemplate(SubscriberContext& context, SubscribeRequest request)
    : context_(context),
      request_(std::move(request)),
      wire_uri_(WireRequestUri(request_.target_uri)),
      digest_(context.random) {
  if (absl::StatusOr<Uri> uri = ParseUri(wire_uri_); uri.ok()) host_ = uri->host;
  event_ = FormatEventHeader(request_.event_package, request_.event_parameters);
  for (const auto& [name, value] : request_.event_parameters) {
    if (EqualsIgnoreCase(name, "id")) event_id_ = value;
  }
  const EventPackage& package = FindPackage(request_.event_package);
  accept_ = request_.accept.empty() ? package.accept() : request_.accept;
  expires_ = request_.expires > absl::ZeroDuration()  ? request_.expires
             : context.expires > absl::ZeroDuration() ? context.expires
                                                      : package.default_expires();
}

OutgoingRequest SubscribeTemplate::Fill() const {
  OutgoingRequest request;
  request.method = kMethod;
  request.request_uri = wire_uri_;
  request.from_uri = request_.identity.empty() ? context_.identity : request_.identity;
  request.to_uri = wire_uri_;
  request.event = event_;
  request.accept = absl::StrJoin(accept_, ", ");
  return request;
}

bool SubscribeTemplate::Accept(const Response& response) {
  std::vector<std::string> www;
  std::vector<std::string> proxy;
  for (const Challenge& challenge : response.challenges) {
    (challenge.proxy ? proxy : www).push_back(challenge.value);
  }
  const absl::Status status = digest_.Accept(www, proxy, [this](std::string_view realm) {
    return context_.credentials.Lookup(realm, host_);
  });
  if (!status.ok()) {
    Log(LogSeverity::kWarning, "subscriber", "challenge not met",
        {{"target", request_.target_uri}, {"error", status.message()}});
  }
  return status.ok();
}

SubscribeExchange::SubscribeExchange(SubscriberContext& context, SubscribeTemplate& subscribe,
                                     std::function<void(const Response&)> on_answer,
                                     std::function<void()> on_resent)
    : context_(context),
      subscribe_(subscribe),
      on_answer_(std::move(on_answer)),
      on_resent_(std::move(on_resent)) {}

SubscribeExchange::~SubscribeExchange() {
  if (request_ != 0) context_.sender.Forget(request_);
}

void SubscribeExchange::Send(uint32_t expires) {
  if (request_ != 0) context_.sender.Forget(request_);
  expires_ = expires;
  Transmit();
}

void SubscribeExchange::Transmit() {
  OutgoingRequest request = subscribe_.Fill();
  request.from_tag = leg_.local_tag;
  request.to_tag = leg_.remote_tag;
  request.call_id = leg_.call_id;
  request.cseq = ++leg_.cseq;
  request.expires = expires_;
  request.route_set = leg_.route_set;
  if (!leg_.remote_target.empty()) {
    request.request_uri = leg_.remote_target;
    // A strict router wants its own URI in the start line (RFC 3261 section 12.2.1.1).
    if (!request.route_set.empty() && !IsLooseRoute(request.route_set.front())) {
      request.request_uri = std::string(RouteUri(request.route_set.front()));
      request.route_set.erase(request.route_set.begin());
      request.route_set.push_back(absl::StrCat("<", leg_.remote_target, ">"));
    }
  } else {
    request.content_type = subscribe_.request().body_content_type;
    request.body = subscribe_.request().body;
  }
  for (const ClientDigestSession::Header& header :
       subscribe_.digest_.Authorize(kMethod, request.request_uri, request.body)) {
    request.authorization.emplace_back(header.proxy ? "Proxy-Authorization" : "Authorization",
                                       header.value);
  }
  request_ = context_.sender.Send(std::move(request),
                                  [this](const Response& response) { OnFinal(response); });
}

void SubscribeExchange::OnFinal(const Response& response) {
  request_ = 0;
  const bool challenged = response.status == 401 || response.status == 407;
  if (challenged && !response.made_here && subscribe_.Accept(response)) {
    Transmit();
    const auto on_resent = on_resent_;
    on_resent();
    return;
  }
  if (!challenged && !response.made_here) subscribe_.digest_.OnAnswered();
  // A copy, since the call may destroy this.
  const auto on_answer = on_answer_;
  on_answer(response);
}

}  // namespace sipevents::sip
