#ifndef SIP_STACK_REQUEST_SENDER_H_
#define SIP_STACK_REQUEST_SENDER_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "sip/stack/message.h"

namespace sipevents::sip {

// Names a request under way; 0 is none.
using RequestId = uint64_t;

// Sends requests, each in a client transaction of its own (RFC 3261 section 17.1.2).
//
// Threads: the SIP thread that owns it.
class RequestSender {
 public:
  virtual ~RequestSender() = default;

  // Sends a request, or queues it while too many are in flight. `on_final` is called once with
  // the final response, never from within Send(), unless Forget() comes first.
  virtual RequestId Send(OutgoingRequest request,
                         std::function<void(const Response&)> on_final) = 0;

  // Drops interest in the response. The request is not cancelled (SUB-59); one that is still
  // queued is not sent.
  virtual void Forget(RequestId id) = 0;
};

// Takes the NOTIFY requests of one SIP thread.
class NotifyHandler {
 public:
  virtual ~NotifyHandler() = default;
  // Answers at once; never waits for a consumer (SUB-43).
  virtual NotifyAnswer OnNotify(const IncomingNotify& notify) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_SENDER_H_
