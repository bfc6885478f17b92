#include "sip/stack/sofia_text.h"

#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_header.h>

#include <algorithm>
#include <utility>

#include "sip/base/header_grammar.h"

namespace sipevents::sip {
namespace {

void AddChallenges(const msg_auth_t* auth, bool proxy, std::vector<Challenge>& challenges) {
  for (; auth != nullptr; auth = auth->au_next) {
    challenges.push_back({proxy, HeaderValue(reinterpret_cast<const msg_header_t*>(auth))});
  }
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// What a Record-Route says about where to send, without headers.
std::vector<std::string> RouteValues(const sip_record_route_t* route) {
  std::vector<std::string> values;
  for (; route != nullptr; route = route->r_next) {
    sip_record_route_t hop = *route;
    hop.r_url->url_headers = nullptr;
    std::string value = HeaderValue(reinterpret_cast<const msg_header_t*>(&hop));
    if (IsPrintable(value)) values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

std::string HeaderValue(const msg_header_t* header) {
  std::string text(256, '\0');
  while (true) {
    const issize_t needed = msg_header_field_e(text.data(), text.size(), header, 0);
    if (needed < 0) return "";
    const bool fits = static_cast<size_t>(needed) < text.size();
    text.resize(fits ? needed : needed + 1);
    if (fits) return text;
  }
}

std::string UrlText(const url_t* url) {
  if (url == nullptr) return "";
  std::string text(128, '\0');
  while (true) {
    const issize_t needed = url_e(text.data(), static_cast<isize_t>(text.size()), url);
    if (needed < 0) return "";
    const bool fits = static_cast<size_t>(needed) < text.size();
    text.resize(fits ? needed : needed + 1);
    if (fits) return text;
  }
}

std::string TargetText(const url_t* url) {
  url_t target = *url;
  target.url_headers = nullptr;
  std::string parameters;
  if (View(target.url_params).find("method=") != std::string_view::npos) {
    parameters = target.url_params;
    target.url_params = url_strip_param_string(parameters.data(), "method");
  }
  std::string text = UrlText(&target);
  return IsPrintable(text) ? text : std::string();
}

Response ToResponse(const sip_t& sip) {
  Response response;
  response.status = sip.sip_status->st_status;
  if (sip.sip_to != nullptr) response.to_tag = View(sip.sip_to->a_tag);
  if (sip.sip_contact != nullptr) response.contact = TargetText(sip.sip_contact->m_url);
  // An Expires with a date (RFC 2543) is as good as none (TOR-24).
  if (sip.sip_expires != nullptr && sip.sip_expires->ex_date == 0) {
    response.expires = sip.sip_expires->ex_delta;
  }
  if (sip.sip_min_expires != nullptr) response.min_expires = sip.sip_min_expires->me_delta;
  if (sip.sip_retry_after != nullptr) response.retry_after = sip.sip_retry_after->af_delta;
  AddChallenges(sip.sip_www_authenticate, false, response.challenges);
  AddChallenges(sip.sip_proxy_authenticate, true, response.challenges);
  return response;
}

IncomingNotify ToNotify(const sip_t& sip, absl::Time receive_time) {
  IncomingNotify notify;
  notify.receive_time = receive_time;
  notify.call_id = View(sip.sip_call_id->i_id);
  notify.from_tag = View(sip.sip_from->a_tag);
  notify.to_tag = View(sip.sip_to->a_tag);
  notify.cseq = sip.sip_cseq->cs_seq;
  notify.event_type = View(sip.sip_event->o_type);
  if (sip.sip_event->o_id != nullptr) notify.event_id = sip.sip_event->o_id;
  if (const sip_subscription_state_t* state = sip.sip_subscription_state; state != nullptr) {
    notify.has_subscription_state = true;
    notify.substate = View(state->ss_substate);
    notify.reason = View(state->ss_reason);
    notify.expires = ParseDeltaSeconds(View(state->ss_expires));
    notify.retry_after = ParseDeltaSeconds(View(state->ss_retry_after));
  }
  if (sip.sip_content_type != nullptr) {
    const msg_content_type_t* type = sip.sip_content_type;
    notify.content_type = type->c_params == nullptr
                              ? std::string(View(type->c_type))
                              : HeaderValue(reinterpret_cast<const msg_header_t*>(type));
  }
  if (sip.sip_payload != nullptr) {
    notify.body = std::string_view(sip.sip_payload->pl_data, sip.sip_payload->pl_len);
  }
  if (sip.sip_contact != nullptr) notify.contact_uri = TargetText(sip.sip_contact->m_url);
  notify.record_route = [&sip] { return RouteValues(sip.sip_record_route); };
  return notify;
}

}  // namespace sipevents::sip
