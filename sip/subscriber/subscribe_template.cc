#include "sip/subscriber/subscribe_template.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/log.h"
#include "sip/base/uri.h"
#include "sip/body/media_type.h"
#include "sip/packages/package_table.h"

namespace sipevents::sip {
namespace {

constexpr char kMethod[] = "SUBSCRIBE";

// The types of bodies about lists (RLS-01).
constexpr const char* kListTypes[] = {"multipart/related", "application/rlmi+xml"};

// Whether what goes there first keeps a sips: request as safe as it asks for.
bool CarriesSips(const std::string& outbound_route) {
  const std::string route = ToLower(outbound_route);
  return route.empty() || route.find("sips:") != std::string::npos ||
         route.find("transport=tls") != std::string::npos;
}

}  // namespace

std::string RecipientList(const std::vector<std::string>& members) {
  std::string document =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>\r\n";
  for (const std::string& member : members) {
    // No URI holds a quote or a bracket.
    absl::StrAppend(&document, "<entry uri=\"", absl::StrReplaceAll(member, {{"&", "&amp;"}}),
                    "\"/>\r\n");
  }
  document += "</list></resource-lists>\r\n";
  return document;
}

SubscribeTemplate::SubscribeTemplate(SubscriberContext& context, SubscribeRequest request)
    : context_(context),
      request_(std::move(request)),
      wire_uri_(WireRequestUri(request_.target_uri)) {
  if (absl::StatusOr<Uri> uri = ParseUri(wire_uri_); uri.ok()) host_ = uri->host;
  event_ = FormatEventHeader(request_.event_package, request_.event_parameters);
  for (const auto& [name, value] : request_.event_parameters) {
    if (EqualsIgnoreCase(name, "id")) event_id_ = value;
  }
  const EventPackage& package = FindPackage(request_.event_package);
  accept_ = request_.accept.empty() ? package.accept : request_.accept;
  takes_lists_ = package.takes_lists;
  for (const char* type : kListTypes) {
    if (!takes_lists_ || accept_.empty()) break;
    if (std::find(accept_.begin(), accept_.end(), type) == accept_.end())
      accept_.emplace_back(type);
  }
  expires_ = request_.expires > absl::ZeroDuration()  ? request_.expires
             : context.expires > absl::ZeroDuration() ? context.expires
                                                      : package.default_expires;
}

OutgoingRequest SubscribeTemplate::Fill(bool in_dialog) const {
  OutgoingRequest request;
  request.method = kMethod;
  request.request_uri = wire_uri_;
  request.from_uri = identity();
  request.to_uri = wire_uri_;
  request.event = event_;
  if (!without_accept_) request.accept = AcceptHeader();
  if (takes_lists_) request.supported = "eventlist";
  if (context_.contact_of) request.contact = context_.contact_of(request.from_uri);
  // RFC 5627 section 4.4.
  if (!request.contact.empty()) request.supported += takes_lists_ ? ", gruu" : "gruu";
  if (request_.appearance_index > 0) {
    request.call_info =
        absl::StrCat("<sip:", host_, ">;appearance-index=", request_.appearance_index);
  }
  if (in_dialog) return request;
  if (!request_.members.empty()) {
    request.require = "recipient-list-subscribe";
    request.content_type = "application/resource-lists+xml";
    request.content_disposition = "recipient-list";
    request.body = RecipientList(request_.members);
  } else if (!without_body_) {
    request.content_type = request_.body_content_type;
    request.body = request_.body;
  }
  return request;
}

bool SubscribeTemplate::DropAccept() {
  if (without_accept_ || accept_.empty()) return false;
  without_accept_ = true;
  return true;
}

bool SubscribeTemplate::IsOfChanges(std::string_view media_range) const {
  const std::string_view type = FindPackage(request_.event_package).changes_type;
  return !type.empty() && MatchesMediaType(media_range, type);
}

std::string SubscribeTemplate::AcceptHeader() const {
  if (!without_changes_) return absl::StrJoin(accept_, ", ");
  std::vector<std::string> whole;
  for (const std::string& range : accept_) {
    if (!IsOfChanges(range)) whole.push_back(range);
  }
  return absl::StrJoin(whole, ", ");
}

bool SubscribeTemplate::DropChanges() {
  const auto names = [this](std::string_view type) {
    return std::any_of(accept_.begin(), accept_.end(),
                       [type](const std::string& range) { return MatchesMediaType(range, type); });
  };
  const EventPackage& package = FindPackage(request_.event_package);
  if (without_changes_ || package.changes_type.empty() || !names(package.changes_type)) {
    return false;
  }
  without_changes_ = true;
  // The caller may have named nothing else.
  for (const std::string& type : package.accept) {
    if (!names(type)) accept_.push_back(type);
  }
  return true;
}

bool SubscribeTemplate::DropBody() {
  if (without_body_ || request_.body.empty()) return false;
  without_body_ = true;
  return true;
}

std::optional<std::string> SubscribeTemplate::SecureVariant() const {
  if (!CarriesSips(context_.outbound_route)) return std::nullopt;
  absl::StatusOr<Uri> uri = ParseUri(wire_uri_);
  if (!uri.ok() || uri->scheme != "sip") return std::nullopt;
  for (const auto& [name, value] : uri->parameters) {
    if (name == "transport" && EqualsIgnoreCase(value, "udp")) return std::nullopt;
  }
  uri->scheme = "sips";
  return uri->ToString();
}

void SubscribeTemplate::Authorize(OutgoingRequest& request) {
  if (digest_ == nullptr) return;
  for (const ClientDigestSession::Header& header :
       digest_->Authorize(kMethod, request.request_uri, request.body)) {
    request.authorization.emplace_back(header.proxy ? "Proxy-Authorization" : "Authorization",
                                       header.value);
  }
}

bool SubscribeTemplate::MeetChallenge(const Response& response) {
  if (digest_ == nullptr) digest_ = std::make_unique<ClientDigestSession>(context_.random);
  const absl::Status status = digest_->Accept(response.challenges, [this](std::string_view realm) {
    return context_.credentials.Lookup(realm, host_, identity());
  });
  if (!status.ok()) {
    Log(LogSeverity::kWarning, "subscriber", "challenge not met",
        {{"target", request_.target_uri}, {"error", status.message()}});
  }
  return status.ok();
}

void SubscribeTemplate::OnAnswered() {
  if (digest_ != nullptr) digest_->OnAnswered();
}

}  // namespace sipevents::sip
