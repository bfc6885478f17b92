#include "gateway/rpc/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string_view>
#include <utility>

#include "gateway/config/read_file.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxFileOctets = 1 << 20;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

// A key with a passphrase cannot be used: nobody is there to be asked for it.
int NoPassphrase(char*, int, int, void*) { return 0; }

Certificate FirstCertificate(const std::string& pem) {
  const Bio bio = Open(pem);
  Certificate result(PEM_read_bio_X509(bio.get(), nullptr, &NoPassphrase, nullptr), &X509_free);
  ERR_clear_error();
  return result;
}

Key PrivateKey(const std::string& pem) {
  const Bio bio = Open(pem);
  Key result(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr), &EVP_PKEY_free);
  ERR_clear_error();
  return result;
}

absl::StatusOr<std::string> Read(std::string_view flag, const std::string& path) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> content = ReadFile(path, kMaxFileOctets);
  if (content.ok()) return content;
  return UnusableFlag(flag, path, content.status().message());
}

}  // namespace

absl::StatusOr<TlsFiles> ReadTlsFiles(const Settings& settings) {
  TlsFiles files;
  SIPEVENTS_ASSIGN_OR_RETURN(files.certificate, Read("grpc_tls_cert", settings.grpc_tls_cert));
  SIPEVENTS_ASSIGN_OR_RETURN(files.key, Read("grpc_tls_key", settings.grpc_tls_key));
  SIPEVENTS_ASSIGN_OR_RETURN(files.client_ca, Read("grpc_client_ca", settings.grpc_client_ca));
  if (settings.grpc_tls_cert.empty()) return files;
  const Certificate certificate = FirstCertificate(files.certificate);
  if (certificate == nullptr) {
    return UnusableFlag("grpc_tls_cert", settings.grpc_tls_cert, "expected a certificate in PEM");
  }
  const Key key = PrivateKey(files.key);
  if (key == nullptr) {
    return UnusableFlag("grpc_tls_key", settings.grpc_tls_key,
                        "expected a private key in PEM without a passphrase");
  }
  const bool matches = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!matches) {
    return UnusableFlag("grpc_tls_key", settings.grpc_tls_key,
                        "expected the key of --grpc_tls_cert");
  }
  if (!settings.grpc_client_ca.empty() && !HasCertificate(files.client_ca)) {
    return UnusableFlag("grpc_client_ca", settings.grpc_client_ca, "expected certificates in PEM");
  }
  return files;
}

bool HasCertificate(const std::string& pem) { return FirstCertificate(pem) != nullptr; }

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles& files) {
  if (files.certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      files.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                              : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = files.client_ca;
  options.pem_key_cert_pairs.push_back({files.key, files.certificate});
  return grpc::SslServerCredentials(options);
}

}  // namespace sipevents::gateway
