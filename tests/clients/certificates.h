#ifndef TESTS_CLIENTS_CERTIFICATES_H_
#define TESTS_CLIENTS_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace sipevents::client::testing {

// A certificate and its key, as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

// A certificate authority that lives as long as a test.
//
// Threads: one.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name);

  // Its own certificate, as PEM.
  std::string certificate() const;
  // Signs a new certificate for 127.0.0.1 and localhost.
  Identity Issue(const std::string& name) const;

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  Key key_;
  Certificate certificate_;
};

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_CERTIFICATES_H_
