#ifndef SIP_STACK_ENDPOINT_H_
#define SIP_STACK_ENDPOINT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/agent.h"
#include "sip/stack/event_loop.h"
#include "sip/stack/request_sender.h"

namespace sipevents::sip {

// One address that an endpoint listens on.
struct ListenSpec {
  std::string transport;  // "udp" or "tcp"
  std::string host;       // numeric; IPv6 in brackets
  int port = 0;           // 0: any free one
  std::string advertise;  // host for Via and Contact; empty: `host`
};

struct EndpointOptions {
  std::vector<ListenSpec> listen;  // at least one
  absl::Duration t1 = absl::Milliseconds(500);
  // Requests under way at once; more wait in a queue, since sofia-sip's retransmission queue is
  // a linear list.
  int max_in_flight = 2000;
  std::string allow_events;  // value of Allow-Events
  std::string accept;        // value of Accept in answers to OPTIONS
};

// The sofia-sip side of one SIP thread: listeners, client transactions, and stateless answers
// to what comes in. NOTIFY goes to the handler, OPTIONS is answered here, other methods get 405.
//
// Threads: the loop's.
class Endpoint : public RequestSender {
 public:
  // Opens the listeners. Errors: UNAVAILABLE, naming the address. `handler`, `loop` and
  // `metrics` (may be null) must outlive the endpoint.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Open(EventLoop& loop, EndpointOptions options,
                                                        NotifyHandler& handler,
                                                        SipMetrics* metrics);
  ~Endpoint() override;

  RequestId Send(OutgoingRequest request, std::function<void(const Response&)> on_final) override;
  void Forget(RequestId id) override;

  // Port of each listener, in the order of EndpointOptions::listen.
  const std::vector<int>& ports() const;

  struct Core;

 private:
  explicit Endpoint(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_ENDPOINT_H_
