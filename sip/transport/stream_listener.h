#ifndef SIP_TRANSPORT_STREAM_LISTENER_H_
#define SIP_TRANSPORT_STREAM_LISTENER_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/stream_socket.h"

namespace sipevents::sip {

// Accepts connections on one address. Where descriptors or memory are short it waits a moment
// instead of asking again and again; what comes meanwhile waits in the system's queue.
//
// Threads: the loop's.
class StreamListener {
 public:
  using OnAccepted = std::function<void(Accepted accepted)>;
  // Hears why accepting pauses: an errno.
  using OnPause = std::function<void(int error)>;

  // `patience` as for BeginConnect(). Errors: UNAVAILABLE, naming the address;
  // RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<StreamListener>> Open(EventLoop& loop,
                                                              const HostPort& address,
                                                              absl::Duration patience,
                                                              OnAccepted on_accepted,
                                                              OnPause on_pause);
  ~StreamListener();
  StreamListener(const StreamListener&) = delete;
  StreamListener& operator=(const StreamListener&) = delete;

  int port() const { return LocalPort(socket_.get()); }

 private:
  StreamListener(EventLoop& loop, Descriptor socket, absl::Duration patience,
                 OnAccepted on_accepted, OnPause on_pause);

  void AcceptSome();
  void Pause(int error);

  EventLoop& loop_;
  const absl::Duration patience_;
  const OnAccepted on_accepted_;
  const OnPause on_pause_;
  Descriptor socket_;
  std::unique_ptr<DescriptorWatch> watch_;
  TimerQueue::TimerId resume_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_STREAM_LISTENER_H_
