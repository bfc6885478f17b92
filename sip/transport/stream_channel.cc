#include "sip/transport/stream_channel.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sipevents::sip {
namespace {

class TcpChannel : public StreamChannel {
 public:
  explicit TcpChannel(Descriptor socket) : StreamChannel(std::move(socket)) {}

  Result Handshake() override { return Result::kDone; }

  Result Read(char* buffer, size_t size, size_t* got) override {
    const ssize_t length = recv(socket(), buffer, size, 0);
    if (length == 0) return Result::kEnd;
    if (length < 0) return AfterError(Result::kWantRead);
    *got = static_cast<size_t>(length);
    return Result::kDone;
  }

  Result Write(std::string_view octets, size_t* put) override {
    const ssize_t length = send(socket(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (length <= 0) return AfterError(Result::kWantWrite);
    *put = static_cast<size_t>(length);
    return Result::kDone;
  }

  bool HasPending() const override { return false; }
  void EndWriting() override { shutdown(socket(), SHUT_WR); }

 private:
  Result AfterError(Result wanted) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return wanted;
    return Fail(std::strerror(errno));
  }
};

}  // namespace

std::unique_ptr<StreamChannel> NewTcpChannel(Descriptor socket) {
  return std::make_unique<TcpChannel>(std::move(socket));
}

}  // namespace sipevents::sip
