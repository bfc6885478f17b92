#ifndef SIP_STACK_DATAGRAM_AGENT_H_
#define SIP_STACK_DATAGRAM_AGENT_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/stack/event_loop.h"
#include "sip/stack/listen_spec.h"
#include "sip/stack/message.h"
#include "sip/stack/message_handler.h"
#include "sip/stack/next_hop.h"
#include "sip/stack/request_message.h"

namespace sipevents::sip {

// SIP over UDP: sofia-sip's transaction layer (NTA) with stateless answers.
//
// Threads: the loop's.
class DatagramAgent {
 public:
  // Errors: UNAVAILABLE. All arguments must outlive the agent; `metrics` may be null.
  static absl::StatusOr<std::unique_ptr<DatagramAgent>> Open(EventLoop& loop, absl::Duration t1,
                                                             MessageHandler& handler,
                                                             SipMetrics* metrics);
  ~DatagramAgent();

  // Opens a listener; returns the port in use. Errors: UNAVAILABLE, naming the address.
  absl::StatusOr<int> Listen(const ListenSpec& listener);

  // Sends a request; `on_final` is called once, from the loop.
  void Send(const NextHop& hop, const OutgoingRequest& request, const OwnHeaders& own,
            std::function<void(const Response&)> on_final);

  // For making messages.
  nta_agent_t* agent() const;

  struct Core;

 private:
  explicit DatagramAgent(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_DATAGRAM_AGENT_H_
