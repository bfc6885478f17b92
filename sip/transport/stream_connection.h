#ifndef SIP_TRANSPORT_STREAM_CONNECTION_H_
#define SIP_TRANSPORT_STREAM_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/keep_alive.h"
#include "sip/transport/next_hop.h"
#include "sip/transport/stream_channel.h"
#include "sip/transport/stream_framer.h"

namespace sipevents::sip {

// Bounds of one connection.
struct StreamConnectionLimits {
  StreamLimits message;
  size_t max_unsent_octets = 4 << 20;
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration message_timeout = absl::Seconds(32);
  absl::Duration idle_timeout = absl::Minutes(20);
  absl::Duration pong_timeout = absl::Seconds(10);  // after a ping of ours (RFC 5626 section 4.4.1)
};

// One SIP stream: connects, frames what comes, keeps what cannot be sent yet, and ends when a
// timeout, the peer or the owner says so.
//
// Threads: the loop's. Owner calls may come from within any call here, and may call back; the
// connection must not be destroyed within them.
class StreamConnection {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The connection is there; for TLS the peer is who it should be.
    virtual void OnOpen(StreamConnection& connection) = 0;
    virtual void OnMessage(StreamConnection& connection, std::string_view message) = 0;
    // The stream is at fault; the connection ends after this call.
    virtual void OnBadFrame(StreamConnection& connection, const StreamFrame& frame) = 0;
    // A ping was not answered; the connection ends after this call.
    virtual void OnNoPong(StreamConnection& connection) = 0;
    // Nothing more will come, and nothing more can be sent; once.
    virtual void OnEnding(StreamConnection& connection, const absl::Status& cause) = 0;
    // The socket is closed; follows OnEnding(). The last call.
    virtual void OnClosed(StreamConnection& connection) = 0;
    // Where connections of one loop read into, one after the other.
    virtual absl::Span<char> ReadBuffer() = 0;
  };

  StreamConnection(EventLoop& loop, const StreamConnectionLimits& limits, Owner& owner, uint64_t id,
                   NextHop peer, bool accepted);
  ~StreamConnection();
  StreamConnection(const StreamConnection&) = delete;
  StreamConnection& operator=(const StreamConnection&) = delete;

  // Begins, with a channel whose socket is connected or connecting. No owner call from within.
  // Errors: RESOURCE_EXHAUSTED.
  absl::Status Start(std::unique_ptr<StreamChannel> channel);

  // Sends, or keeps it until it can be sent. UNAVAILABLE where the connection has ended or too
  // much waits.
  absl::Status Send(std::string message);

  // Sends pings from here on, the first one after a pause; with an empty `keep_alive` no more.
  // Pings go between messages, and none while a message waits.
  void KeepOpen(KeepAlive keep_alive);

  // Sends what waits, then closes. Nothing that still comes is heard.
  void End(const absl::Status& cause);
  // Closes at once.
  void Abort(const absl::Status& cause);

  uint64_t id() const { return id_; }
  const NextHop& peer() const { return peer_; }
  bool accepted() const { return accepted_; }
  bool is_handshaking() const { return state_ == State::kHandshaking; }
  bool was_open() const { return was_open_; }
  absl::Time last_use() const { return last_use_; }

 private:
  enum class State { kConnecting, kHandshaking, kOpen, kFlushing, kLingering, kClosed };

  void OnEvents(DescriptorEvents events);
  void FinishConnecting(DescriptorEvents events);
  void ContinueHandshake();
  void Read();
  void Take(std::string_view octets);
  void OnPeerEnd();
  void Flush();
  void FinishFlushing();
  void Discard();
  void TellEnding(const absl::Status& cause);
  void Close();
  void Watch();
  void SetTimer();
  void OnTimer();
  void Ping();
  std::string_view WithoutPong(std::string_view octets);
  absl::Time Deadline() const;
  size_t unsent() const { return unsent_.size() - unsent_begin_; }
  bool reading_is_paused() const { return unsent() > limits_.max_unsent_octets / 2; }
  absl::Time Now() const { return loop_.clock().Now(); }

  EventLoop& loop_;
  const StreamConnectionLimits& limits_;
  Owner& owner_;
  const uint64_t id_;
  const NextHop peer_;
  const bool accepted_;
  State state_ = State::kConnecting;
  bool was_open_ = false;
  bool ending_told_ = false;
  absl::Status cause_;  // of the end
  bool peer_ended_ = false;
  bool in_event_ = false;  // OnEvents() looks after watch and timer in its end
  std::unique_ptr<StreamChannel> channel_;
  std::unique_ptr<DescriptorWatch> watch_;
  StreamChannel::Result read_wants_ = StreamChannel::Result::kWantRead;
  StreamChannel::Result write_wants_ = StreamChannel::Result::kWantWrite;
  StreamFramer framer_;
  std::string unsent_;
  size_t unsent_begin_ = 0;
  TimerQueue::TimerId timer_ = 0;
  absl::Time timer_due_;
  absl::Time begun_;
  absl::Time last_use_;
  absl::Time message_begun_ = absl::InfiniteFuture();  // no message is half there
  absl::Time unsent_since_ = absl::InfiniteFuture();   // or since some of it left
  absl::Time linger_until_ = absl::InfiniteFuture();
  KeepAlive keep_alive_;
  absl::Time ping_at_ = absl::InfiniteFuture();     // the next one
  absl::Time pong_until_ = absl::InfiniteFuture();  // a ping waits for its answer
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_STREAM_CONNECTION_H_
