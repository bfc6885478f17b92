#ifndef SIP_STACK_DATAGRAM_TRANSACTIONS_H_
#define SIP_STACK_DATAGRAM_TRANSACTIONS_H_

#include <netinet/in.h>

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/dialog/message.h"
#include "sip/transport/datagram_socket.h"
#include "sip/transport/event_loop.h"

namespace sipevents::sip {

// Non-INVITE client transactions over UDP (RFC 3261 section 17.1.2): a request is sent again by
// Timer E (T1, doubling up to T2 = 8*T1; T2 once a provisional response came) until its response
// or Timer F (64*T1). A response that comes again finds no transaction and is dropped, so there is
// no Timer K.
//
// Threads: the loop's. `loop` must outlive it.
class DatagramTransactions {
 public:
  DatagramTransactions(EventLoop& loop, absl::Duration t1) : loop_(loop), t1_(t1) {}
  ~DatagramTransactions();

  // Sends `wire`, a request of `method` whose topmost Via has `branch`, through `socket`, which
  // must outlive the transaction. `on_final` is called once, from the loop.
  void Send(DatagramSocket& socket, const HostPort& peer, const std::string& branch,
            const std::string& method, std::string wire,
            std::function<void(const Response&)> on_final);

  // Takes a response; false if it belongs to no transaction.
  bool OnResponse(std::string_view branch, std::string_view method, const Response& response);

  // Nobody listens at `peer`: the transactions to it fail, from the loop.
  void OnUnreachable(const HostPort& peer);

 private:
  struct Transaction {
    std::string method;
    std::function<void(const Response&)> on_final;
    DatagramSocket* socket = nullptr;
    HostPort peer;
    sockaddr_storage address = {};
    std::string wire;
    absl::Time timer_f;
    absl::Duration interval;  // of Timer E
    TimerQueue::TimerId timer = 0;
  };

  void Arm(const std::string& branch, Transaction& transaction);
  void OnTimer(const std::string& branch);
  void Finish(const std::string& branch, const Response& response);
  void FailLater(const std::string& branch, const Response& failure);

  EventLoop& loop_;
  const absl::Duration t1_;
  absl::flat_hash_map<std::string, Transaction> transactions_;  // by branch
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_DATAGRAM_TRANSACTIONS_H_
