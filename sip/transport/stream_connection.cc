#include "sip/transport/stream_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

using Result = StreamChannel::Result;

// How much one connection may read before others have their turn: in reads.
constexpr int kReadsPerTurn = 8;
// How long a connection that is at its end waits for the peer to see it. Closing with octets
// unread would reset the connection, and the peer might never read the last answer.
constexpr absl::Duration kLinger = absl::Seconds(2);

// RFC 5626 section 4.4.1.
constexpr std::string_view kPing = "\r\n\r\n";
constexpr std::string_view kPong = "\r\n";

absl::Status Ended(const NextHop& peer, const absl::AlphaNum& why) {
  return absl::UnavailableError(absl::StrCat(peer.Key(), ": ", why));
}

}  // namespace

StreamConnection::StreamConnection(EventLoop& loop, const StreamConnectionLimits& limits,
                                   Owner& owner, uint64_t id, NextHop peer, bool accepted)
    : loop_(loop),
      limits_(limits),
      owner_(owner),
      id_(id),
      peer_(std::move(peer)),
      accepted_(accepted),
      framer_(limits.message),
      begun_(loop.clock().Now()),
      last_use_(begun_) {}

StreamConnection::~StreamConnection() {
  if (timer_ != 0) loop_.timers().Cancel(timer_);
}

absl::Status StreamConnection::Start(std::unique_ptr<StreamChannel> channel) {
  channel_ = std::move(channel);
  state_ = accepted_ ? State::kHandshaking : State::kConnecting;
  // A socket that a peer opened is writable at once, which begins the handshake.
  absl::StatusOr<std::unique_ptr<DescriptorWatch>> watch =
      loop_.Watch(channel_->socket(), {.writable = true},
                  [this](DescriptorEvents events) { OnEvents(events); });
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  SetTimer();
  return absl::OkStatus();
}

void StreamConnection::OnEvents(DescriptorEvents events) {
  in_event_ = true;
  if (state_ == State::kConnecting) FinishConnecting(events);
  if (state_ == State::kHandshaking) ContinueHandshake();
  if (state_ == State::kOpen || state_ == State::kFlushing) Flush();
  if (state_ == State::kOpen && events.hangup && reading_is_paused()) {
    Abort(Ended(peer_, "the peer closed the connection"));
  }
  if (state_ == State::kOpen) Read();
  if (state_ == State::kLingering) Discard();
  in_event_ = false;
  Watch();
  SetTimer();
}

void StreamConnection::FinishConnecting(DescriptorEvents events) {
  if (!events.writable && !events.hangup) return;
  const absl::Status connected = ConnectError(channel_->socket());
  if (connected.ok()) {
    state_ = State::kHandshaking;
  } else {
    Abort(Ended(peer_, connected.message()));
  }
}

void StreamConnection::ContinueHandshake() {
  const Result result = channel_->Handshake();
  if (result == Result::kDone) {
    state_ = State::kOpen;
    was_open_ = true;
    last_use_ = Now();
    owner_.OnOpen(*this);
  } else if (result == Result::kFailed) {
    Abort(Ended(peer_, channel_->error()));
  } else {
    read_wants_ = result;
  }
}

void StreamConnection::Read() {
  const absl::Span<char> buffer = owner_.ReadBuffer();
  for (int i = 0; i < kReadsPerTurn && state_ == State::kOpen && !reading_is_paused(); ++i) {
    size_t got = 0;
    const Result result = channel_->Read(buffer.data(), buffer.size(), &got);
    if (result == Result::kEnd) return OnPeerEnd();
    if (result == Result::kFailed) return Abort(Ended(peer_, channel_->error()));
    if (result != Result::kDone) {
      read_wants_ = result;
      return;
    }
    read_wants_ = Result::kWantRead;
    Take({buffer.data(), got});
    // What was taken may have ended the connection: an answer met a peer that is gone.
    if (state_ != State::kOpen || (got < buffer.size() && !channel_->HasPending())) return;
  }
}

void StreamConnection::Take(std::string_view octets) {
  const absl::Time now = Now();
  last_use_ = now;
  octets = WithoutPong(octets);
  framer_.Append(octets);
  while (state_ == State::kOpen) {
    const StreamFrame frame = framer_.Next();
    if (frame.kind == StreamFrame::Kind::kIncomplete) break;
    message_begun_ = absl::InfiniteFuture();
    if (frame.kind == StreamFrame::Kind::kPing) {
      Send(std::string(kPong)).IgnoreError();
    } else if (frame.kind == StreamFrame::Kind::kMessage) {
      owner_.OnMessage(*this, frame.octets);
    } else {
      owner_.OnBadFrame(*this, frame);
      End(Ended(peer_, frame.problem));
    }
  }
  if (!framer_.in_message()) {
    message_begun_ = absl::InfiniteFuture();
  } else if (message_begun_ == absl::InfiniteFuture()) {
    message_begun_ = now;
  }
}

// Whatever comes after a ping shows that the peer is there. Its answer is taken away here: two of
// them in a row would look like a ping.
std::string_view StreamConnection::WithoutPong(std::string_view octets) {
  if (std::exchange(pong_until_, absl::InfiniteFuture()) == absl::InfiniteFuture()) return octets;
  if (!framer_.in_message() && octets.starts_with(kPong)) octets.remove_prefix(kPong.size());
  return octets;
}

void StreamConnection::OnPeerEnd() {
  peer_ended_ = true;
  End(Ended(peer_, "the peer closed the connection"));
}

absl::Status StreamConnection::Send(std::string message) {
  if (state_ > State::kOpen) return cause_;
  if (unsent() + message.size() > limits_.max_unsent_octets) {
    return Ended(peer_, "too much waits to be sent");
  }
  last_use_ = Now();
  if (unsent() == 0) {
    unsent_since_ = last_use_;
    unsent_ = std::move(message);
    unsent_begin_ = 0;
  } else {
    // Moving what is left costs no more than what was sent before it.
    if (unsent_begin_ > unsent()) {
      unsent_.erase(0, unsent_begin_);
      unsent_begin_ = 0;
    }
    unsent_.append(message);
  }
  if (state_ == State::kOpen) Flush();
  if (state_ == State::kClosed) return cause_;
  if (!in_event_) {
    Watch();
    SetTimer();
  }
  return absl::OkStatus();
}

void StreamConnection::KeepOpen(KeepAlive keep_alive) {
  const bool pings_already = keep_alive_.pause != nullptr;
  keep_alive_ = std::move(keep_alive);
  if (!keep_alive_.expects_pongs) pong_until_ = absl::InfiniteFuture();
  if (keep_alive_.pause == nullptr) {
    ping_at_ = absl::InfiniteFuture();
  } else if (!pings_already) {
    ping_at_ = Now() + keep_alive_.pause();
  }
  if (!in_event_) SetTimer();
}

// What waits to be sent shows as well whether the peer takes it.
void StreamConnection::Ping() {
  const absl::Time now = Now();
  ping_at_ = now + keep_alive_.pause();
  if (unsent() > 0 || pong_until_ != absl::InfiniteFuture()) return;
  if (keep_alive_.expects_pongs) pong_until_ = now + limits_.pong_timeout;
  Send(std::string(kPing)).IgnoreError();
}

void StreamConnection::Flush() {
  while (unsent() > 0) {
    size_t put = 0;
    const Result result = channel_->Write(std::string_view(unsent_).substr(unsent_begin_), &put);
    if (result == Result::kFailed) return Abort(Ended(peer_, channel_->error()));
    if (result != Result::kDone) {
      write_wants_ = result;
      return;
    }
    unsent_begin_ += put;
    unsent_since_ = Now();
  }
  unsent_since_ = absl::InfiniteFuture();
  unsent_begin_ = 0;
  std::string().swap(unsent_);  // an idle connection keeps no memory
  if (state_ == State::kFlushing) FinishFlushing();
}

void StreamConnection::FinishFlushing() {
  channel_->EndWriting();
  if (peer_ended_) return Close();
  state_ = State::kLingering;
  linger_until_ = Now() + kLinger;
}

void StreamConnection::Discard() {
  const absl::Span<char> buffer = owner_.ReadBuffer();
  Result result = Result::kDone;
  for (int i = 0; i < kReadsPerTurn && result == Result::kDone; ++i) {
    size_t got = 0;
    result = channel_->Read(buffer.data(), buffer.size(), &got);
  }
  if (result == Result::kEnd || result == Result::kFailed) Close();
}

void StreamConnection::End(const absl::Status& cause) {
  if (state_ < State::kOpen) return Abort(cause);
  if (state_ > State::kOpen) return;
  state_ = State::kFlushing;
  TellEnding(cause);
  Flush();
  if (!in_event_) {
    Watch();
    SetTimer();
  }
}

void StreamConnection::Abort(const absl::Status& cause) {
  if (state_ == State::kClosed) return;
  TellEnding(cause);
  Close();
}

void StreamConnection::TellEnding(const absl::Status& cause) {
  if (ending_told_) return;
  ending_told_ = true;
  cause_ = cause;
  owner_.OnEnding(*this, cause);
}

void StreamConnection::Close() {
  state_ = State::kClosed;
  watch_.reset();  // before the socket
  channel_.reset();
  loop_.timers().Cancel(std::exchange(timer_, 0));
  owner_.OnClosed(*this);
}

void StreamConnection::Watch() {
  if (state_ == State::kClosed) return;
  const bool reads = state_ == State::kHandshaking || state_ == State::kLingering ||
                     (state_ == State::kOpen && !reading_is_paused());
  const bool writes = state_ > State::kHandshaking && unsent() > 0;
  DescriptorEvents wanted;
  wanted.readable =
      (reads && read_wants_ == Result::kWantRead) || (writes && write_wants_ == Result::kWantRead);
  wanted.writable = (reads && read_wants_ == Result::kWantWrite) ||
                    (writes && write_wants_ == Result::kWantWrite) || state_ == State::kConnecting;
  watch_->Want(wanted);
}

absl::Time StreamConnection::Deadline() const {
  switch (state_) {
    case State::kConnecting:
    case State::kHandshaking:
      return begun_ + limits_.connect_timeout;
    case State::kOpen:
      return std::min({last_use_ + limits_.idle_timeout,
                       std::min(message_begun_, unsent_since_) + limits_.message_timeout, ping_at_,
                       pong_until_});
    case State::kFlushing:
      return unsent_since_ + limits_.message_timeout;
    case State::kLingering:
      return linger_until_;
    case State::kClosed:
      break;
  }
  return absl::InfiniteFuture();
}

// A timer that fires early looks again; so that a deadline that moves away, as it does with each
// message, costs nothing.
void StreamConnection::SetTimer() {
  const absl::Time deadline = Deadline();
  if (deadline == absl::InfiniteFuture() || (timer_ != 0 && timer_due_ <= deadline)) return;
  if (timer_ != 0) loop_.timers().Cancel(timer_);
  timer_due_ = deadline;
  timer_ = loop_.timers().At(deadline, [this] { OnTimer(); });
}

void StreamConnection::OnTimer() {
  timer_ = 0;
  const absl::Time now = Now();
  if (state_ == State::kOpen && now >= pong_until_) {
    owner_.OnNoPong(*this);
    Abort(Ended(peer_, "a keep-alive was not answered"));
  } else if (state_ == State::kOpen && now >= ping_at_) {
    Ping();
  } else if (now >= Deadline()) {
    const absl::Time progress = std::min(message_begun_, unsent_since_);
    if (state_ == State::kConnecting) {
      Abort(Ended(peer_, "connecting takes too long"));
    } else if (state_ == State::kHandshaking) {
      Abort(Ended(peer_, "the TLS handshake takes too long"));
    } else if (now >= progress + limits_.message_timeout || state_ != State::kOpen) {
      Abort(Ended(peer_, unsent() > 0 ? "the peer does not read" : "a message takes too long"));
    } else {
      End(Ended(peer_, "the connection was idle for too long"));
    }
  }
  Watch();
  SetTimer();
}

}  // namespace sipevents::sip
