#ifndef SIP_TRANSPORT_STREAM_CHANNEL_H_
#define SIP_TRANSPORT_STREAM_CHANNEL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sip/transport/stream_socket.h"

namespace sipevents::sip {

// Moves octets over a connected, non-blocking socket that it owns: as they are, or through TLS.
//
// Threads: one. Never raises SIGPIPE.
class StreamChannel {
 public:
  enum class Result {
    kDone,
    kWantRead,   // again once the socket is readable
    kWantWrite,  // again once the socket is writable
    kEnd,        // the peer sends no more
    kFailed,     // of no use any more; see error()
  };

  explicit StreamChannel(Descriptor socket) : socket_(std::move(socket)) {}
  virtual ~StreamChannel() = default;
  StreamChannel(const StreamChannel&) = delete;
  StreamChannel& operator=(const StreamChannel&) = delete;

  // To be called until kDone, before the rest; never kEnd.
  virtual Result Handshake() = 0;
  // With kDone, `got` octets (at least one) were read.
  virtual Result Read(char* buffer, size_t size, size_t* got) = 0;
  // With kDone, the first `put` octets (at least one) of `octets` (not empty) were written; else
  // none, and the next call must bring the same ones first. Never kEnd.
  virtual Result Write(std::string_view octets, size_t* put) = 0;
  // Whether Read() has octets that the socket does not show as readable.
  virtual bool HasPending() const = 0;
  // Tells the peer that nothing more comes.
  virtual void EndWriting() = 0;

  // After kFailed: why, for people.
  const std::string& error() const { return error_; }
  int socket() const { return socket_.get(); }

 protected:
  Result Fail(std::string error) {
    error_ = std::move(error);
    return Result::kFailed;
  }

 private:
  Descriptor socket_;
  std::string error_;
};

// TCP, without anything on top.
std::unique_ptr<StreamChannel> NewTcpChannel(Descriptor socket);

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_STREAM_CHANNEL_H_
