#include "sip/stack/stream_messages.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

constexpr size_t kBranchDigits = 20;

}  // namespace

absl::StatusOr<std::unique_ptr<StreamMessages>> StreamMessages::Open(
    EventLoop& loop, StreamTransportOptions options, absl::Duration t1, RandomSource& random,
    MessageHandler& handler, SipMetrics* metrics, ServerTransactions* served, HeldRequests* held) {
  std::unique_ptr<StreamMessages> made(
      new StreamMessages(loop, random, handler, metrics, served, held));
  SIPEVENTS_ASSIGN_OR_RETURN(made->transport_,
                             StreamTransport::Open(loop, std::move(options), *made, metrics));
  made->transactions_ = std::make_unique<StreamTransactions>(loop, *made->transport_, 64 * t1);
  return made;
}

StreamMessages::StreamMessages(EventLoop& loop, RandomSource& random, MessageHandler& handler,
                               SipMetrics* metrics, ServerTransactions* served, HeldRequests* held)
    : loop_(loop), random_(random), server_(handler, random, metrics, served, held) {}

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
  std::string wire = RequestText(request, own);
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
  WireAnswer answer = server_.Take(
      message, peer,
      [this](std::string_view branch, std::string_view method, const Response& response) {
        transactions_->OnResponse(branch, method, response);
      });
  if (answer.waits_for != 0) {
    // A connection that has gone by then takes no answer; the request is judged all the same.
    server_.Hold(answer.waits_for, std::string(message),
                 [this, connection, peer](std::string_view text) {
                   Answer(connection, server_.TakeAgain(text, peer));
                 });
    return;
  }
  Answer(connection, std::move(answer));
}

void StreamMessages::Answer(ConnectionId connection, WireAnswer answer) {
  if (!answer.text.empty()) transport_->Reply(connection, std::move(answer.text));
}

void StreamMessages::OnBadMessage(ConnectionId connection, const NextHop& /*peer*/,
                                  std::string_view message, int status) {
  Answer(connection, server_.AnswerUnparsed(message, status));
}

}  // namespace sipevents::sip
