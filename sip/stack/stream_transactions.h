#ifndef SIP_STACK_STREAM_TRANSACTIONS_H_
#define SIP_STACK_STREAM_TRANSACTIONS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/dialog/message.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/stream_transport.h"

namespace sipevents::sip {

// Non-INVITE client transactions over TCP and TLS (RFC 3261 section 17.1.2): a request is sent
// once, and waits for its response until Timer F.
//
// Threads: the loop's. `loop` and `streams` must outlive it.
class StreamTransactions {
 public:
  StreamTransactions(EventLoop& loop, StreamTransport& streams, absl::Duration timer_f);
  ~StreamTransactions();

  // Sends `wire`, a request of `method` whose topmost Via has `branch`. `on_final` is called once,
  // from the loop.
  void Send(const NextHop& hop, const std::string& branch, const std::string& method,
            std::string wire, std::function<void(const Response&)> on_final);

  // Takes a response; false if it belongs to no transaction.
  bool OnResponse(std::string_view branch, std::string_view method, const Response& response);

 private:
  struct Transaction {
    std::string method;
    std::function<void(const Response&)> on_final;
    StreamTransport::WatchId watch = 0;
    TimerQueue::TimerId timer = 0;
  };

  void Finish(const std::string& branch, const Response& response);

  EventLoop& loop_;
  StreamTransport& streams_;
  const absl::Duration timer_f_;
  absl::flat_hash_map<std::string, Transaction> transactions_;  // by branch
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_STREAM_TRANSACTIONS_H_
