#include "sip/transport/tls_channel.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

// OpenSSL's own socket BIO writes with write(), which raises SIGPIPE where the peer is gone.
int SocketOf(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

bool IsTemporary(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int BioRead(BIO* bio, char* buffer, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t length = recv(SocketOf(bio), buffer, static_cast<size_t>(size), 0);
  if (length < 0 && IsTemporary(errno)) BIO_set_retry_read(bio);
  if (length == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(length);
}

int BioWrite(BIO* bio, const char* octets, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t length = send(SocketOf(bio), octets, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (length < 0 && IsTemporary(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(length);
}

long BioControl(BIO* bio, int command, long /*number*/, void* /*argument*/) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

BIO_METHOD* SocketMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signal");
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

void FreeProblem(void* /*parent*/, void* problem, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                 long /*number*/, void* /*argument*/) {
  delete static_cast<std::string*>(problem);
}

int ProblemIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeProblem);
  return index;
}

class TlsChannel : public StreamChannel {
 public:
  TlsChannel(Descriptor socket, SslPtr ssl)
      : StreamChannel(std::move(socket)), ssl_(std::move(ssl)) {}

  Result Handshake() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return Result::kDone;
    const Result meaning = Meaning(result);
    if (meaning != Result::kEnd && meaning != Result::kFailed) return meaning;
    return Fail(absl::StrCat("the TLS handshake failed: ", HandshakeProblem()));
  }

  Result Read(char* buffer, size_t size, size_t* got) override {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer, size, got);
    return result == 1 ? Result::kDone : Meaning(result);
  }

  Result Write(std::string_view octets, size_t* put) override {
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), put);
    if (result == 1) return Result::kDone;
    const Result meaning = Meaning(result);
    return meaning == Result::kEnd ? Fail("the peer closed the connection") : meaning;
  }

  bool HasPending() const override { return SSL_pending(ssl_.get()) > 0; }

  void EndWriting() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    shutdown(socket(), SHUT_WR);
  }

 private:
  Result Meaning(int result) {
    const int cause = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Result::kWantRead;
      case SSL_ERROR_WANT_WRITE:
        return Result::kWantWrite;
      case SSL_ERROR_ZERO_RETURN:
        return Result::kEnd;
      case SSL_ERROR_SYSCALL:
        return Fail(cause != 0 ? std::strerror(cause) : "the peer closed the connection");
      default:
        // Messages carry their own length, so that an end without a farewell cuts none unseen.
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
          return Result::kEnd;
        }
        return Fail(TakeTlsError());
    }
  }

  std::string HandshakeProblem() const {
    const auto* problem = static_cast<std::string*>(SSL_get_ex_data(ssl_.get(), ProblemIndex()));
    if (problem != nullptr) return *problem;
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
    return error().empty() ? "the peer closed the connection" : error();
  }

  SslPtr ssl_;
};

}  // namespace

std::string TakeTlsError() {
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason != nullptr ? reason : "unknown error";
  if (code != 0 && ERR_SYSTEM_ERROR(code)) text = std::strerror(ERR_GET_REASON(code));
  ERR_clear_error();
  return text;
}

void SetVerifyProblem(SSL* ssl, std::string problem) {
  auto owned = std::make_unique<std::string>(std::move(problem));
  delete static_cast<std::string*>(SSL_get_ex_data(ssl, ProblemIndex()));
  SSL_set_ex_data(ssl, ProblemIndex(), owned.release());
}

std::unique_ptr<StreamChannel> NewTlsChannel(Descriptor socket, SslPtr ssl) {
  BIO* bio = BIO_new(SocketMethod());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket.get())));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  return std::make_unique<TlsChannel>(std::move(socket), std::move(ssl));
}

}  // namespace sipevents::sip
