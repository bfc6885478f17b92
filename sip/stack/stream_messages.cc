#include "sip/stack/stream_messages.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_types.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_string.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/stack/request_checks.h"
#include "sip/stack/sofia_text.h"
#include "sip/stack/unparsed_request.h"

namespace sipevents::sip {
namespace {

constexpr size_t kBranchDigits = 20;
constexpr size_t kTagDigits = 16;

struct DestroyMessage {
  void operator()(msg_t* message) const { msg_destroy(message); }
};
using MessagePtr = std::unique_ptr<msg_t, DestroyMessage>;

MessagePtr Parse(std::string_view text) {
  return MessagePtr(msg_make(sip_default_mclass(), MSG_DO_EXTRACT_COPY | MSG_DO_CANONIC,
                             text.data(), static_cast<ssize_t>(text.size())));
}

// Notes where a request really came from (RFC 3261 section 18.2.1, RFC 3581).
void NoteSource(msg_t* message, sip_via_t* via, const NextHop& peer) {
  msg_header_remove_param(via->v_common, "received");
  su_home_t* home = msg_home(message);
  std::string_view host = View(via->v_host);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (!EqualsIgnoreCase(host, peer.address.host)) {
    const std::string received = absl::StrCat("received=", peer.address.host);
    msg_header_replace_param(home, via->v_common, su_strdup(home, received.c_str()));
  }
  if (via->v_rport != nullptr) {
    const std::string rport = absl::StrCat("rport=", peer.address.port);
    msg_header_replace_param(home, via->v_common, su_strdup(home, rport.c_str()));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<StreamMessages>> StreamMessages::Open(
    EventLoop& loop, StreamTransportOptions options, absl::Duration t1, nta_agent_t* agent,
    RandomSource& random, MessageHandler& handler, SipMetrics* metrics) {
  std::unique_ptr<StreamMessages> made(new StreamMessages(loop, agent, random, handler, metrics));
  SIPEVENTS_ASSIGN_OR_RETURN(made->transport_,
                             StreamTransport::Open(loop, std::move(options), *made, metrics));
  made->transactions_ = std::make_unique<StreamTransactions>(loop, *made->transport_, 64 * t1);
  return made;
}

StreamMessages::StreamMessages(EventLoop& loop, nta_agent_t* agent, RandomSource& random,
                               MessageHandler& handler, SipMetrics* metrics)
    : loop_(loop), agent_(agent), random_(random), handler_(handler), metrics_(metrics) {}

StreamMessages::~StreamMessages() = default;

absl::StatusOr<int> StreamMessages::Listen(const ListenSpec& listener) {
  std::string host = listener.host;
  if (listener.is_ipv6()) host = host.substr(1, host.size() - 2);
  return transport_->Listen(
      {listener.transport, {std::move(host), static_cast<uint16_t>(listener.port)}});
}

void StreamMessages::Send(const NextHop& hop, const ListenSpec& listener,
                          const OutgoingRequest& request, OwnHeaders own,
                          std::function<void(const Response&)> on_final) {
  const std::string branch = absl::StrCat("z9hG4bK", RandomHex(random_, kBranchDigits));
  own.via = absl::StrCat("SIP/2.0/", absl::AsciiStrToUpper(AbslView(TransportName(hop.transport))),
                         " ", listener.Shown(), ";branch=", branch);
  const MessagePtr message(NewRequest(agent_, request, own));
  std::string wire = message == nullptr ? std::string() : WireText(message.get());
  if (!wire.empty()) {
    transactions_->Send(hop, branch, request.method, std::move(wire), std::move(on_final));
    return;
  }
  // From the loop: never from within the call.
  loop_.timers().At(loop_.clock().Now(), [on_final = std::move(on_final)] {
    Response response;
    response.status = 503;
    response.made_here = true;
    response.failure = SendFailure::kTransport;
    on_final(response);
  });
}

void StreamMessages::OnMessage(ConnectionId connection, const NextHop& peer,
                               std::string_view message) {
  const MessagePtr parsed = Parse(message);
  sip_t* sip = parsed == nullptr ? nullptr : sip_object(parsed.get());
  if (sip != nullptr && sip->sip_request != nullptr) {
    OnRequest(connection, peer, parsed.get(), sip);
  } else if (sip != nullptr && sip->sip_status != nullptr) {
    OnResponse(*sip);
  } else {
    std::string answer = AnswerToUnparsed(message, 400, RandomHex(random_, kTagDigits));
    if (metrics_ != nullptr) metrics_->OnRequestAnswered("malformed", answer.empty() ? 0 : 400);
    if (!answer.empty()) transport_->Reply(connection, std::move(answer));
  }
}

void StreamMessages::OnBadMessage(ConnectionId connection, const NextHop& peer,
                                  std::string_view message, int status) {
  if (metrics_ != nullptr) metrics_->OnRequestAnswered("malformed", status);
  const MessagePtr parsed = Parse(message);
  sip_t* sip = parsed == nullptr ? nullptr : sip_object(parsed.get());
  if (sip == nullptr || sip->sip_request == nullptr || sip->sip_via == nullptr) return;
  NoteSource(parsed.get(), sip->sip_via, peer);
  Reply(connection, parsed.get(), {status, {}});
}

void StreamMessages::OnRequest(ConnectionId connection, const NextHop& peer, msg_t* message,
                               sip_t* sip) {
  std::optional<NotifyAnswer> answer = RefuseMalformed(message, *sip);
  if (answer.has_value()) {
    if (metrics_ != nullptr) metrics_->OnRequestAnswered("malformed", answer->status);
    if (sip->sip_request->rq_method == sip_method_ack) return;
  } else {
    answer = handler_.OnRequest(*sip);
  }
  if (!answer.has_value() || sip->sip_via == nullptr) return;
  NoteSource(message, sip->sip_via, peer);
  Reply(connection, message, *answer);
}

void StreamMessages::OnResponse(const sip_t& sip) {
  if (sip.sip_via == nullptr || sip.sip_cseq == nullptr || sip.sip_status->st_status < 100 ||
      sip.sip_status->st_status > 699) {
    return;
  }
  transactions_->OnResponse(View(sip.sip_via->v_branch), View(sip.sip_cseq->cs_method_name),
                            ToResponse(sip));
}

void StreamMessages::Reply(ConnectionId connection, msg_t* request, const NotifyAnswer& answer) {
  const MessagePtr reply(NewAnswer(agent_, request, answer));
  std::string wire = reply == nullptr ? std::string() : WireText(reply.get());
  if (!wire.empty()) transport_->Reply(connection, std::move(wire));
}

}  // namespace sipevents::sip
