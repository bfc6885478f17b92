#include "sip/stack/datagram_transactions.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/redact.h"
#include "sip/stack/raw_header.h"

namespace sipevents::sip {
namespace {

Response Failure(int status, SendFailure failure) {
  Response response;
  response.status = status;
  response.made_here = true;
  response.failure = failure;
  return response;
}

// `wire` is a request of ours: `METHOD URI SIP/2.0`, then headers.
void LogNotSent(const absl::Status& why, const HostPort& peer, std::string_view wire) {
  if (!LogEnabled(LogSeverity::kInfo)) return;
  const size_t method_end = wire.find(' ');
  const std::string_view target =
      wire.substr(method_end + 1, wire.find(' ', method_end + 1) - method_end - 1);
  Log(LogSeverity::kInfo, "datagram", "not sent",
      {{"error", why.message()},
       {"peer", peer.ToString()},
       {"method", AbslView(wire.substr(0, method_end))},
       {"target", RedactUri(target)},
       {"call_id", AbslView(RawValue(wire, "Call-ID"))}});
}

}  // namespace

DatagramTransactions::~DatagramTransactions() {
  for (const auto& [branch, transaction] : transactions_) loop_.timers().Cancel(transaction.timer);
}

void DatagramTransactions::Send(DatagramSocket& socket, const HostPort& peer,
                                const std::string& branch, const std::string& method,
                                std::string wire, std::function<void(const Response&)> on_final) {
  const absl::StatusOr<sockaddr_storage> address = ToSocketAddress(peer);
  // Before it is a transaction: what the socket has learned of earlier ones is not about it.
  const absl::Status sent = address.ok() ? socket.Send(*address, wire) : address.status();
  Transaction& transaction = transactions_[branch];
  transaction.method = method;
  transaction.on_final = std::move(on_final);
  transaction.socket = &socket;
  transaction.peer = peer;
  if (address.ok()) transaction.address = *address;
  transaction.wire = std::move(wire);
  transaction.timer_f = loop_.clock().Now() + 64 * t1_;
  transaction.interval = t1_;
  if (!sent.ok()) {
    LogNotSent(sent, peer, transaction.wire);
    // Too large for any datagram: that is no fault of the server.
    FailLater(branch, absl::IsOutOfRange(sent) ? Failure(513, SendFailure::kNone)
                                               : Failure(503, SendFailure::kTransport));
    return;
  }
  Arm(branch, transaction);
}

void DatagramTransactions::Arm(const std::string& branch, Transaction& transaction) {
  const absl::Time due = std::min(transaction.timer_f, loop_.clock().Now() + transaction.interval);
  transaction.timer = loop_.timers().At(due, [this, branch] { OnTimer(branch); });
}

void DatagramTransactions::OnTimer(const std::string& branch) {
  const auto found = transactions_.find(branch);
  if (found == transactions_.end()) return;
  Transaction& transaction = found->second;
  if (loop_.clock().Now() >= transaction.timer_f) {
    Finish(branch, Failure(408, SendFailure::kTimeout));
    return;
  }
  if (!transaction.socket->Send(transaction.address, transaction.wire).ok()) {
    Finish(branch, Failure(503, SendFailure::kTransport));
    return;
  }
  transaction.interval = std::min(2 * transaction.interval, 8 * t1_);
  Arm(branch, transaction);
}

bool DatagramTransactions::OnResponse(std::string_view branch, std::string_view method,
                                      const Response& response) {
  const auto found = transactions_.find(AbslView(branch));
  if (found == transactions_.end() || found->second.method != method) return false;
  if (response.status >= 200) {
    Finish(found->first, response);
  } else {
    found->second.interval = 8 * t1_;  // from the next sending on
  }
  return true;
}

void DatagramTransactions::OnUnreachable(const HostPort& peer) {
  std::vector<std::string> failed;
  for (const auto& [branch, transaction] : transactions_) {
    if (transaction.peer == peer) failed.push_back(branch);
  }
  for (const std::string& branch : failed) {
    FailLater(branch, Failure(503, SendFailure::kTransport));
  }
}

void DatagramTransactions::FailLater(const std::string& branch, const Response& failure) {
  Transaction& transaction = transactions_.at(branch);
  loop_.timers().Cancel(transaction.timer);
  transaction.timer =
      loop_.timers().At(loop_.clock().Now(), [this, branch, failure] { Finish(branch, failure); });
}

// `branch` may be of the timer or the watch that is let go here: only the first line reads it.
void DatagramTransactions::Finish(const std::string& branch, const Response& response) {
  auto node = transactions_.extract(branch);
  if (node.empty()) return;
  loop_.timers().Cancel(node.mapped().timer);
  node.mapped().on_final(response);
}

}  // namespace sipevents::sip
