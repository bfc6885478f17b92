#ifndef TESTS_PEER_TEST_CERTIFICATES_H_
#define TESTS_PEER_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace sipevents::testing {

// The files of one certificate, as programs take them.
struct CertificateFiles {
  std::string certificate;  // the certificate alone
  std::string chain;        // the certificate and the intermediate one that signed it
  std::string key;          // readable by the owner only
};

struct CertificateRequest {
  std::string common_name = "test";
  // Subject alternative names: "DNS:example.com", "URI:sip:example.com", "IP:127.0.0.1". Taken as
  // they are, NUL and all. None: no such extension.
  std::vector<std::string> names;
  bool expired = false;
};

// A root certificate authority and an intermediate one below it, as PEM files in a directory of
// their own, which is removed in the end.
//
// Threads: one.
class TestAuthority {
 public:
  // Aborts where no temporary directory can be made.
  explicit TestAuthority(const std::string& name = "test");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // The root's certificate: whom to trust.
  const std::string& root_file() const { return root_file_; }
  const std::string& directory() const { return directory_; }

  // A certificate that the intermediate authority signed, valid for a day (or until an hour ago),
  // for servers and clients alike.
  CertificateFiles Issue(const CertificateRequest& request);

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  std::string Write(const std::string& name, const std::string& content) const;

  std::string directory_;
  std::string root_file_;
  Key root_key_;
  Key intermediate_key_;
  Certificate root_;
  Certificate intermediate_;
  int issued_ = 0;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_TEST_CERTIFICATES_H_
