#ifndef TESTS_PEER_TLS_STREAM_H_
#define TESTS_PEER_TLS_STREAM_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sip/base/mutex.h"

namespace sipevents::testing {

// How a scripted peer speaks TLS. All are PEM files.
struct TlsSettings {
  std::string certificate;  // shown as server and as client, with what follows it in the file
  std::string key;
  std::string authorities;                  // empty: the other side's certificate is not verified
  bool require_client_certificate = false;  // with authorities
};

// The settings, read. Threads: any.
class TlsFiles {
 public:
  // InvalidArgument, naming the file.
  static absl::StatusOr<std::shared_ptr<const TlsFiles>> Read(const TlsSettings& settings);

  SSL_CTX* server() const { return server_.get(); }
  SSL_CTX* client() const { return client_.get(); }

 private:
  using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
  TlsFiles(Context server, Context client)
      : server_(std::move(server)), client_(std::move(client)) {}

  Context server_;
  Context client_;
};

// TLS over a non-blocking socket that somebody else owns and closes. Straight over OpenSSL, and
// no kin of the code under test.
//
// Threads: any.
class TlsStream {
 public:
  // As server, or as client that asks for `server_name` (SNI; empty: does not).
  static std::unique_ptr<TlsStream> Accept(const TlsFiles& files, int socket);
  static std::unique_ptr<TlsStream> Connect(const TlsFiles& files, int socket,
                                            const std::string& server_name);

  // Waits until the handshake is done. Unavailable, saying why it is not.
  absl::Status Handshake();
  // Appends what can be read without waiting, shaking hands first where that is to be done.
  // False: the connection is at its end.
  bool Read(std::string* octets);
  // Waits until all is written; shakes hands first where that is to be done.
  absl::Status Write(const std::string& octets);

  // Of the other side, after the handshake: the name that it asked for (SNI), and its
  // certificate's common name and how many certificates it sent; empty and 0 if none.
  std::string server_name() const;
  std::string peer_name() const;
  int peer_certificates() const;

 private:
  using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
  TlsStream(Ssl ssl, int socket) : socket_(socket), ssl_(std::move(ssl)) {}

  // Repeats `step` (an SSL function) until it returns 1.
  absl::Status Repeat(int (*step)(SSL* ssl, const std::string& octets), const std::string& octets);

  const int socket_;
  Mutex writing_;  // one write after the other
  mutable Mutex mutex_;
  const Ssl ssl_;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_TLS_STREAM_H_
