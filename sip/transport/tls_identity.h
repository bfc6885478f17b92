#ifndef SIP_TRANSPORT_TLS_IDENTITY_H_
#define SIP_TRANSPORT_TLS_IDENTITY_H_

#include <openssl/x509.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// Whom a certificate speaks for (RFC 5922 section 7; TLS-02). Threads: any.

namespace sipevents::sip {

// What the subject alternative names say; the common name says nothing.
struct TlsIdentity {
  std::vector<std::string> sip_domains;  // hosts of URIs `sip:host`, without a user part
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;  // octets: 4 or 16
};

TlsIdentity IdentityOf(const X509& certificate);

// Whether the certificate speaks for `name`: a numeric address only by an IP address in it; a
// host name by a SIP URI, or by a DNS name if there is no SIP URI at all. Names compare whole
// and without regard to case; wildcards match nothing (section 7.2). UNAUTHENTICATED, saying
// whom the certificate speaks for.
absl::Status CheckIdentity(const TlsIdentity& identity, std::string_view name);

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_TLS_IDENTITY_H_
