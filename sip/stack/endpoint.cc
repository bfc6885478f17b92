#include "sip/stack/endpoint.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/log.h"

// sofia-sip hands these types back in its callbacks.
struct SipEventsTransaction;
#define NTA_AGENT_MAGIC_T sipevents::sip::Endpoint::Core
#define NTA_OUTGOING_MAGIC_T SipEventsTransaction

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>

#include "sip/stack/sofia_text.h"

namespace sipevents::sip {
namespace {

constexpr char kAllow[] = "NOTIFY, OPTIONS";
constexpr char kUserAgent[] = "sip-event-gateway";
// Larger than the largest body that is decoded, so that one octet too many can be reported.
constexpr size_t kMaxMessageOctets = (1 << 20) + (256 << 10);
constexpr uint32_t kMaxCseq = (1U << 31) - 1;  // RFC 3261 section 8.1.1.5
constexpr unsigned kReceiveBufferOctets = 8 << 20;

// How many requests may wait for their turn beside those in flight; past it new ones fail as a
// time-out would. One per dialog is usual, so this is far above any real need.
constexpr size_t kMaxQueued = 4'000'000;

std::string ListenUrl(const ListenSpec& spec) {
  const std::string& shown = spec.advertise.empty() ? spec.host : spec.advertise;
  std::string url = absl::StrCat("sip:", shown, ":", spec.port, ";transport=", spec.transport);
  if (shown != spec.host) {
    std::string_view bound = spec.host;
    if (bound.size() > 2 && bound.front() == '[') bound = bound.substr(1, bound.size() - 2);
    absl::StrAppend(&url, ";maddr=", std::string(bound));
  }
  return url;
}

std::string FormatName(std::string_view uri, std::string_view tag) {
  std::string name = absl::StrCat("<", std::string(uri), ">");
  if (!tag.empty()) absl::StrAppend(&name, ";tag=", std::string(tag));
  return name;
}

// Bodies are taken as they are: nothing is unpacked.
bool HasEncodedBody(const sip_t& sip) {
  if (sip.sip_payload == nullptr || sip.sip_content_encoding == nullptr) return false;
  const auto* encodings = sip.sip_content_encoding->k_items;
  return encodings != nullptr && encodings[0] != nullptr &&
         !EqualsIgnoreCase(View(encodings[0]), "identity");
}

// None of the extensions that a peer may require is supported.
NotifyAnswer Unsupported(const sip_t& sip) {
  const auto* required = reinterpret_cast<const msg_header_t*>(sip.sip_require);
  return {420, {{"Unsupported", HeaderValue(required)}}};
}

// Keeps sofia-sip's own messages out of stderr; they carry what peers sent.
void DiscardLog(void* /*context*/, char const* /*format*/, va_list /*arguments*/) {}

}  // namespace
}  // namespace sipevents::sip

// One request under way.
struct SipEventsTransaction {
  sipevents::sip::Endpoint::Core* core;
  sipevents::sip::RequestId id;
  std::string method;
  std::function<void(const sipevents::sip::Response&)> on_final;  // empty: forgotten
};

namespace sipevents::sip {

struct Endpoint::Core {
  EventLoop* loop;
  EndpointOptions options;
  NotifyHandler* handler;
  SipMetrics* metrics;
  nta_agent_t* agent = nullptr;
  std::vector<int> ports;
  absl::flat_hash_map<RequestId, std::unique_ptr<SipEventsTransaction>> in_flight;
  std::deque<std::pair<RequestId, OutgoingRequest>> queued;
  absl::flat_hash_map<RequestId, std::function<void(const Response&)>> queued_callbacks;
  RequestId last_id = 0;
  usize_t bad_messages = 0;
  TimerQueue::TimerId stats_timer = 0;

  absl::Status Bind();
  void StartQueued();
  void Start(RequestId id, const OutgoingRequest& request,
             std::function<void(const Response&)> on_final);
  bool Transmit(const OutgoingRequest& request, SipEventsTransaction* transaction);
  void FinishLater(RequestId id, int status);
  void OnFinal(SipEventsTransaction* transaction, const Response& response);
  int OnMessage(msg_t* message, sip_t* sip);
  void OnNotify(msg_t* message, const sip_t& sip);
  NotifyAnswer CheckAndHandle(const sip_t& sip);
  void Answer(msg_t* message, const sip_t& sip, const NotifyAnswer& answer);
  void CountBadMessages();
  std::string ContactFor(std::string_view first_hop) const;
};

namespace {

int OnAgentMessage(Endpoint::Core* core, nta_agent_t* /*agent*/, msg_t* message, sip_t* sip) {
  return core->OnMessage(message, sip);
}

int OnAgentResponse(SipEventsTransaction* transaction, nta_outgoing_t* outgoing, const sip_t* sip) {
  const int status = sip != nullptr ? sip->sip_status->st_status : nta_outgoing_status(outgoing);
  if (status < 200) return 0;
  Response response;
  if (sip != nullptr) response = ToResponse(*sip);
  response.status = status;
  msg_t* message = nta_outgoing_getresponse(outgoing);
  response.made_here = sip == nullptr || message == nullptr || nta_msg_is_internal(message) != 0;
  transaction->core->OnFinal(transaction, response);
  if (message != nullptr) msg_destroy(message);
  nta_outgoing_destroy(outgoing);
  return 0;
}

}  // namespace

absl::Status Endpoint::Core::Bind() {
  su_log_redirect(nullptr, DiscardLog, nullptr);
  agent =
      nta_agent_create(static_cast<su_root_t*>(loop->root()), reinterpret_cast<url_string_t*>(-1),
                       OnAgentMessage, this, NTATAG_UA(1), NTATAG_MAXSIZE(kMaxMessageOctets),
                       NTATAG_SIP_T1(absl::ToInt64Milliseconds(options.t1)),
                       NTATAG_SIP_T1X64(absl::ToInt64Milliseconds(64 * options.t1)),
                       NTATAG_SIP_T2(absl::ToInt64Milliseconds(8 * options.t1)),
                       NTATAG_SIP_T4(absl::ToInt64Milliseconds(10 * options.t1)), TAG_END());
  if (agent == nullptr) return absl::UnavailableError("cannot create the SIP agent");
  size_t known = 0;
  for (const ListenSpec& spec : options.listen) {
    const std::string url = ListenUrl(spec);
    if (nta_agent_add_tport(agent, URL_STRING_MAKE(url.c_str()),
                            TPTAG_UDP_RMEM(kReceiveBufferOctets), TPTAG_STUN_SERVER(0),
                            TPTAG_LOG(0), TAG_END()) < 0) {
      const int error = su_errno();
      return absl::UnavailableError(absl::StrCat("cannot listen on ", spec.transport, ":",
                                                 spec.host, ":", spec.port, ": ",
                                                 su_strerror(error)));
    }
    // sofia-sip appends what it opened to its list of Vias.
    const sip_via_t* via = nta_agent_via(agent);
    for (size_t i = 0; via != nullptr && i < known; ++i) via = via->v_next;
    if (via == nullptr) return absl::UnavailableError(absl::StrCat("cannot listen on ", url));
    ports.push_back(via->v_port == nullptr ? 5060 : std::atoi(via->v_port));
    while (via != nullptr) {
      via = via->v_next;
      ++known;
    }
  }
  return absl::OkStatus();
}

// The Contact must lead back over the transport that the request takes.
std::string Endpoint::Core::ContactFor(std::string_view first_hop) const {
  const bool over_tcp =
      absl::AsciiStrToLower(std::string(first_hop)).find("transport=tcp") != std::string::npos;
  size_t chosen = 0;
  for (size_t i = 0; i < options.listen.size(); ++i) {
    if (options.listen[i].transport == (over_tcp ? "tcp" : "udp")) {
      chosen = i;
      break;
    }
  }
  const ListenSpec& spec = options.listen[chosen];
  return absl::StrCat("<sip:gateway@", spec.advertise.empty() ? spec.host : spec.advertise, ":",
                      ports[chosen], spec.transport == "tcp" ? ";transport=tcp" : "", ">");
}

void Endpoint::Core::Start(RequestId id, const OutgoingRequest& request,
                           std::function<void(const Response&)> on_final) {
  auto transaction = std::make_unique<SipEventsTransaction>();
  transaction->core = this;
  transaction->id = id;
  transaction->method = request.method;
  transaction->on_final = std::move(on_final);
  SipEventsTransaction* raw = transaction.get();
  in_flight.emplace(id, std::move(transaction));
  if (metrics != nullptr) metrics->OnInFlight(1);
  if (!Transmit(request, raw)) FinishLater(id, 503);
}

bool Endpoint::Core::Transmit(const OutgoingRequest& request, SipEventsTransaction* transaction) {
  msg_t* message = nta_msg_create(agent, 0);
  if (message == nullptr) return false;
  const std::string first_hop =
      request.route_set.empty() ? request.request_uri : request.route_set.front();
  const std::string start = absl::StrCat(request.method, " ", request.request_uri, " SIP/2.0");
  const std::string from = FormatName(request.from_uri, request.from_tag);
  const std::string to = FormatName(request.to_uri, request.to_tag);
  const std::string cseq = absl::StrCat(request.cseq, " ", request.method);
  const std::string contact = ContactFor(first_hop);
  const std::string expires = request.expires ? absl::StrCat(*request.expires) : "";
  sip_t* sip = sip_object(message);
  int added = sip_add_tl(
      message, sip, SIPTAG_REQUEST_STR(start.c_str()), SIPTAG_FROM_STR(from.c_str()),
      SIPTAG_TO_STR(to.c_str()), SIPTAG_CALL_ID_STR(request.call_id.c_str()),
      SIPTAG_CSEQ_STR(cseq.c_str()), SIPTAG_MAX_FORWARDS_STR("70"),
      SIPTAG_CONTACT_STR(contact.c_str()), SIPTAG_EVENT_STR(request.event.c_str()),
      TAG_IF(request.expires, SIPTAG_EXPIRES_STR(expires.c_str())),
      TAG_IF(!request.accept.empty(), SIPTAG_ACCEPT_STR(request.accept.c_str())),
      SIPTAG_ALLOW_STR(kAllow), SIPTAG_ALLOW_EVENTS_STR(options.allow_events.c_str()),
      SIPTAG_USER_AGENT_STR(kUserAgent),
      TAG_IF(!request.content_type.empty(), SIPTAG_CONTENT_TYPE_STR(request.content_type.c_str())),
      TAG_IF(!request.body.empty(), SIPTAG_PAYLOAD_STR(request.body.c_str())), TAG_END());
  for (const std::string& route : request.route_set) {
    if (added >= 0) added = sip_add_tl(message, sip, SIPTAG_ROUTE_STR(route.c_str()), TAG_END());
  }
  for (const auto& [name, value] : request.authorization) {
    const std::string line = absl::StrCat(name, ": ", value);
    if (added >= 0) added = sip_add_tl(message, sip, SIPTAG_HEADER_STR(line.c_str()), TAG_END());
  }
  if (added < 0) {
    msg_destroy(message);
    return false;
  }
  // The first Route decides where to; without one the Request-URI does (RFC 3261 8.1.2).
  nta_outgoing_t* outgoing =
      nta_outgoing_mcreate(agent, OnAgentResponse, transaction, nullptr, message, TAG_END());
  if (outgoing == nullptr) msg_destroy(message);
  return outgoing != nullptr;
}

// Reports an outcome that nobody sent, from the loop: never from within Send().
void Endpoint::Core::FinishLater(RequestId id, int status) {
  loop->timers().At(loop->clock().Now(), [this, id, status] {
    auto it = in_flight.find(id);
    if (it == in_flight.end()) return;
    Response response;
    response.status = status;
    response.made_here = true;
    OnFinal(it->second.get(), response);
  });
}

void Endpoint::Core::OnFinal(SipEventsTransaction* transaction, const Response& response) {
  auto node = in_flight.extract(transaction->id);
  const std::unique_ptr<SipEventsTransaction> owned = std::move(node.mapped());
  if (metrics != nullptr) {
    metrics->OnInFlight(-1);
    metrics->OnResponse(owned->method, response.status);
  }
  if (owned->on_final) owned->on_final(response);
  StartQueued();
}

void Endpoint::Core::StartQueued() {
  while (!queued.empty() && in_flight.size() < static_cast<size_t>(options.max_in_flight)) {
    auto [id, request] = std::move(queued.front());
    queued.pop_front();
    auto callback = queued_callbacks.extract(id);
    if (callback.empty()) continue;  // forgotten while it waited
    Start(id, request, std::move(callback.mapped()));
  }
}

int Endpoint::Core::OnMessage(msg_t* message, sip_t* sip) {
  const sip_request_t* request = sip->sip_request;
  if (request == nullptr) {  // a response that matches no transaction
    nta_msg_discard(agent, message);
    return 0;
  }
  NotifyAnswer answer;
  switch (request->rq_method) {
    case sip_method_notify:
      OnNotify(message, *sip);
      return 0;
    case sip_method_ack:
      nta_msg_discard(agent, message);
      return 0;
    case sip_method_cancel:
      answer.status = 481;  // there is no transaction that could be cancelled
      break;
    case sip_method_options:
      answer.status = 200;
      answer.headers = {
          {"Allow", kAllow}, {"Accept", options.accept}, {"Allow-Events", options.allow_events}};
      break;
    default:
      answer.status = 405;
      answer.headers = {{"Allow", kAllow}};
  }
  if (answer.status == 200 && request->rq_url->url_type != url_sip &&
      request->rq_url->url_type != url_sips) {
    answer = {416, {}};
  } else if (answer.status == 200 && sip->sip_require != nullptr) {
    answer = Unsupported(*sip);
  }
  Answer(message, *sip, answer);
  return 0;
}

void Endpoint::Core::OnNotify(msg_t* message, const sip_t& sip) {
  Answer(message, sip, CheckAndHandle(sip));
}

// In the order of SUB-24: what is malformed, what is required, then what it is about. A header that
// is there twice (TOR-04, TOR-09) does not come here: sofia-sip answers it with 400.
NotifyAnswer Endpoint::Core::CheckAndHandle(const sip_t& sip) {
  if (sip.sip_cseq->cs_method != sip_method_notify) return {400, {}, "CSeq of another method"};
  if (sip.sip_cseq->cs_seq > kMaxCseq) return {400, {}, "CSeq out of range"};  // TOR-21
  if (sip.sip_contact == nullptr) return {400, {}, "Missing Contact"};         // TOR-18
  if (sip.sip_event == nullptr) return {400, {}, "Missing Event"};
  if (!IsEventType(View(sip.sip_event->o_type))) return {400, {}, "Bad Event"};  // GEN-10
  if (sip.sip_require != nullptr) return Unsupported(sip);
  if (HasEncodedBody(sip)) return {415, {{"Accept-Encoding", "identity"}}};
  const IncomingNotify notify = ToNotify(sip, loop->clock().Now());
  if (notify.contact_uri.empty()) return {400, {}, "Bad Contact"};
  return handler->OnNotify(notify);
}

void Endpoint::Core::Answer(msg_t* message, const sip_t& sip, const NotifyAnswer& answer) {
  if (metrics != nullptr) {
    metrics->OnRequestAnswered(View(sip.sip_request->rq_method_name), answer.status);
  }
  const char* phrase = answer.phrase != nullptr ? answer.phrase : sip_status_phrase(answer.status);
  if (answer.headers.empty()) {
    nta_msg_treply(agent, message, answer.status, phrase, TAG_END());
    return;
  }
  std::string lines;
  for (const auto& [name, value] : answer.headers) {
    if (!value.empty()) absl::StrAppend(&lines, name, ": ", value, "\r\n");
  }
  nta_msg_treply(agent, message, answer.status, phrase, SIPTAG_HEADER_STR(lines.c_str()),
                 TAG_END());
}

// What sofia-sip refuses by itself never reaches OnMessage().
void Endpoint::Core::CountBadMessages() {
  usize_t bad = 0;
  nta_agent_get_stats(agent, NTATAG_S_BAD_MESSAGE_REF(bad), TAG_END());
  for (; metrics != nullptr && bad_messages < bad; ++bad_messages) {
    metrics->OnRequestAnswered("malformed", 400);
  }
  bad_messages = bad;
  stats_timer =
      loop->timers().At(loop->clock().Now() + absl::Seconds(1), [this] { CountBadMessages(); });
}

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Open(EventLoop& loop, EndpointOptions options,
                                                         NotifyHandler& handler,
                                                         SipMetrics* metrics) {
  auto core = std::make_unique<Core>();
  core->loop = &loop;
  core->options = std::move(options);
  core->handler = &handler;
  core->metrics = metrics;
  Core* raw = core.get();
  std::unique_ptr<Endpoint> endpoint(new Endpoint(std::move(core)));
  if (absl::Status status = raw->Bind(); !status.ok()) return status;
  raw->CountBadMessages();
  return endpoint;
}

Endpoint::Endpoint(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Endpoint::~Endpoint() {
  core_->loop->timers().Cancel(core_->stats_timer);
  if (core_->agent != nullptr) nta_agent_destroy(core_->agent);
}

RequestId Endpoint::Send(OutgoingRequest request, std::function<void(const Response&)> on_final) {
  const RequestId id = ++core_->last_id;
  if (core_->in_flight.size() < static_cast<size_t>(core_->options.max_in_flight)) {
    core_->Start(id, request, std::move(on_final));
  } else if (core_->queued.size() < kMaxQueued) {
    core_->queued.emplace_back(id, std::move(request));
    core_->queued_callbacks.emplace(id, std::move(on_final));
  } else {
    Log(LogSeverity::kWarning, "endpoint", "too many requests wait, one is given up");
    core_->loop->timers().At(core_->loop->clock().Now(), [on_final = std::move(on_final)] {
      Response response;
      response.status = 503;
      response.made_here = true;
      on_final(response);
    });
  }
  return id;
}

void Endpoint::Forget(RequestId id) {
  if (auto it = core_->in_flight.find(id); it != core_->in_flight.end()) {
    it->second->on_final = nullptr;
  }
  core_->queued_callbacks.erase(id);
}

const std::vector<int>& Endpoint::ports() const { return core_->ports; }

}  // namespace sipevents::sip
