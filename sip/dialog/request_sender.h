#ifndef SIP_DIALOG_REQUEST_SENDER_H_
#define SIP_DIALOG_REQUEST_SENDER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sip/dialog/message.h"
#include "sip/explanation.h"

namespace sipevents::sip {

// Names a request under way; 0 is none.
using RequestId = uint64_t;

// Begins a first hop that is no URI; see RequestSender::Send().
inline constexpr std::string_view kFlowScheme = "flow:";

// Which requests go first when a server can take no more (OVL-05), most urgent first.
enum class RequestPriority {
  kFinalNotify,
  kUnsubscribe,
  kNotify,
  kRefresh,
  kSubscribe,
  kPublish,
  kFetch,
};

// Whoever has a request sent. Threads: the SIP thread.
class RequestClient {
 public:
  virtual ~RequestClient() = default;

  // The request's turn has come: says what it is. Called at most once, maybe from within Send().
  virtual OutgoingRequest Fill() = 0;

  // The request goes, or waits for its turn, at this server (ServerState::server). Maybe from
  // within Send(); again when it turns to another one.
  virtual void OnServer(std::string_view /*server*/) {}

  // The request left, or left again for another server after one failed: timers that run from
  // its sending start over. Maybe from within Send(), right after Fill().
  virtual void OnSent() = 0;

  // The final response, or what stands for it. The last call; never from within Send(). May come
  // without the others, when the request could not be sent.
  virtual void OnFinal(const Response& response) = 0;
};

// Sends requests, each in a client transaction of its own (RFC 3261 section 17.1.2), to the
// servers that RFC 3263 finds, as fast as the destination takes them.
//
// Threads: the SIP thread that owns it.
class RequestSender {
 public:
  virtual ~RequestSender() = default;

  // Sends a request to where `first_hop` (a URI, without <>) leads: the first Route, else the
  // Request-URI. It may wait: for DNS, for its turn, or until a server that failed is back.
  // `client` must live until OnFinal() or Forget(). A `first_hop` like "flow:tls:192.0.2.7:40000"
  // leads only to who opened that way to us: by its connection, or to where its datagram came from.
  virtual RequestId Send(std::string first_hop, RequestPriority priority,
                         RequestClient& client) = 0;

  // Drops interest: the client is not called any more. The request is not cancelled (SUB-59); one
  // that still waits is not sent.
  virtual void Forget(RequestId id) = 0;

  // Whether a request could go to where `first_hop` leads, as far as that is known at once. Errors,
  // for who named it: INVALID_ARGUMENT (nobody can be there), NOT_FOUND (we cannot send what it
  // asks for), PERMISSION_DENIED (--sip_allowed_destinations).
  virtual absl::Status CheckFirstHop(std::string_view /*first_hop*/) const {
    return absl::OkStatus();
  }

  // How a server fares; one that is not known is well.
  virtual ServerState StateOf(std::string_view server) const {
    ServerState state;
    state.server = std::string(server);
    return state;
  }
};

// Takes the NOTIFY requests of one SIP thread.
class NotifyHandler {
 public:
  virtual ~NotifyHandler() = default;
  // Answers at once; never waits for a consumer (SUB-43).
  virtual NotifyAnswer OnNotify(const IncomingNotify& notify) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_REQUEST_SENDER_H_
