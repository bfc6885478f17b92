#include "sip/stack/request_message.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/su_tag.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

constexpr char kUserAgent[] = "sip-event-gateway";

// The start line's and all headers' names and what of their values is always the same, Via and
// Contact with the longest numeric address.
constexpr size_t kFixedOctets = 500;

// Writes the head of a message line by line. A value that would break a line spoils the whole.
class HeadWriter {
 public:
  explicit HeadWriter(size_t octets) { text_.reserve(octets); }

  void StartLine(std::string_view method, std::string_view uri) {
    Put(method);
    text_ += ' ';
    Put(uri);
    text_ += " SIP/2.0\r\n";
  }

  // Nothing where the value is empty.
  void Line(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Begin(name);
    Put(value);
    text_ += "\r\n";
  }

  void NumberLine(std::string_view name, uint64_t value) {
    Begin(name);
    absl::StrAppend(&text_, value, "\r\n");
  }

  void CSeqLine(uint32_t number, std::string_view method) {
    absl::StrAppend(&text_, "CSeq: ", number, " ");
    Put(method);
    text_ += "\r\n";
  }

  void NameLine(std::string_view name, std::string_view uri, std::string_view tag) {
    Begin(name);
    text_ += '<';
    Put(uri);
    text_ += '>';
    if (!tag.empty()) {
      text_ += ";tag=";
      Put(tag);
    }
    text_ += "\r\n";
  }

  std::string Finish(std::string_view body) && {
    absl::StrAppend(&text_, "Content-Length: ", body.size(), "\r\n\r\n");
    text_.append(body);
    return spoilt_ ? std::string() : std::move(text_);
  }

 private:
  void Begin(std::string_view name) {
    Put(name);
    text_ += ": ";
  }

  void Put(std::string_view value) {
    for (const char c : value) spoilt_ |= c == '\r' || c == '\n' || c == '\0';
    text_.append(value);
  }

  std::string text_;
  bool spoilt_ = false;
};

// The headers of an answer as lines.
std::string HeaderLines(const NotifyAnswer& answer) {
  std::string lines;
  for (const auto& [name, value] : answer.headers) {
    if (!value.empty()) absl::StrAppend(&lines, name, ": ", value, "\r\n");
  }
  return lines;
}

}  // namespace

std::string RequestText(const OutgoingRequest& request, const OwnHeaders& own) {
  HeadWriter head(kFixedOctets + own.allow_events.size() + request.request_uri.size() +
                  request.from_uri.size() + request.to_uri.size() + request.body.size());
  head.StartLine(request.method, request.request_uri);
  head.Line("Via", own.via);
  for (const std::string& route : request.route_set) head.Line("Route", route);
  head.Line("Max-Forwards", "70");
  head.NameLine("From", request.from_uri, request.from_tag);
  head.NameLine("To", request.to_uri, request.to_tag);
  head.Line("Call-ID", request.call_id);
  head.CSeqLine(request.cseq, request.method);
  // A PUBLISH makes no dialog, and nobody calls back (RFC 3903 section 11.1, EPA-04).
  if (request.method != "PUBLISH") head.Line("Contact", own.contact);
  head.Line("Event", request.event);
  head.Line("Subscription-State", request.subscription_state);
  if (request.expires) head.NumberLine("Expires", *request.expires);
  head.Line("Accept", request.accept);
  head.Line("Supported", request.supported);
  head.Line("Require", request.require);
  head.Line("SIP-If-Match", request.if_match);
  head.Line("SIP-ETag", request.entity_tag);
  head.Line("Suppress-If-Match", request.suppress_if_match);
  head.Line("Call-Info", request.call_info);
  for (const auto& [name, value] : request.authorization) head.Line(name, value);
  // Of who makes dialogs (NOT-44); a NOTIFY is in one that its 200 has told.
  if (request.method != "NOTIFY" && request.method != "PUBLISH") {
    head.Line("Allow", own.allow);
    head.Line("Allow-Events", own.allow_events);
  }
  head.Line("User-Agent", kUserAgent);
  head.Line("Content-Disposition", request.content_disposition);
  head.Line("Content-Type", request.content_type);
  return std::move(head).Finish(request.body);
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
  // A PUBLISH makes no dialog (ESC-17).
  if (request->sip_record_route != nullptr &&
      request->sip_request->rq_method != sip_method_publish) {
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
