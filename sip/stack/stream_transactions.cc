#include "sip/stack/stream_transactions.h"

#include <utility>

#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

Response Failure(int status, SendFailure failure) {
  Response response;
  response.status = status;
  response.made_here = true;
  response.failure = failure;
  return response;
}

}  // namespace

StreamTransactions::StreamTransactions(EventLoop& loop, StreamTransport& streams,
                                       absl::Duration timer_f)
    : loop_(loop), streams_(streams), timer_f_(timer_f) {}

StreamTransactions::~StreamTransactions() {
  for (const auto& [branch, transaction] : transactions_) {
    loop_.timers().Cancel(transaction.timer);
    streams_.StopWatching(transaction.watch);
  }
}

void StreamTransactions::Send(const NextHop& hop, const std::string& branch,
                              const std::string& method, std::string wire,
                              std::function<void(const Response&)> on_final) {
  Transaction& transaction = transactions_[branch];
  transaction.method = method;
  transaction.on_final = std::move(on_final);
  transaction.timer = loop_.timers().At(loop_.clock().Now() + timer_f_, [this, branch] {
    Finish(branch, Failure(408, SendFailure::kTimeout));
  });
  transaction.watch = streams_.Send(
      hop, std::move(wire), [this, branch](const absl::Status& /*logged by the transport*/) {
        Finish(branch, Failure(503, SendFailure::kTransport));
      });
}

bool StreamTransactions::OnResponse(std::string_view branch, std::string_view method,
                                    const Response& response) {
  const auto it = transactions_.find(AbslView(branch));
  if (it == transactions_.end() || it->second.method != method) return false;
  if (response.status >= 200) Finish(it->first, response);
  return true;
}

// `branch` may be of the timer or the watch that is let go here: only the first line reads it.
void StreamTransactions::Finish(const std::string& branch, const Response& response) {
  auto node = transactions_.extract(branch);
  if (node.empty()) return;
  loop_.timers().Cancel(node.mapped().timer);
  streams_.StopWatching(node.mapped().watch);
  node.mapped().on_final(response);
}

}  // namespace sipevents::sip
