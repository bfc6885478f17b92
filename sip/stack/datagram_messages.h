#ifndef SIP_STACK_DATAGRAM_MESSAGES_H_
#define SIP_STACK_DATAGRAM_MESSAGES_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/stack/datagram_transactions.h"
#include "sip/stack/message_server.h"
#include "sip/stack/request_message.h"
#include "sip/transport/datagram_socket.h"
#include "sip/transport/listen_spec.h"

namespace sipevents::sip {

// SIP over UDP: sockets, client transactions, and stateless answers to requests.
//
// Threads: the loop's.
class DatagramMessages : public DatagramSocket::Owner {
 public:
  // All must outlive the object; `metrics` may be null, and `served` and `held` (see
  // MessageServer).
  DatagramMessages(EventLoop& loop, absl::Duration t1, RandomSource& random,
                   MessageHandler& handler, SipMetrics* metrics, ServerTransactions* served,
                   HeldRequests* held);
  ~DatagramMessages() override;

  // Opens a listener; returns the port in use. Errors: UNAVAILABLE, naming the address.
  absl::StatusOr<int> Listen(const ListenSpec& listener);

  // Sends a request that names `listener` in its Via; `on_final` is called once, from the loop.
  void Send(const NextHop& hop, const ListenSpec& listener, const OutgoingRequest& request,
            OwnHeaders own, std::function<void(const Response&)> on_final);

  // Sends two empty lines, which keep the way through a NAT open (RFC 5626 section 3.5.1 has STUN
  // for it, which few registrars answer).
  void SendKeepAlive(const NextHop& hop, const ListenSpec& listener);

  // DatagramSocket::Owner:
  void OnDatagram(DatagramSocket& socket, const sockaddr_storage& source,
                  std::string_view octets) override;
  void OnUnreachable(const HostPort& peer) override;

 private:
  void Answer(DatagramSocket& socket, const sockaddr_storage& source, const WireAnswer& answer);
  DatagramSocket* SocketFor(const ListenSpec& listener, const NextHop& hop) const;

  EventLoop& loop_;
  RandomSource& random_;
  MessageServer server_;
  std::vector<std::unique_ptr<DatagramSocket>> sockets_;
  DatagramTransactions transactions_;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_DATAGRAM_MESSAGES_H_
