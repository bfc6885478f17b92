#include "tests/peer/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>

#include <array>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sipevents::testing {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

constexpr absl::Duration kPatience = absl::Seconds(20);

std::string LastError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "the connection broke" : reason;
}

absl::StatusOr<Context> NewContext(const SSL_METHOD* method, const TlsSettings& settings) {
  Context context(SSL_CTX_new(method), SSL_CTX_free);
  const auto bad = [](const std::string& file) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", LastError()));
  };
  if (!settings.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context.get(), settings.certificate.c_str()) != 1) {
      return bad(settings.certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
      return bad(settings.key);
    }
  }
  if (!settings.authorities.empty()) {
    if (SSL_CTX_load_verify_file(context.get(), settings.authorities.c_str()) != 1) {
      return bad(settings.authorities);
    }
    const int fail = settings.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | fail, nullptr);
  }
  // So that whole chains of the other side can be counted, also without verification.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // Without this OpenSSL only takes note of a name that was asked for if it is used.
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL*, int*, void*) -> int { return SSL_TLSEXT_ERR_OK; });
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsFiles>> TlsFiles::Read(const TlsSettings& settings) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  absl::StatusOr<Context> server = NewContext(TLS_server_method(), settings);
  if (!server.ok()) return server.status();
  absl::StatusOr<Context> client = NewContext(TLS_client_method(), settings);
  if (!client.ok()) return client.status();
  return std::shared_ptr<const TlsFiles>(new TlsFiles(*std::move(server), *std::move(client)));
}

std::unique_ptr<TlsStream> TlsStream::Accept(const TlsFiles& files, int socket) {
  Ssl ssl(SSL_new(files.server()), SSL_free);
  SSL_set_fd(ssl.get(), socket);
  SSL_set_accept_state(ssl.get());
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(ssl), socket));
}

std::unique_ptr<TlsStream> TlsStream::Connect(const TlsFiles& files, int socket,
                                              const std::string& server_name) {
  Ssl ssl(SSL_new(files.client()), SSL_free);
  SSL_set_fd(ssl.get(), socket);
  if (!server_name.empty()) SSL_set_tlsext_host_name(ssl.get(), server_name.c_str());
  SSL_set_connect_state(ssl.get());
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(ssl), socket));
}

absl::Status TlsStream::Repeat(int (*step)(SSL* ssl, const std::string& octets),
                               const std::string& octets) {
  MutexLock writing(writing_);
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    int error = SSL_ERROR_NONE;
    {
      MutexLock lock(mutex_);
      ERR_clear_error();
      const int result = step(ssl_.get(), octets);
      if (result == 1) return absl::OkStatus();
      error = SSL_get_error(ssl_.get(), result);
    }
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return absl::UnavailableError(LastError());
    }
    if (absl::Now() > deadline) return absl::UnavailableError("the other side does not answer");
    // Not for long: the wire's own thread may read what this one waits for.
    pollfd polled = {socket_, static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT),
                     0};
    poll(&polled, 1, 10);
  }
}

absl::Status TlsStream::Handshake() {
  return Repeat([](SSL* ssl, const std::string&) { return SSL_do_handshake(ssl); }, "");
}

absl::Status TlsStream::Write(const std::string& octets) {
  if (octets.empty()) return absl::OkStatus();
  return Repeat(
      [](SSL* ssl, const std::string& all) {
        size_t written = 0;
        return SSL_write_ex(ssl, all.data(), all.size(), &written);
      },
      octets);
}

bool TlsStream::Read(std::string* octets) {
  MutexLock lock(mutex_);
  while (true) {
    std::array<char, 65536> buffer;
    size_t got = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got);
    if (result != 1) {
      const int error = SSL_get_error(ssl_.get(), result);
      return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    }
    octets->append(buffer.data(), got);
  }
}

std::string TlsStream::server_name() const {
  MutexLock lock(mutex_);
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string TlsStream::peer_name() const {
  MutexLock lock(mutex_);
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return "";
  std::array<char, 256> name = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

int TlsStream::peer_certificates() const {
  MutexLock lock(mutex_);
  const int chain = sk_X509_num(SSL_get_peer_cert_chain(ssl_.get()));
  if (chain < 0) return 0;
  // A server's view of the chain is without the client's own certificate.
  return SSL_is_server(ssl_.get()) != 0 ? chain + 1 : chain;
}

}  // namespace sipevents::testing
