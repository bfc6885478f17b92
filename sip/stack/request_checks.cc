#include "sip/stack/request_checks.h"

#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/stack/request_message.h"
#include "sip/stack/sofia_text.h"

namespace sipevents::sip {
namespace {

constexpr uint32_t kMaxCseq = (1U << 31) - 1;  // RFC 3261 section 8.1.1.5

// Headers whose errors do not matter here, or are looked at where they matter, as sofia-sip
// classifies them.
constexpr unsigned kToleratedErrors = sip_mask_response | sip_mask_proxy | sip_mask_registrar |
                                      sip_mask_pref | sip_mask_privacy | sip_mask_events |
                                      sip_mask_publish;

// The extensions that the peer requires and we lack; `known` is the one that it may require.
std::string UnsupportedOf(const sip_t& sip, std::string_view known) {
  std::string unsupported;
  if (sip.sip_require == nullptr || sip.sip_require->k_items == nullptr) return unsupported;
  for (const auto* tag = sip.sip_require->k_items; *tag != nullptr; ++tag) {
    if (EqualsIgnoreCase(View(*tag), known)) continue;
    absl::StrAppend(&unsupported, unsupported.empty() ? "" : ", ", *tag);
  }
  return unsupported;
}

}  // namespace

// Bodies are taken as they are: nothing is unpacked.
bool HasEncodedBody(const sip_t& sip) {
  if (sip.sip_payload == nullptr || sip.sip_content_encoding == nullptr) return false;
  const auto* encodings = sip.sip_content_encoding->k_items;
  return encodings != nullptr && encodings[0] != nullptr &&
         !EqualsIgnoreCase(View(encodings[0]), "identity");
}

std::optional<RequestAnswer> RefuseBadCseq(const sip_t& sip) {
  if (sip.sip_cseq->cs_method != sip.sip_request->rq_method) {
    return RequestAnswer{400, {}, "CSeq of another method"};
  }
  if (sip.sip_cseq->cs_seq > kMaxCseq) {
    return RequestAnswer{400, {}, "CSeq out of range"};  // TOR-21
  }
  return std::nullopt;
}

std::optional<NotifyAnswer> RefuseMalformed(msg_t* message, const sip_t& sip) {
  if ((msg_extract_errors(message) & ~kToleratedErrors) != 0 ||
      (sip.sip_flags & MSG_FLG_ERROR) != 0) {
    const std::string_view name = FirstBadHeader(sip);
    if (name.empty()) return NotifyAnswer{400, {}};
    return NotifyAnswer{400, {}, absl::StrCat("Bad ", AbslView(name), " Header")};
  }
  if (sip.sip_from == nullptr || sip.sip_to == nullptr || sip.sip_call_id == nullptr ||
      View(sip.sip_call_id->i_id).empty() || sip.sip_cseq == nullptr || sip.sip_via == nullptr ||
      sip_sanity_check(&sip) < 0) {
    return NotifyAnswer{400, {}, "Missing or Bad Header"};
  }
  if (!EqualsIgnoreCase(View(sip.sip_request->rq_version), "SIP/2.0")) return NotifyAnswer{505, {}};
  return std::nullopt;
}

bool RefuseBadResponse(const sip_t& sip) {
  return (sip.sip_flags & MSG_FLG_ERROR) != 0 || sip.sip_from == nullptr || sip.sip_to == nullptr ||
         sip.sip_call_id == nullptr || sip.sip_cseq == nullptr || sip.sip_via == nullptr ||
         sip.sip_via->v_next != nullptr ||
         !EqualsIgnoreCase(View(sip.sip_status->st_version), "SIP/2.0");
}

std::optional<NotifyAnswer> RefuseRepeated(const sip_t& sip) {
  if (sip.sip_max_forwards != nullptr && HasBadHeader(sip, "Max-Forwards")) {
    return NotifyAnswer{400, {}, "Repeated Max-Forwards"};
  }
  return std::nullopt;
}

std::optional<NotifyAnswer> RefuseBadNotify(const sip_t& sip) {
  if (std::optional<RequestAnswer> refusal = RefuseBadCseq(sip)) return refusal;
  if (sip.sip_contact == nullptr) return NotifyAnswer{400, {}, "Missing Contact"};  // TOR-18
  if (sip.sip_event == nullptr && !HasBadHeader(sip, "Event")) {
    return NotifyAnswer{400, {}, "Missing Event"};
  }
  if (HasBadHeader(sip, "Event") || !IsEventType(View(sip.sip_event->o_type))) {
    return NotifyAnswer{400, {}, "Bad Event"};  // GEN-10, TOR-04
  }
  if (sip.sip_subscription_state != nullptr && HasBadHeader(sip, "Subscription-State")) {
    return NotifyAnswer{400, {}, "Repeated Subscription-State"};  // TOR-09
  }
  // A list server requires it of every NOTIFY (RLS-02).
  if (const std::string unsupported = UnsupportedOf(sip, "eventlist"); !unsupported.empty()) {
    return NotifyAnswer{420, {{"Unsupported", unsupported}}};
  }
  if (HasEncodedBody(sip)) return NotifyAnswer{415, {{"Accept-Encoding", "identity"}}};
  return std::nullopt;
}

std::optional<NotifyAnswer> AnswerOther(const sip_t& sip, const std::string& accept,
                                        const std::string& allow_events, bool serves) {
  const sip_request_t& request = *sip.sip_request;
  switch (request.rq_method) {
    case sip_method_ack:
      return std::nullopt;
    case sip_method_cancel:
      return NotifyAnswer{481, {}};  // there is no transaction that could be cancelled
    case sip_method_options:
      break;
    default:
      return NotifyAnswer{405, {{"Allow", serves ? kServedMethods : kAllowedMethods}}};
  }
  if (request.rq_url->url_type != url_sip && request.rq_url->url_type != url_sips) {
    return NotifyAnswer{416, {}};
  }
  if (const std::string unsupported = UnsupportedOf(sip, ""); !unsupported.empty()) {
    return NotifyAnswer{420, {{"Unsupported", unsupported}}};
  }
  RequestAnswer answer{200,
                       {{"Allow", serves ? kServedMethods : kAllowedMethods},
                        {"Accept", accept},
                        {"Allow-Events", allow_events}}};
  if (serves) answer.headers.emplace_back("Supported", "eventlist, recipient-list-subscribe");
  return answer;
}

}  // namespace sipevents::sip
