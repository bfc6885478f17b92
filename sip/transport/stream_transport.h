#ifndef SIP_TRANSPORT_STREAM_TRANSPORT_H_
#define SIP_TRANSPORT_STREAM_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/keep_alive.h"
#include "sip/transport/next_hop.h"
#include "sip/transport/tls_options.h"

namespace sipevents::sip {

// Names a connection; never reused, 0 is none.
using ConnectionId = uint64_t;

struct StreamTransportOptions {
  TlsOptions tls;
  size_t max_message_octets = (1 << 20) + (256 << 10);
  size_t max_unsent_octets = 4 << 20;  // per connection; past it sending fails
  int max_opened = 10'000;             // connections that we opened
  int max_accepted = 10'000;           // connections that peers opened
  int max_accepted_per_address = 1'000;
  absl::Duration connect_timeout = absl::Seconds(10);  // TCP and TLS handshake together
  absl::Duration message_timeout = absl::Seconds(32);  // from the first octet to the last
  absl::Duration idle_timeout = absl::Minutes(20);     // then a connection is closed
  absl::Duration pong_timeout = absl::Seconds(10);     // for the answer to a ping of ours
};

// Hears what comes over streams. Threads: the loop's.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // One whole message, from the start line to the end of its body. `peer` is its source.
  virtual void OnMessage(ConnectionId connection, const NextHop& peer,
                         std::string_view message) = 0;
  // The stream cannot be understood any more (no or bad Content-Length, headers too large …):
  // `message` is what came of the message at fault, to be answered `status` (400, 413, 513) if it
  // is a request; the connection closes once that has left (TLS-07). It is whole lines of the
  // head, maybe without the empty line, never with a body.
  virtual void OnBadMessage(ConnectionId connection, const NextHop& peer, std::string_view message,
                            int status) = 0;
};

// SIP over TCP and TLS (RFC 3261 section 18): listeners, connections that are kept and used
// again, framing by Content-Length, keep-alive by CRLF (RFC 5626 section 4.4.1: pings are
// answered). A connection that peers opened is used for sending over TCP, where its source is the
// address to send to; over TLS it is for replies only, since nobody has proven a name there.
//
// Threads: the loop's; not to be destroyed from within a call of the handler.
class StreamTransport {
 public:
  // Errors: INVALID_ARGUMENT (a certificate file cannot be used; the message names it).
  static absl::StatusOr<std::unique_ptr<StreamTransport>> Open(EventLoop& loop,
                                                               StreamTransportOptions options,
                                                               StreamHandler& handler,
                                                               SipMetrics* metrics);
  ~StreamTransport();

  // Listens; returns the port in use. `address` is numeric, transport TCP or TLS. Errors:
  // UNAVAILABLE, naming the address; INVALID_ARGUMENT (TLS without a certificate).
  absl::StatusOr<int> Listen(const SipListenAddress& address);

  using Failed = std::function<void(const absl::Status&)>;

  // Sends one message to `hop`, over a connection to it that is there or a new one. `failed` is
  // called from the loop, never from within the call, if the message could not be handed to the
  // kernel, or if the connection ends before StopWatching() (a response can no longer come);
  // UNAVAILABLE with the cause. At most once; not after StopWatching().
  using WatchId = uint64_t;
  WatchId Send(const NextHop& hop, std::string message, Failed failed);
  void StopWatching(WatchId id);

  // Keeps the connection to a server (NextHop::Key()) open until StopWatching(): pings it (RFC
  // 5626 section 4.4.1), and does not close it to make room. Of several, the last one says how.
  // `failed` is called as with Send(), also if there is no connection.
  WatchId Keep(std::string_view server, KeepAlive keep_alive, Failed failed);

  // Sends over a connection that is there; what cannot be sent is dropped.
  void Reply(ConnectionId connection, std::string message);

  // Ends a connection once what was sent over it has left; unknown ones are ignored.
  void Close(ConnectionId connection);

 private:
  struct Core;
  explicit StreamTransport(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_STREAM_TRANSPORT_H_
