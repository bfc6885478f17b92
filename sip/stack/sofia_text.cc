#include "sip/stack/sofia_text.h"

#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_header.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/stack/raw_header.h"

namespace sipevents::sip {
namespace {

// Of a SIP-ETag; a longer one is not used.
constexpr size_t kMaxTagOctets = 256;

// sofia-sip's encoders leave out the last string of a list unless there is room for two more
// octets.
constexpr size_t kEncoderSlack = 2;
constexpr size_t kMaxRedirectTargets = 16;
constexpr size_t kMaxListed = 32;
// Devices of one identity.
constexpr size_t kMaxBindings = 200;

void AddChallenges(const msg_auth_t* auth, bool proxy, std::vector<Challenge>& challenges) {
  for (; auth != nullptr; auth = auth->au_next) {
    challenges.push_back({proxy, HeaderValue(reinterpret_cast<const msg_header_t*>(auth))});
  }
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// The URIs of the Contacts, those with the highest q first (RFC 3261 section 20.10).
std::vector<std::string> RedirectTargets(const sip_contact_t* contact) {
  std::vector<std::pair<double, std::string>> found;
  for (; contact != nullptr && found.size() < kMaxRedirectTargets; contact = contact->m_next) {
    double q = 1;
    if (contact->m_q != nullptr && !absl::SimpleAtod(contact->m_q, &q)) q = 0;
    if (std::string uri = TargetText(contact->m_url); !uri.empty()) found.emplace_back(q, uri);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> targets;
  targets.reserve(found.size());
  for (auto& [q, uri] : found) targets.push_back(std::move(uri));
  return targets;
}

// SIP's numbers of seconds end at 2^32 - 1; what is larger counts as that (GEN-12).
uint32_t ClampSeconds(uint64_t seconds) {
  return static_cast<uint32_t>(std::min<uint64_t>(seconds, UINT32_MAX));
}

// The name of a header that the parser refused. One that may be there once, and is there again, is
// kept as what it is; one that it cannot parse, as an error.
std::string_view NameOf(const msg_error_t* error) {
  const auto* header = reinterpret_cast<const msg_header_t*>(error);
  return View(header->sh_class == sip_error_class ? error->er_name : header->sh_class->hc_name);
}

std::string JoinedParameters(const msg_param_t* parameters) {
  std::string joined;
  for (; parameters != nullptr && *parameters != nullptr; ++parameters) {
    absl::StrAppend(&joined, joined.empty() ? "" : ";", *parameters);
  }
  return joined;
}

// The state's token of a Subscription-State whose parameters cannot be parsed; they are ignored
// then (TOR-06). Empty: no token.
std::string_view BareSubstate(const sip_t& sip, std::string_view text) {
  if (!HasBadHeader(sip, "Subscription-State")) return "";
  const std::string_view value = RawValue(text, "Subscription-State");
  return value.substr(0, std::min(value.find_first_of(" \t\r\n;"), value.size()));
}

// Retry-After has parameters and comments that the parser does not know of.
std::optional<uint32_t> RetryAfterOf(const sip_t& sip, std::string_view text) {
  if (sip.sip_retry_after != nullptr) return ClampSeconds(sip.sip_retry_after->af_delta);
  if (!HasBadHeader(sip, "Retry-After")) return std::nullopt;
  const std::optional<RetryAfter> parsed = ParseRetryAfter(RawValue(text, "Retry-After"));
  return parsed.has_value() ? std::optional<uint32_t>(parsed->seconds) : std::nullopt;
}

}  // namespace

std::string HeaderValue(const msg_header_t* header) {
  std::string text(256, '\0');
  while (true) {
    const issize_t needed = msg_header_field_e(text.data(), text.size(), header, 0);
    if (needed < 0) return "";
    const bool fits = static_cast<size_t>(needed) + kEncoderSlack <= text.size();
    text.resize(fits ? needed : needed + kEncoderSlack);
    if (fits) return text;
  }
}

std::string UrlText(const url_t* url) {
  if (url == nullptr) return "";
  std::string text(128, '\0');
  while (true) {
    const issize_t needed = url_e(text.data(), static_cast<isize_t>(text.size()), url);
    if (needed < 0) return "";
    const bool fits = static_cast<size_t>(needed) + kEncoderSlack <= text.size();
    text.resize(fits ? needed : needed + kEncoderSlack);
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

namespace {

// What a peer lists, for the log; so much of it.
template <typename List>
std::string Shown(const List* list) {
  constexpr size_t kMaxShown = 256;
  if (list == nullptr) return "";
  return HeaderValue(reinterpret_cast<const msg_header_t*>(list)).substr(0, kMaxShown);
}

// A parameter without its quotes; empty where there is none, or it cannot be read.
std::string ParameterText(const msg_param_t* parameters, const char* name) {
  const std::string_view value = View(msg_params_find(parameters, name));
  if (!value.starts_with('"')) return std::string(value);
  return UnquoteString(value).value_or("");
}

// What a registrar has of us and of other devices of the same identity.
std::vector<ContactBinding> Bindings(const sip_contact_t* contact) {
  std::vector<ContactBinding> bindings;
  for (; contact != nullptr && bindings.size() < kMaxBindings; contact = contact->m_next) {
    ContactBinding& binding = bindings.emplace_back();
    binding.uri = TargetText(contact->m_url);
    binding.expires = ParseDeltaSeconds(View(contact->m_expires));
    binding.instance = ParameterText(contact->m_params, "+sip.instance=");
    binding.pub_gruu = ParameterText(contact->m_params, "pub-gruu=");
  }
  return bindings;
}

bool Lists(const msg_list_t* list, std::string_view item) {
  if (list == nullptr || list->k_items == nullptr) return false;
  for (const auto* found = list->k_items; *found != nullptr; ++found) {
    if (EqualsIgnoreCase(View(*found), item)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> AuthorizationValues(const msg_auth_t* header) {
  std::vector<std::string> values;
  for (; header != nullptr && values.size() < kMaxListed; header = header->au_next) {
    values.push_back(HeaderValue(reinterpret_cast<const msg_header_t*>(header)));
  }
  return values;
}

std::vector<std::string> RecordRouteValues(const sip_record_route_t* route) {
  std::vector<std::string> values;
  for (; route != nullptr; route = route->r_next) {
    const std::string uri = TargetText(route->r_url);
    if (!uri.empty()) values.push_back(absl::StrCat("<", uri, ">"));
  }
  return values;
}

std::optional<uint32_t> ExpiresOf(const sip_t& sip, std::string_view text) {
  if (HasBadHeader(sip, "Expires")) return ParseExpires(RawValue(text, "Expires"));
  // One with a date (RFC 2543) is as good as none (TOR-24).
  if (sip.sip_expires == nullptr || sip.sip_expires->ex_date != 0) return std::nullopt;
  return ClampSeconds(sip.sip_expires->ex_delta);
}

bool HasBadHeader(const sip_t& sip, std::string_view name) {
  const msg_error_t* error = sip.sip_error;
  while (error != nullptr && !EqualsIgnoreCase(NameOf(error), name)) error = error->er_next;
  return error != nullptr;
}

std::string_view FirstBadHeader(const sip_t& sip) {
  return sip.sip_error == nullptr ? std::string_view() : NameOf(sip.sip_error);
}

std::string ContentTypeOf(const sip_t& sip) {
  const msg_content_type_t* type = sip.sip_content_type;
  if (type == nullptr) return "";
  if (type->c_params == nullptr) return std::string(View(type->c_type));
  return HeaderValue(reinterpret_cast<const msg_header_t*>(type));
}

Response ToResponse(const sip_t& sip, std::string_view text) {
  Response response;
  response.status = sip.sip_status->st_status;
  if (sip.sip_to != nullptr) response.to_tag = View(sip.sip_to->a_tag);
  if (sip.sip_contact != nullptr) response.contact = TargetText(sip.sip_contact->m_url);
  response.expires = ExpiresOf(sip, text);
  if (sip.sip_min_expires != nullptr) {
    response.min_expires = ClampSeconds(sip.sip_min_expires->me_delta);
  }
  response.retry_after = RetryAfterOf(sip, text);
  if (response.status >= 300 && response.status < 400) {
    response.redirect_to = RedirectTargets(sip.sip_contact);
  }
  for (const sip_accept_t* type = sip.sip_accept;
       type != nullptr && response.accept.size() < kMaxListed; type = type->ac_next) {
    response.accept.emplace_back(View(type->ac_type));
  }
  if (sip.sip_unsupported != nullptr && sip.sip_unsupported->k_items != nullptr) {
    for (const auto* tag = sip.sip_unsupported->k_items;
         *tag != nullptr && response.unsupported.size() < kMaxListed; ++tag) {
      response.unsupported.emplace_back(View(*tag));
    }
  }
  if (response.status == 405) response.allow = Shown(sip.sip_allow);
  if (response.status == 489) response.allow_events = Shown(sip.sip_allow_events);
  if (response.status == 421 && sip.sip_require != nullptr && sip.sip_require->k_items != nullptr) {
    for (const auto* tag = sip.sip_require->k_items;
         *tag != nullptr && response.required.size() < kMaxListed; ++tag) {
      response.required.emplace_back(View(*tag));
    }
  }
  AddChallenges(sip.sip_www_authenticate, false, response.challenges);
  AddChallenges(sip.sip_proxy_authenticate, true, response.challenges);
  if (response.status / 100 == 2 && sip.sip_etag != nullptr) {
    const std::string_view tag = View(sip.sip_etag->g_string);
    if (tag.size() <= kMaxTagOctets && IsToken(tag)) response.entity_tag = tag;
  }
  if (sip.sip_event != nullptr && response.status / 100 == 2 &&
      sip.sip_cseq->cs_method == sip_method_notify) {
    const auto* parameter = sip.sip_event->o_params;
    for (; parameter != nullptr && *parameter != nullptr; ++parameter) {
      if (response.event_parameters.size() < kMaxListed) {
        response.event_parameters.push_back(View(*parameter));
      }
    }
  }
  if (response.status / 100 == 2 && sip.sip_cseq->cs_method == sip_method_register) {
    response.bindings = Bindings(sip.sip_contact);
    response.outbound = Lists(sip.sip_require, "outbound");
    response.flow_timer = ParseDeltaSeconds(RawValue(text, "Flow-Timer"));
  }
  return response;
}

IncomingNotify ToNotify(const sip_t& sip, std::string_view text, absl::Time receive_time) {
  IncomingNotify notify;
  notify.receive_time = receive_time;
  notify.call_id = View(sip.sip_call_id->i_id);
  notify.from_tag = View(sip.sip_from->a_tag);
  notify.to_tag = View(sip.sip_to->a_tag);
  notify.request_user = View(sip.sip_request->rq_url->url_user);
  notify.to_user = View(sip.sip_to->a_url->url_user);
  notify.to_host = View(sip.sip_to->a_url->url_host);
  notify.cseq = sip.sip_cseq->cs_seq;
  notify.event_type = View(sip.sip_event->o_type);
  if (sip.sip_event->o_id != nullptr) notify.event_id = sip.sip_event->o_id;
  notify.event_parameters = JoinedParameters(sip.sip_event->o_params);
  // As written: the names in it have quotes of their own.
  if (sip.sip_call_info != nullptr || HasBadHeader(sip, "Call-Info")) {
    notify.call_info = RawValues(text, "Call-Info");
  }
  if (const sip_subscription_state_t* state = sip.sip_subscription_state; state != nullptr) {
    notify.has_subscription_state = true;
    notify.substate = View(state->ss_substate);
    notify.reason = View(state->ss_reason);
    notify.expires = ParseDeltaSeconds(View(state->ss_expires));
    notify.retry_after = ParseDeltaSeconds(View(state->ss_retry_after));
  } else if (const std::string_view substate = BareSubstate(sip, text); !substate.empty()) {
    notify.has_subscription_state = true;
    notify.substate = substate;
  }
  if (sip.sip_etag != nullptr) {
    const std::string_view tag = View(sip.sip_etag->g_string);
    if (tag.size() <= kMaxTagOctets && IsToken(tag)) notify.entity_tag = tag;
  }
  notify.content_type = ContentTypeOf(sip);
  if (sip.sip_payload != nullptr) {
    notify.body = std::string_view(sip.sip_payload->pl_data, sip.sip_payload->pl_len);
  }
  if (sip.sip_via != nullptr) {
    notify.via_host = View(sip.sip_via->v_host);
    notify.via_port = View(sip.sip_via->v_port);
  }
  if (sip.sip_contact != nullptr) notify.contact_uri = TargetText(sip.sip_contact->m_url);
  notify.authorization = [&sip] { return AuthorizationValues(sip.sip_authorization); };
  notify.record_route = [&sip] { return RecordRouteValues(sip.sip_record_route); };
  return notify;
}

}  // namespace sipevents::sip
