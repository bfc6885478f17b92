#include "sip/stack/datagram_messages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

constexpr size_t kBranchDigits = 20;
// As for streams: what is longer costs a parser too much (TOR-23).
constexpr int kMaxHeadLines = 400;

// Whether a message has too many header lines to be parsed.
bool HasTooManyLines(std::string_view message) {
  int lines = 0;
  for (size_t at = 0; at < message.size(); ++lines) {
    if (lines > kMaxHeadLines) return true;
    const size_t end = message.find('\n', at);
    if (end == std::string_view::npos) return false;
    const size_t length = end - at;
    if (length == 0 || (length == 1 && message[at] == '\r')) return false;  // the body follows
    at = end + 1;
  }
  return false;
}

}  // namespace

DatagramMessages::DatagramMessages(EventLoop& loop, absl::Duration t1, RandomSource& random,
                                   MessageHandler& handler, SipMetrics* metrics,
                                   ServerTransactions* served, HeldRequests* held)
    : loop_(loop),
      random_(random),
      server_(handler, random, metrics, served, held),
      transactions_(loop, t1) {}

DatagramMessages::~DatagramMessages() = default;

absl::StatusOr<int> DatagramMessages::Listen(const ListenSpec& listener) {
  std::string host = listener.host;
  if (listener.is_ipv6()) host = host.substr(1, host.size() - 2);
  SIPEVENTS_ASSIGN_OR_RETURN(
      std::unique_ptr<DatagramSocket> socket,
      DatagramSocket::Open(loop_, {std::move(host), static_cast<uint16_t>(listener.port)}, *this));
  sockets_.push_back(std::move(socket));
  return sockets_.back()->port();
}

// The listener's own socket, if it can reach the server; else one that can; null if none can.
DatagramSocket* DatagramMessages::SocketFor(const ListenSpec& listener, const NextHop& hop) const {
  const bool ipv6 = hop.address.host.find(':') != std::string::npos;
  DatagramSocket* usable = nullptr;
  for (const auto& socket : sockets_) {
    if (socket->is_ipv6() != ipv6) continue;
    if (socket->port() == listener.port) return socket.get();
    if (usable == nullptr) usable = socket.get();
  }
  return usable;
}

void DatagramMessages::Send(const NextHop& hop, const ListenSpec& listener,
                            const OutgoingRequest& request, OwnHeaders own,
                            std::function<void(const Response&)> on_final) {
  const std::string branch = absl::StrCat("z9hG4bK", RandomHex(random_, kBranchDigits));
  own.via = absl::StrCat("SIP/2.0/UDP ", listener.Shown(), ";rport;branch=", branch);
  std::string wire = RequestText(request, own);
  DatagramSocket* const socket = SocketFor(listener, hop);
  if (!wire.empty() && socket != nullptr) {
    transactions_.Send(*socket, hop.address, branch, request.method, std::move(wire),
                       std::move(on_final));
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

void DatagramMessages::SendKeepAlive(const NextHop& hop, const ListenSpec& listener) {
  DatagramSocket* const socket = SocketFor(listener, hop);
  const absl::StatusOr<sockaddr_storage> target = ToSocketAddress(hop.address);
  if (socket == nullptr || !target.ok()) return;
  socket->Send(*target, "\r\n\r\n").IgnoreError();  // lost, as it may be on the way
}

void DatagramMessages::OnDatagram(DatagramSocket& socket, const sockaddr_storage& source,
                                  std::string_view octets) {
  // Keep-alives, and what cannot be SIP.
  if (octets.size() < 20) return;
  const HostPort address = FromSocketAddress(source);
  const NextHop from{Transport::kUdp, address, address.host};
  const WireAnswer answer =
      HasTooManyLines(octets)
          ? server_.AnswerUnparsed(octets, 513)
          : server_.Take(
                octets, from,
                [this](std::string_view branch, std::string_view method, const Response& response) {
                  transactions_.OnResponse(branch, method, response);
                });
  if (answer.waits_for != 0) {
    // The sockets live as long as what holds requests hands them back here.
    server_.Hold(answer.waits_for, std::string(octets),
                 [this, &socket, source, from](std::string_view text) {
                   Answer(socket, source, server_.TakeAgain(text, from));
                 });
    return;
  }
  Answer(socket, source, answer);
}

void DatagramMessages::Answer(DatagramSocket& socket, const sockaddr_storage& source,
                              const WireAnswer& answer) {
  if (answer.text.empty()) return;
  sockaddr_storage target = source;
  if (!answer.to_source_port) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&target);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&target);
    (target.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port) = htons(answer.port);
  }
  socket.Send(target, answer.text).IgnoreError();  // lost, as it may be on the way
}

void DatagramMessages::OnUnreachable(const HostPort& peer) { transactions_.OnUnreachable(peer); }

}  // namespace sipevents::sip
