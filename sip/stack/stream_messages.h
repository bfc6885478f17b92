#ifndef SIP_STACK_STREAM_MESSAGES_H_
#define SIP_STACK_STREAM_MESSAGES_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/base/random_id.h"
#include "sip/stack/message_server.h"
#include "sip/stack/request_message.h"
#include "sip/stack/stream_transactions.h"
#include "sip/transport/listen_spec.h"
#include "sip/transport/stream_transport.h"

namespace sipevents::sip {

// SIP over TCP and TLS: takes what StreamTransport frames, answers requests on the connection that
// they came over, and runs client transactions.
//
// Threads: the loop's.
class StreamMessages : public StreamHandler {
 public:
  // Errors: INVALID_ARGUMENT, naming a certificate file. All arguments must outlive the object;
  // `metrics` may be null, and `served` and `held` (see MessageServer).
  static absl::StatusOr<std::unique_ptr<StreamMessages>> Open(
      EventLoop& loop, StreamTransportOptions options, absl::Duration t1, RandomSource& random,
      MessageHandler& handler, SipMetrics* metrics, ServerTransactions* served, HeldRequests* held);
  ~StreamMessages() override;

  // Opens a listener; returns the port in use. Errors: as StreamTransport::Listen().
  absl::StatusOr<int> Listen(const ListenSpec& listener);

  // Sends a request that names `listener` in its Via; `on_final` is called once, from the loop.
  void Send(const NextHop& hop, const ListenSpec& listener, const OutgoingRequest& request,
            OwnHeaders own, std::function<void(const Response&)> on_final);

  // See StreamTransport::Keep().
  StreamTransport::WatchId Keep(std::string_view server, KeepAlive keep_alive,
                                StreamTransport::Failed failed) {
    return transport_->Keep(server, std::move(keep_alive), std::move(failed));
  }
  void StopKeeping(StreamTransport::WatchId id) { transport_->StopWatching(id); }

  void OnMessage(ConnectionId connection, const NextHop& peer, std::string_view message) override;
  void OnBadMessage(ConnectionId connection, const NextHop& peer, std::string_view message,
                    int status) override;

 private:
  StreamMessages(EventLoop& loop, RandomSource& random, MessageHandler& handler,
                 SipMetrics* metrics, ServerTransactions* served, HeldRequests* held);
  void Answer(ConnectionId connection, WireAnswer answer);

  EventLoop& loop_;
  RandomSource& random_;
  MessageServer server_;
  std::unique_ptr<StreamTransport> transport_;
  std::unique_ptr<StreamTransactions> transactions_;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_STREAM_MESSAGES_H_
