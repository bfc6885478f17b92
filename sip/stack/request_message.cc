#include "sip/stack/request_message.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/su_tag.h>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

constexpr char kUserAgent[] = "sip-event-gateway";

// The start line's and all headers' names and what of their values is always the same, Via and
// Contact with the longest numeric address.
constexpr size_t kFixedOctets = 500;

std::string FormatName(std::string_view uri, std::string_view tag) {
  std::string name = absl::StrCat("<", std::string(uri), ">");
  if (!tag.empty()) absl::StrAppend(&name, ";tag=", std::string(tag));
  return name;
}

// The headers of an answer as lines.
std::string HeaderLines(const NotifyAnswer& answer) {
  std::string lines;
  for (const auto& [name, value] : answer.headers) {
    if (!value.empty()) absl::StrAppend(&lines, name, ": ", value, "\r\n");
  }
  return lines;
}

}  // namespace

MessagePtr NewRequest(const OutgoingRequest& request, const OwnHeaders& own) {
  MessagePtr owned(msg_create(sip_default_mclass(), 0));
  msg_t* message = owned.get();
  if (message == nullptr) return nullptr;
  const std::string start = absl::StrCat(request.method, " ", request.request_uri, " SIP/2.0");
  const std::string from = FormatName(request.from_uri, request.from_tag);
  const std::string to = FormatName(request.to_uri, request.to_tag);
  const std::string cseq = absl::StrCat(request.cseq, " ", request.method);
  const std::string expires = request.expires ? absl::StrCat(*request.expires) : "";
  sip_t* sip = sip_object(message);
  int added = sip_add_tl(
      message, sip, SIPTAG_REQUEST_STR(start.c_str()),
      TAG_IF(!own.via.empty(), SIPTAG_VIA_STR(own.via.c_str())), SIPTAG_FROM_STR(from.c_str()),
      SIPTAG_TO_STR(to.c_str()), SIPTAG_CALL_ID_STR(request.call_id.c_str()),
      SIPTAG_CSEQ_STR(cseq.c_str()), SIPTAG_MAX_FORWARDS_STR("70"),
      SIPTAG_CONTACT_STR(own.contact.c_str()),
      TAG_IF(!request.event.empty(), SIPTAG_EVENT_STR(request.event.c_str())),
      TAG_IF(request.expires, SIPTAG_EXPIRES_STR(expires.c_str())),
      TAG_IF(!request.accept.empty(), SIPTAG_ACCEPT_STR(request.accept.c_str())),
      TAG_IF(!request.supported.empty(), SIPTAG_SUPPORTED_STR(request.supported.c_str())),
      TAG_IF(!request.require.empty(), SIPTAG_REQUIRE_STR(request.require.c_str())),
      SIPTAG_ALLOW_STR(kAllowedMethods), SIPTAG_ALLOW_EVENTS_STR(own.allow_events.c_str()),
      SIPTAG_USER_AGENT_STR(kUserAgent),
      TAG_IF(!request.content_type.empty(), SIPTAG_CONTENT_TYPE_STR(request.content_type.c_str())),
      TAG_IF(!request.content_disposition.empty(),
             SIPTAG_CONTENT_DISPOSITION_STR(request.content_disposition.c_str())),
      TAG_IF(!request.body.empty(), SIPTAG_PAYLOAD_STR(request.body.c_str())), TAG_END());
  for (const std::string& route : request.route_set) {
    if (added >= 0) added = sip_add_tl(message, sip, SIPTAG_ROUTE_STR(route.c_str()), TAG_END());
  }
  if (!request.suppress_if_match.empty() && added >= 0) {
    const std::string line = absl::StrCat("Suppress-If-Match: ", request.suppress_if_match);
    added = sip_add_tl(message, sip, SIPTAG_HEADER_STR(line.c_str()), TAG_END());
  }
  if (!request.call_info.empty() && added >= 0) {
    added = sip_add_tl(message, sip, SIPTAG_CALL_INFO_STR(request.call_info.c_str()), TAG_END());
  }
  for (const auto& [name, value] : request.authorization) {
    const std::string line = absl::StrCat(name, ": ", value);
    if (added >= 0) added = sip_add_tl(message, sip, SIPTAG_HEADER_STR(line.c_str()), TAG_END());
  }
  if (added < 0) owned.reset();
  return owned;
}

MessagePtr NewAnswer(msg_t* request_message, const NotifyAnswer& answer,
                     const std::string& to_tag) {
  const sip_t* request = sip_object(request_message);
  if (request == nullptr || request->sip_via == nullptr) return nullptr;
  MessagePtr owned(msg_create(sip_default_mclass(), 0));
  msg_t* message = owned.get();
  if (message == nullptr) return nullptr;
  sip_t* sip = sip_object(message);
  su_home_t* home = msg_home(message);
  const std::string lines = HeaderLines(answer);
  sip_add_tl(message, sip, TAG_IF(!lines.empty(), SIPTAG_HEADER_STR(lines.c_str())), TAG_END());
  sip->sip_status = sip_status_create(home, answer.status, PhraseOf(answer), nullptr);
  sip->sip_via = sip_via_dup(home, request->sip_via);
  sip->sip_from = sip_from_dup(home, request->sip_from);
  sip->sip_to = sip_to_dup(home, request->sip_to);
  sip->sip_call_id = sip_call_id_dup(home, request->sip_call_id);
  sip->sip_cseq = sip_cseq_dup(home, request->sip_cseq);
  if (request->sip_record_route != nullptr) {
    sip->sip_record_route = sip_record_route_dup(home, request->sip_record_route);
  }
  if (sip->sip_to != nullptr && sip->sip_to->a_tag == nullptr) {
    sip_to_tag(home, sip->sip_to, to_tag.c_str());
  }
  return owned;
}

const char* PhraseOf(const NotifyAnswer& answer) {
  return answer.phrase.empty() ? sip_status_phrase(answer.status) : answer.phrase.c_str();
}

std::string WireText(msg_t* message) {
  // Adds Content-Length and the empty line. An answer to a request that lacks headers (400) cannot
  // be complete otherwise.
  sip_complete_message(message);
  if (msg_serialize(message, reinterpret_cast<msg_pub_t*>(sip_object(message))) < 0) return "";
  size_t length = 0;
  char* text = msg_as_string(msg_home(message), message, nullptr, 0, &length);
  if (text == nullptr) return "";
  std::string wire(text, length);
  su_free(msg_home(message), text);
  return wire;
}

size_t EstimatedOctets(const OutgoingRequest& request, std::string_view allow_events) {
  size_t octets = kFixedOctets + allow_events.size() + request.request_uri.size() +
                  request.from_uri.size() + request.from_tag.size() + request.to_uri.size() +
                  request.to_tag.size() + request.call_id.size() + request.event.size() +
                  request.accept.size() + request.suppress_if_match.size() +
                  request.call_info.size() + request.supported.size() + request.require.size() +
                  request.content_disposition.size() + request.content_type.size() +
                  request.body.size() + request.contact.size() + request.contact_user.size() +
                  request.contact_parameters.size();
  for (const std::string& route : request.route_set) octets += route.size() + 10;
  for (const auto& [name, value] : request.authorization) {
    octets += name.size() + value.size() + 4;
  }
  return octets;
}

}  // namespace sipevents::sip
