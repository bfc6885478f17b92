#ifndef SIP_TRANSPORT_TLS_CONTEXT_H_
#define SIP_TRANSPORT_TLS_CONTEXT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sip/transport/stream_channel.h"
#include "sip/transport/tls_options.h"

namespace sipevents::sip {

// Makes TLS connections over OpenSSL: who we are, whom we trust, and with which versions and
// ciphers (RFC 3261 section 26.3, RFC 5922, RFC 9325).
//
// Threads: one.
class TlsContext {
 public:
  // Reads the certificates. Errors: INVALID_ARGUMENT, naming the file or the setting.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(const TlsOptions& options);
  ~TlsContext();

  // Whether there is a certificate to show to those who connect to us.
  bool can_accept() const;

  // TLS to a server that must prove to be `name`, a host name or a numeric address: a wrong
  // certificate fails the handshake, before anything is sent. Errors: UNAVAILABLE.
  absl::StatusOr<std::unique_ptr<StreamChannel>> NewClientChannel(Descriptor socket,
                                                                  const std::string& name);
  // TLS to a peer that connected to us. Errors: UNAVAILABLE.
  absl::StatusOr<std::unique_ptr<StreamChannel>> NewServerChannel(Descriptor socket);

 private:
  struct Core;
  explicit TlsContext(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_TLS_CONTEXT_H_
