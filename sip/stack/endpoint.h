#ifndef SIP_STACK_ENDPOINT_H_
#define SIP_STACK_ENDPOINT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/agent.h"
#include "sip/base/random_id.h"
#include "sip/dialog/flow_keeper.h"
#include "sip/dialog/incoming_request.h"
#include "sip/dialog/request_sender.h"
#include "sip/dispatch/request_scheduler.h"
#include "sip/explanation.h"
#include "sip/location/destination_policy.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/listen_spec.h"
#include "sip/transport/stream_transport.h"

namespace sipevents::sip {

struct EndpointOptions {
  std::vector<ListenSpec> listen;  // at least one
  absl::Duration t1 = absl::Milliseconds(500);
  std::string allow_events;  // value of Allow-Events
  // The same of who serves, in answers to OPTIONS (NOT-44); empty: as above.
  std::string served_events;
  std::string accept;       // value of Accept in answers to OPTIONS
  std::string resolv_conf;  // see LocatorOptions
  DestinationPolicy destinations;
  RequestSchedulerOptions scheduler;  // its t1 is set from the one above
  StreamTransportOptions streams;
};

// The SIP side of one thread: listeners, the sending of requests from location to the final
// response, and answers to what comes in. NOTIFY goes to the handler, SUBSCRIBE and PUBLISH to the
// server if there is one, OPTIONS is answered here, other methods get 405. sofia-sip parses and
// prints messages and resolves names; transports and client transactions are ours.
//
// Threads: the loop's.
class Endpoint : public RequestSender {
 public:
  // Opens the listeners. Errors: UNAVAILABLE, naming the address; INVALID_ARGUMENT, naming a
  // certificate file. `handler`, `loop`, `random`, `metrics` (may be null) and `server` (null:
  // nothing is served) must outlive the endpoint.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Open(EventLoop& loop, EndpointOptions options,
                                                        NotifyHandler& handler,
                                                        RandomSource& random, SipMetrics* metrics,
                                                        RequestServer* server = nullptr);
  ~Endpoint() override;

  RequestId Send(std::string first_hop, RequestPriority priority, RequestClient& client) override;
  void Forget(RequestId id) override;
  absl::Status CheckFirstHop(std::string_view first_hop) const override;
  ServerState StateOf(std::string_view server) const override;

  // Keeps the ways to servers open; lives as long as the endpoint.
  FlowKeeper& flows();

  // The Contact of answers to requests that came from there, without <>; `secure`: sips:, `user`:
  // its user part.
  std::string ContactFor(const RequestSource& source, bool secure, std::string_view user) const;

  // What has this number is there: the requests that the server has put off for it
  // (RequestAnswer::waits_for) are judged again, from the loop.
  void Resume(uint64_t waits_for);

  // Port of each listener, in the order of EndpointOptions::listen.
  std::vector<int> ports() const;

  struct Core;

 private:
  explicit Endpoint(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_ENDPOINT_H_
