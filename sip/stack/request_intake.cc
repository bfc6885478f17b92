#include "sip/stack/request_intake.h"

#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_header.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/stack/raw_header.h"
#include "sip/stack/request_checks.h"
#include "sip/stack/sofia_text.h"

namespace sipevents::sip {
namespace {

// Elements of a list that are looked at.
constexpr size_t kMaxListed = 32;
constexpr int kWholeQ = 1000;

// `0.5` as thousandths; what is no q counts as 1.
int ThousandthsOf(std::string_view q) {
  double value = 1;
  if (q.empty() || !absl::SimpleAtod(AbslView(q), &value)) return kWholeQ;
  if (!(value <= 1)) return kWholeQ;  // nor is `nan`
  return value < 0 ? 0 : static_cast<int>(std::lround(value * kWholeQ));
}

std::vector<AcceptedType> AcceptedTypes(const sip_accept_t* accept) {
  std::vector<AcceptedType> types;
  for (; accept != nullptr && types.size() < kMaxListed; accept = accept->ac_next) {
    const std::string_view type = View(accept->ac_type);
    if (!type.empty()) types.push_back({type, ThousandthsOf(View(accept->ac_q))});
  }
  return types;
}

std::vector<std::string_view> Items(const msg_list_t* list) {
  std::vector<std::string_view> items;
  if (list == nullptr || list->k_items == nullptr) return items;
  for (const auto* item = list->k_items; *item != nullptr && items.size() < kMaxListed; ++item) {
    items.push_back(View(*item));
  }
  return items;
}

std::vector<std::string> RawList(std::string_view text, std::string_view name) {
  std::vector<std::string> values;
  while (const auto value = TakeRawValue(text, name)) {
    if (values.size() < kMaxListed) values.emplace_back(*value);
  }
  return values;
}

std::string_view DisplayName(const char* display) {
  std::string_view name = View(display);
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  return name;
}

void AddEvent(const sip_t& sip, IncomingRequest& request) {
  if (HasBadHeader(sip, "Event")) {
    request.event_count = 2;  // or one that cannot be read, which is as bad (NOT-04)
    return;
  }
  const sip_event_t* event = sip.sip_event;
  if (event == nullptr) return;
  request.event_count = 1;
  request.event_type = View(event->o_type);
  request.event_type_ok = IsEventType(request.event_type);
  if (event->o_id != nullptr) {
    request.event_id = View(event->o_id);
    request.event_type_ok = request.event_type_ok && IsToken(*request.event_id);  // TOR-03
  }
  const auto* parameter = event->o_params;
  for (; parameter != nullptr && *parameter != nullptr; ++parameter) {
    if (request.event_parameters.size() < kMaxListed) {
      request.event_parameters.push_back(View(*parameter));
    }
  }
}

void AddSource(const sip_t& sip, const NextHop& source, IncomingRequest& request) {
  request.source.peer = source.address;
  request.source.transport = source.transport;
  request.source.via_host = View(sip.sip_via->v_host);
  uint32_t port = 0;
  if (absl::SimpleAtoi(AbslView(View(sip.sip_via->v_port)), &port) && port < 65536) {
    request.source.via_port = static_cast<uint16_t>(port);
  }
}

// RFC 3261 section 8.2.3; of PUBLISH the body is what it is about.
bool HasOptionalBody(const sip_t& sip) {
  return sip.sip_request->rq_method == sip_method_subscribe &&
         sip.sip_content_disposition != nullptr && sip.sip_content_disposition->cd_optional != 0;
}

bool Known(std::string_view tag, bool subscribe) {
  return subscribe &&
         (EqualsIgnoreCase(tag, "eventlist") || EqualsIgnoreCase(tag, "recipient-list-subscribe"));
}

}  // namespace

std::optional<RequestAnswer> RefuseBadRequest(const sip_t& sip) {
  const sip_request_t& request = *sip.sip_request;
  const bool subscribe = request.rq_method == sip_method_subscribe;
  if (std::optional<RequestAnswer> refusal = RefuseBadCseq(sip)) return refusal;
  if (request.rq_url->url_type != url_sip && request.rq_url->url_type != url_sips &&
      request.rq_url->url_type != url_pres) {
    return RequestAnswer{416, {}};
  }
  const size_t octets = sip.sip_payload == nullptr ? 0 : sip.sip_payload->pl_len;
  if (sip.sip_content_length != nullptr && sip.sip_content_length->l_length > octets) {
    return RequestAnswer{400, {}, "Body shorter than Content-Length"};  // RFC 3261 section 18.3
  }
  if (View(sip.sip_from->a_tag).empty()) return RequestAnswer{400, {}, "Missing From Tag"};
  // What is bad though one was read is another one.
  if (sip.sip_expires != nullptr && HasBadHeader(sip, "Expires")) {
    return RequestAnswer{400, {}, "More than one Expires"};
  }
  if (subscribe) {
    if (sip.sip_contact == nullptr) return RequestAnswer{400, {}, "Missing Contact"};
    if (sip.sip_contact->m_next != nullptr) return RequestAnswer{400, {}, "More than one Contact"};
    const std::string target = TargetText(sip.sip_contact->m_url);
    if (!absl::StartsWithIgnoreCase(target, "sip:") &&
        !absl::StartsWithIgnoreCase(target, "sips:")) {
      return RequestAnswer{400, {}, "Bad Contact"};
    }
  }
  std::string unsupported;
  for (const std::string_view tag : Items(sip.sip_require)) {
    if (Known(tag, subscribe)) continue;
    absl::StrAppend(&unsupported, unsupported.empty() ? "" : ", ", AbslView(tag));
  }
  if (!unsupported.empty()) return RequestAnswer{420, {{"Unsupported", unsupported}}};
  if (HasEncodedBody(sip) && !HasOptionalBody(sip)) {
    return RequestAnswer{415, {{"Accept-Encoding", "identity"}}};
  }
  return std::nullopt;
}

IncomingRequest ToIncomingRequest(const sip_t& sip, std::string_view text, const NextHop& source,
                                  absl::Time receive_time) {
  IncomingRequest request;
  request.receive_time = receive_time;
  AddSource(sip, source, request);
  request.method = View(sip.sip_request->rq_method_name);
  request.request_uri = UrlText(sip.sip_request->rq_url);
  request.from_uri = UrlText(sip.sip_from->a_url);
  request.from_tag = View(sip.sip_from->a_tag);
  request.from_name = DisplayName(sip.sip_from->a_display);
  request.to_uri = UrlText(sip.sip_to->a_url);
  request.to_tag = View(sip.sip_to->a_tag);
  request.call_id = View(sip.sip_call_id->i_id);
  request.cseq = sip.sip_cseq->cs_seq;
  AddEvent(sip, request);
  request.expires = ExpiresOf(sip, text);
  request.has_accept = sip.sip_accept != nullptr;
  request.accept = AcceptedTypes(sip.sip_accept);
  request.supported = Items(sip.sip_supported);
  request.require = Items(sip.sip_require);
  request.content_type = ContentTypeOf(sip);
  if (sip.sip_content_disposition != nullptr) {
    request.content_disposition = View(sip.sip_content_disposition->cd_type);
  }
  request.body_is_optional = HasOptionalBody(sip);
  // What is encoded is not understood, and came here only if it need not be.
  if (sip.sip_payload != nullptr && !HasEncodedBody(sip)) {
    request.body = std::string_view(sip.sip_payload->pl_data, sip.sip_payload->pl_len);
  }
  if (sip.sip_contact != nullptr) request.contact_uri = TargetText(sip.sip_contact->m_url);
  if (sip.sip_request->rq_method == sip_method_publish) {
    if (sip.sip_if_match != nullptr || HasBadHeader(sip, "SIP-If-Match")) {
      request.if_match = RawList(text, "SIP-If-Match");
    }
  } else {
    request.suppress_if_match = RawList(text, "Suppress-If-Match");
  }
  request.authorization = AuthorizationValues(sip.sip_authorization);
  request.record_route = RecordRouteValues(sip.sip_record_route);
  if (sip.sip_user_agent != nullptr) request.user_agent = View(sip.sip_user_agent->g_string);
  return request;
}

}  // namespace sipevents::sip
