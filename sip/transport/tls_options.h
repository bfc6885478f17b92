#ifndef SIP_TRANSPORT_TLS_OPTIONS_H_
#define SIP_TRANSPORT_TLS_OPTIONS_H_

#include <string>

namespace sipevents::sip {

// Certificates for SIP over TLS. All files are PEM.
struct TlsOptions {
  std::string certificate_file;  // ours, with the intermediate ones after it; empty: none
  std::string key_file;
  std::string authorities_file;  // whom we trust; empty: the system's
  // Whether peers that connect to us must show a certificate that the authorities vouch for.
  bool require_client_certificate = false;
  // Whether servers must prove to be who we meant (RFC 5922). Off only for tests and labs.
  bool verify_server = true;
  // "1.2" or "1.3" (RFC 8996: nothing below).
  std::string minimum_version = "1.2";
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_TLS_OPTIONS_H_
