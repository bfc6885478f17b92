#ifndef SIP_TRANSPORT_TLS_CHANNEL_H_
#define SIP_TRANSPORT_TLS_CHANNEL_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "sip/transport/stream_channel.h"

namespace sipevents::sip {

using SslPtr = std::unique_ptr<SSL, decltype(&SSL_free)>;

// What OpenSSL says of the error that happened last on this thread; empties its queue.
std::string TakeTlsError();

// Why the peer's certificate was refused, where the verification of `ssl` did so itself
// (TlsContext): kept with the SSL, since OpenSSL's own codes are too coarse.
void SetVerifyProblem(SSL* ssl, std::string problem);

// TLS over a socket; `ssl` is set to connect or to accept, and has no BIO yet. Null if out of
// memory.
std::unique_ptr<StreamChannel> NewTlsChannel(Descriptor socket, SslPtr ssl);

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_TLS_CHANNEL_H_
