#include "tests/peer/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sipevents::testing {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr long kHour = 3600;
constexpr long kDay = 24 * kHour;

std::string Content(BIO* bio) {
  char* octets = nullptr;
  const long length = BIO_get_mem_data(bio, &octets);
  return {octets, static_cast<size_t>(length)};
}

std::string ToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(bio.get(), certificate);
  return Content(bio.get());
}

std::string ToPem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return Content(bio.get());
}

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// By hand, since OpenSSL's own notation knows neither commas nor NUL in a name.
void AddNames(X509* certificate, const std::vector<std::string>& names) {
  GENERAL_NAMES* all = sk_GENERAL_NAME_new_null();
  for (const std::string& text : names) {
    const size_t colon = text.find(':');
    const std::string value = text.substr(colon + 1);
    GENERAL_NAME* name = GENERAL_NAME_new();
    if (absl::StartsWith(text, "IP:")) {
      GENERAL_NAME_set0_value(name, GEN_IPADD, a2i_IPADDRESS(value.c_str()));
    } else {
      ASN1_IA5STRING* string = ASN1_IA5STRING_new();
      ASN1_STRING_set(string, value.data(), static_cast<int>(value.size()));
      GENERAL_NAME_set0_value(name, absl::StartsWith(text, "URI:") ? GEN_URI : GEN_DNS, string);
    }
    sk_GENERAL_NAME_push(all, name);
  }
  X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT);
  GENERAL_NAMES_free(all);
}

// An unsigned certificate.
X509* Make(const std::string& common_name, EVP_PKEY* key, X509* issuer, long not_after) {
  static long serial = 0;
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), not_after);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate,
                       X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  return certificate;
}

X509* MakeAuthority(const std::string& common_name, EVP_PKEY* key, X509* issuer,
                    EVP_PKEY* issuer_key) {
  X509* certificate = Make(common_name, key, issuer, kDay);
  AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(certificate, issuer_key, EVP_sha256());
  return certificate;
}

std::string NewDirectory() {
  const char* base = std::getenv("TEST_TMPDIR");
  std::string path = absl::StrCat(base == nullptr ? "/tmp" : base, "/certificatesXXXXXX");
  if (mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : directory_(NewDirectory()),
      root_key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      intermediate_key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      root_(MakeAuthority(absl::StrCat(name, " root"), root_key_.get(), nullptr, root_key_.get()),
            X509_free),
      intermediate_(MakeAuthority(absl::StrCat(name, " intermediate"), intermediate_key_.get(),
                                  root_.get(), root_key_.get()),
                    X509_free) {
  root_file_ = Write("root.pem", ToPem(root_.get()));
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

CertificateFiles TestAuthority::Issue(const CertificateRequest& request) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(
      Make(request.common_name, key.get(), intermediate_.get(), request.expired ? -kHour : kDay),
      X509_free);
  if (!request.names.empty()) AddNames(certificate.get(), request.names);
  X509_sign(certificate.get(), intermediate_key_.get(), EVP_sha256());
  const std::string stem = absl::StrCat(++issued_);
  CertificateFiles files;
  const std::string leaf = ToPem(certificate.get());
  files.certificate = Write(absl::StrCat(stem, ".pem"), leaf);
  files.chain =
      Write(absl::StrCat(stem, "-chain.pem"), absl::StrCat(leaf, ToPem(intermediate_.get())));
  files.key = Write(absl::StrCat(stem, ".key"), ToPem(key.get()));
  chmod(files.key.c_str(), S_IRUSR | S_IWUSR);
  return files;
}

std::string TestAuthority::Write(const std::string& name, const std::string& content) const {
  std::string path = absl::StrCat(directory_, "/", name);
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace sipevents::testing
