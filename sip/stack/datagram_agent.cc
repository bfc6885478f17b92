#include "sip/stack/datagram_agent.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

// sofia-sip hands these types back in its callbacks.
struct SipEventsTransaction;
#define NTA_AGENT_MAGIC_T sipevents::sip::DatagramAgent::Core
#define NTA_OUTGOING_MAGIC_T SipEventsTransaction

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>

#include "sip/stack/request_checks.h"
#include "sip/stack/sofia_text.h"

// One request under way.
struct SipEventsTransaction {
  sipevents::sip::DatagramAgent::Core* core;
  uint64_t id;
  std::function<void(const sipevents::sip::Response&)> on_final;
};

namespace sipevents::sip {
namespace {

// The largest datagram there can be.
constexpr size_t kMaxMessageOctets = 65535;
constexpr unsigned kReceiveBufferOctets = 8 << 20;

// The name by which requests choose their socket: sofia-sip looks at the transport alone, and would
// send to an IPv6 address from an IPv4 socket.
std::string IdentOf(bool ipv6) { return ipv6 ? "udp6" : "udp4"; }

std::string ListenUrl(const ListenSpec& spec) {
  const std::string& shown = spec.advertise.empty() ? spec.host : spec.advertise;
  std::string url = absl::StrCat("sip:", shown, ":", spec.port, ";transport=udp");
  if (shown != spec.host) {
    std::string_view bound = spec.host;
    if (spec.is_ipv6()) bound = bound.substr(1, bound.size() - 2);
    absl::StrAppend(&url, ";maddr=", AbslView(bound));
  }
  return url;
}

// Keeps sofia-sip's own messages out of stderr; they carry what peers sent.
void DiscardLog(void* /*context*/, char const* /*format*/, va_list /*arguments*/) {}

}  // namespace

struct DatagramAgent::Core {
  EventLoop& loop;
  MessageHandler& handler;
  SipMetrics* metrics;
  nta_agent_t* agent = nullptr;
  absl::flat_hash_map<uint64_t, std::unique_ptr<SipEventsTransaction>> in_flight;
  uint64_t last_id = 0;
  size_t vias = 0;
  usize_t bad_messages = 0;
  TimerQueue::TimerId stats_timer = 0;

  absl::Status Create(absl::Duration t1);
  void OnFinal(SipEventsTransaction* transaction, const Response& response);
  int OnMessage(msg_t* message, sip_t* sip);
  void CountBadMessages();
};

namespace {

int OnAgentMessage(DatagramAgent::Core* core, nta_agent_t* /*agent*/, msg_t* message, sip_t* sip) {
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
  if (response.made_here) {
    response.failure = status == 408 ? SendFailure::kTimeout : SendFailure::kTransport;
  }
  transaction->core->OnFinal(transaction, response);
  if (message != nullptr) msg_destroy(message);
  nta_outgoing_destroy(outgoing);
  return 0;
}

}  // namespace

absl::Status DatagramAgent::Core::Create(absl::Duration t1) {
  su_log_redirect(nullptr, DiscardLog, nullptr);
  // Whether a request is too large for a datagram is decided before it comes here.
  agent = nta_agent_create(
      static_cast<su_root_t*>(loop.root()), reinterpret_cast<url_string_t*>(-1), OnAgentMessage,
      this, NTATAG_UA(1), NTATAG_MAXSIZE(kMaxMessageOctets), NTATAG_UDP_MTU(kMaxMessageOctets),
      NTATAG_BAD_REQ_MASK(~kToleratedErrors), NTATAG_SIP_T1(absl::ToInt64Milliseconds(t1)),
      NTATAG_SIP_T1X64(absl::ToInt64Milliseconds(64 * t1)),
      NTATAG_SIP_T2(absl::ToInt64Milliseconds(8 * t1)),
      NTATAG_SIP_T4(absl::ToInt64Milliseconds(10 * t1)), TAG_END());
  if (agent == nullptr) return absl::UnavailableError("cannot create the SIP agent");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<DatagramAgent>> DatagramAgent::Open(EventLoop& loop,
                                                                   absl::Duration t1,
                                                                   MessageHandler& handler,
                                                                   SipMetrics* metrics) {
  std::unique_ptr<DatagramAgent> made(
      new DatagramAgent(std::unique_ptr<Core>(new Core{loop, handler, metrics})));
  if (absl::Status status = made->core_->Create(t1); !status.ok()) return status;
  made->core_->CountBadMessages();
  return made;
}

DatagramAgent::DatagramAgent(std::unique_ptr<Core> core) : core_(std::move(core)) {}

DatagramAgent::~DatagramAgent() {
  core_->loop.timers().Cancel(core_->stats_timer);
  if (core_->agent != nullptr) nta_agent_destroy(core_->agent);
}

nta_agent_t* DatagramAgent::agent() const { return core_->agent; }

absl::StatusOr<int> DatagramAgent::Listen(const ListenSpec& listener) {
  const std::string url = ListenUrl(listener);
  const std::string ident = IdentOf(listener.is_ipv6());
  if (nta_agent_add_tport(core_->agent, URL_STRING_MAKE(url.c_str()), TPTAG_IDENT(ident.c_str()),
                          TPTAG_UDP_RMEM(kReceiveBufferOctets), TPTAG_STUN_SERVER(0), TPTAG_LOG(0),
                          TAG_END()) < 0) {
    const int error = su_errno();
    return absl::UnavailableError(absl::StrCat("cannot listen on udp:", listener.host, ":",
                                               listener.port, ": ", su_strerror(error)));
  }
  // sofia-sip appends what it opened to its list of Vias.
  const sip_via_t* via = nta_agent_via(core_->agent);
  for (size_t i = 0; via != nullptr && i < core_->vias; ++i) via = via->v_next;
  if (via == nullptr) return absl::UnavailableError(absl::StrCat("cannot listen on ", url));
  const int port = via->v_port == nullptr ? 5060 : std::atoi(via->v_port);
  for (; via != nullptr; via = via->v_next) ++core_->vias;
  return port;
}

void DatagramAgent::Send(const NextHop& hop, const OutgoingRequest& request, const OwnHeaders& own,
                         std::function<void(const Response&)> on_final) {
  auto transaction = std::make_unique<SipEventsTransaction>(
      SipEventsTransaction{core_.get(), ++core_->last_id, std::move(on_final)});
  SipEventsTransaction* raw = transaction.get();
  core_->in_flight.emplace(raw->id, std::move(transaction));
  const std::string url = absl::StrCat("sip:", hop.address.ToString(), ";transport=udp");
  const std::string ident = IdentOf(hop.address.host.find(':') != std::string::npos);
  msg_t* message = NewRequest(core_->agent, request, own);
  if (message != nullptr &&
      nta_outgoing_mcreate(core_->agent, OnAgentResponse, raw, URL_STRING_MAKE(url.c_str()),
                           message, TPTAG_IDENT(ident.c_str()), TAG_END()) != nullptr) {
    return;
  }
  if (message != nullptr) msg_destroy(message);
  // From the loop: never from within the call.
  core_->loop.timers().At(core_->loop.clock().Now(), [core = core_.get(), id = raw->id] {
    const auto it = core->in_flight.find(id);
    if (it == core->in_flight.end()) return;
    Response response;
    response.status = 503;
    response.made_here = true;
    response.failure = SendFailure::kTransport;
    core->OnFinal(it->second.get(), response);
  });
}

void DatagramAgent::Core::OnFinal(SipEventsTransaction* transaction, const Response& response) {
  const std::unique_ptr<SipEventsTransaction> owned =
      std::move(in_flight.extract(transaction->id).mapped());
  owned->on_final(response);
}

int DatagramAgent::Core::OnMessage(msg_t* message, sip_t* sip) {
  if (sip->sip_request == nullptr) {  // a response that matches no transaction
    nta_msg_discard(agent, message);
    return 0;
  }
  const std::optional<NotifyAnswer> answer = handler.OnRequest(*sip);
  if (!answer.has_value()) {
    nta_msg_discard(agent, message);
    return 0;
  }
  // The answer goes back where the request came from, not where it says (maddr).
  if (sip->sip_via->v_maddr != nullptr) msg_header_remove_param(sip->sip_via->v_common, "maddr");
  const std::string lines = HeaderLines(*answer);
  nta_msg_treply(agent, message, answer->status, PhraseOf(*answer),
                 TAG_IF(!lines.empty(), SIPTAG_HEADER_STR(lines.c_str())), TAG_END());
  return 0;
}

// What sofia-sip refuses by itself never reaches OnMessage().
void DatagramAgent::Core::CountBadMessages() {
  usize_t bad = 0;
  nta_agent_get_stats(agent, NTATAG_S_BAD_MESSAGE_REF(bad), TAG_END());
  for (; metrics != nullptr && bad_messages < bad; ++bad_messages) {
    metrics->OnRequestAnswered("malformed", 400);
  }
  bad_messages = bad;
  stats_timer =
      loop.timers().At(loop.clock().Now() + absl::Seconds(1), [this] { CountBadMessages(); });
}

}  // namespace sipevents::sip
