#include "sip/transport/stream_listener.h"

#include <cerrno>
#include <utility>

#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

// How many connections are accepted before others have their turn.
constexpr int kAcceptsPerTurn = 64;
constexpr absl::Duration kPause = absl::Milliseconds(100);

}  // namespace

StreamListener::StreamListener(EventLoop& loop, Descriptor socket, absl::Duration patience,
                               OnAccepted on_accepted, OnPause on_pause)
    : loop_(loop),
      patience_(patience),
      on_accepted_(std::move(on_accepted)),
      on_pause_(std::move(on_pause)),
      socket_(std::move(socket)) {}

absl::StatusOr<std::unique_ptr<StreamListener>> StreamListener::Open(EventLoop& loop,
                                                                     const HostPort& address,
                                                                     absl::Duration patience,
                                                                     OnAccepted on_accepted,
                                                                     OnPause on_pause) {
  SIPEVENTS_ASSIGN_OR_RETURN(Descriptor socket, ListenOn(address));
  std::unique_ptr<StreamListener> listener(new StreamListener(
      loop, std::move(socket), patience, std::move(on_accepted), std::move(on_pause)));
  SIPEVENTS_ASSIGN_OR_RETURN(
      listener->watch_,
      loop.Watch(listener->socket_.get(), {.readable = true},
                 [raw = listener.get()](DescriptorEvents) { raw->AcceptSome(); }));
  return listener;
}

StreamListener::~StreamListener() { loop_.timers().Cancel(resume_); }

void StreamListener::AcceptSome() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    Accepted accepted = AcceptFrom(socket_.get(), patience_);
    switch (accepted.error) {
      case 0:
        on_accepted_(std::move(accepted));
        break;
      case EAGAIN:
        return;
      // The connection is gone again, or the system tells an error of the network that has to do
      // with the connection only.
      case ECONNABORTED:
      case EINTR:
      case EPROTO:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENOPROTOOPT:
      case ENONET:
      case EOPNOTSUPP:
      case EPERM:
        break;
      default:
        return Pause(accepted.error);
    }
  }
}

void StreamListener::Pause(int error) {
  watch_->Want({});
  on_pause_(error);
  resume_ =
      loop_.timers().At(loop_.clock().Now() + kPause, [this] { watch_->Want({.readable = true}); });
}

}  // namespace sipevents::sip
