#ifndef SIP_DIALOG_FLOW_KEEPER_H_
#define SIP_DIALOG_FLOW_KEEPER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace sipevents::sip {

// Keeps the way to a server open, so that it can send requests to us through NATs and over
// connections that we opened (RFC 5626 section 4.4), and tells when the way is gone.
//
// Threads: the SIP thread that owns it.
class FlowKeeper {
 public:
  // What the server said of the flow.
  struct Terms {
    std::optional<uint32_t> flow_timer;  // seconds, of Flow-Timer
    // It knows RFC 5626: it answers pings over connections, so that one without an answer shows
    // that the flow has failed.
    bool outbound = false;
  };

  // Names one who wants a way to be kept; 0 is none.
  using FlowId = uint64_t;

  virtual ~FlowKeeper() = default;

  // Keeps the way to `server` (ServerState::server) that the last request to it took, until
  // Release(). `failed` is called at most once, from the loop, never from within the call; the flow
  // is released by then. Over UDP it is never called: a way that is gone shows when a request finds
  // no answer.
  virtual FlowId Keep(std::string_view server, const Terms& terms,
                      std::function<void()> failed) = 0;

  // Drops interest; an unknown id, or 0, is ignored.
  virtual void Release(FlowId id) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_FLOW_KEEPER_H_
