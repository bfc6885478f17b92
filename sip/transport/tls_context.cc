#include "sip/transport/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"
#include "sip/transport/tls_channel.h"
#include "sip/transport/tls_identity.h"

namespace sipevents::sip {
namespace {

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

// TLS 1.2: forward secrecy always (RFC 9325 section 4.1); CBC last, for phones that know no
// better. TLS 1.3 has its own list, where all are good.
constexpr char kCiphers[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!PSK";
constexpr unsigned char kSessionContext[] = "sipevents";

absl::Status Bad(const absl::AlphaNum& what) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", TakeTlsError()));
}

absl::StatusOr<int> MinimumVersion(const std::string& version) {
  if (version == "1.2") return TLS1_2_VERSION;
  if (version == "1.3") return TLS1_3_VERSION;
  return absl::InvalidArgumentError(absl::StrCat(
      "the minimum TLS version ", QuoteForMessage(version), " is unknown; expected 1.2 or 1.3"));
}

absl::StatusOr<SslContext> NewContext(const SSL_METHOD* method, int minimum_version) {
  SslContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr) return Bad("cannot set up TLS");
  SSL_CTX_set_min_proto_version(context.get(), minimum_version);
  if (SSL_CTX_set_cipher_list(context.get(), kCiphers) != 1) return Bad("cannot set TLS ciphers");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Buffers go while a connection is idle: 34 KB each.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Tickets do; nothing is kept here for those who resume.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof(kSessionContext) - 1);
  return context;
}

absl::Status UseCertificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_file.empty() && options.key_file.empty()) return absl::OkStatus();
  if (options.certificate_file.empty() || options.key_file.empty()) {
    return absl::InvalidArgumentError("a TLS certificate and its key go together; one is missing");
  }
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1) {
    return Bad(absl::StrCat("cannot use the TLS certificate in ", options.certificate_file));
  }
  if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Bad(absl::StrCat("cannot use the TLS key in ", options.key_file, " for the certificate ",
                            "in ", options.certificate_file));
  }
  return absl::OkStatus();
}

absl::Status Trust(SSL_CTX* context, const TlsOptions& options) {
  ERR_clear_error();
  if (options.authorities_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return absl::OkStatus();
    return Bad("cannot use the system's TLS authorities");
  }
  if (SSL_CTX_load_verify_file(context, options.authorities_file.c_str()) == 1) {
    return absl::OkStatus();
  }
  return Bad(absl::StrCat("cannot use the TLS authorities in ", options.authorities_file));
}

// A passphrase would be asked for on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*argument*/) { return -1; }

// The name that a server must prove; deleted with the SSL.
void FreeName(void* /*parent*/, void* name, CRYPTO_EX_DATA* /*data*/, int /*index*/,
              long /*number*/, void* /*argument*/) {
  delete static_cast<std::string*>(name);
}

int NameIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeName);
  return index;
}

// Verifies the chain, then whom the certificate speaks for.
int VerifyServer(X509_STORE_CTX* store, void* /*argument*/) {
  if (X509_verify_cert(store) != 1) return 0;
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* name = static_cast<const std::string*>(SSL_get_ex_data(ssl, NameIndex()));
  const X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (name == nullptr || certificate == nullptr) return 0;
  const absl::Status identity = CheckIdentity(IdentityOf(*certificate), *name);
  if (identity.ok()) return 1;
  SetVerifyProblem(ssl, std::string(identity.message()));
  X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

absl::StatusOr<SslContext> NewClientContext(const TlsOptions& options, int minimum_version) {
  SIPEVENTS_ASSIGN_OR_RETURN(SslContext context, NewContext(TLS_client_method(), minimum_version));
  SSL_CTX_set_default_passwd_cb(context.get(), NoPassphrase);
  SIPEVENTS_RETURN_IF_ERROR(UseCertificate(context.get(), options));
  if (!options.verify_server) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return context;
  }
  SIPEVENTS_RETURN_IF_ERROR(Trust(context.get(), options));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), VerifyServer, nullptr);
  return context;
}

absl::StatusOr<SslContext> NewServerContext(const TlsOptions& options, int minimum_version) {
  SIPEVENTS_ASSIGN_OR_RETURN(SslContext context, NewContext(TLS_server_method(), minimum_version));
  SSL_CTX_set_default_passwd_cb(context.get(), NoPassphrase);
  SIPEVENTS_RETURN_IF_ERROR(UseCertificate(context.get(), options));
  if (!options.require_client_certificate) return context;
  SIPEVENTS_RETURN_IF_ERROR(Trust(context.get(), options));
  if (!options.authorities_file.empty()) {
    SSL_CTX_set_client_CA_list(context.get(),
                               SSL_load_client_CA_file(options.authorities_file.c_str()));
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

absl::StatusOr<SslPtr> NewSsl(const SslContext& context) {
  ERR_clear_error();
  SslPtr ssl(SSL_new(context.get()), SSL_free);
  if (ssl == nullptr) {
    return absl::UnavailableError(absl::StrCat("no TLS connection: ", TakeTlsError()));
  }
  return ssl;
}

absl::StatusOr<std::unique_ptr<StreamChannel>> NewChannel(Descriptor socket, SslPtr ssl) {
  std::unique_ptr<StreamChannel> channel = NewTlsChannel(std::move(socket), std::move(ssl));
  if (channel == nullptr) return absl::UnavailableError("no TLS connection: out of memory");
  return channel;
}

}  // namespace

struct TlsContext::Core {
  SslContext client{nullptr, SSL_CTX_free};
  SslContext server{nullptr, SSL_CTX_free};
  bool has_certificate = false;
};

TlsContext::TlsContext(std::unique_ptr<Core> core) : core_(std::move(core)) {}
TlsContext::~TlsContext() = default;

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(const TlsOptions& options) {
  SIPEVENTS_ASSIGN_OR_RETURN(const int minimum_version, MinimumVersion(options.minimum_version));
  auto core = std::make_unique<Core>();
  SIPEVENTS_ASSIGN_OR_RETURN(core->client, NewClientContext(options, minimum_version));
  SIPEVENTS_ASSIGN_OR_RETURN(core->server, NewServerContext(options, minimum_version));
  core->has_certificate = !options.certificate_file.empty();
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(core)));
}

bool TlsContext::can_accept() const { return core_->has_certificate; }

absl::StatusOr<std::unique_ptr<StreamChannel>> TlsContext::NewClientChannel(
    Descriptor socket, const std::string& name) {
  SIPEVENTS_ASSIGN_OR_RETURN(SslPtr ssl, NewSsl(core_->client));
  auto expected = std::make_unique<std::string>(name);
  if (SSL_set_ex_data(ssl.get(), NameIndex(), expected.get()) != 1) {
    return absl::UnavailableError("no TLS connection: out of memory");
  }
  expected.release();  // NOLINT(bugprone-unused-return-value): the SSL's now
  // RFC 6066 section 3: names only, without the dot of the root.
  const std::string shown = name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
  if (!IsNumericHost(name) && SSL_set_tlsext_host_name(ssl.get(), shown.c_str()) != 1) {
    return absl::UnavailableError(
        absl::StrCat("no TLS connection to ", QuoteForMessage(name), ": ", TakeTlsError()));
  }
  SSL_set_connect_state(ssl.get());
  return NewChannel(std::move(socket), std::move(ssl));
}

absl::StatusOr<std::unique_ptr<StreamChannel>> TlsContext::NewServerChannel(Descriptor socket) {
  SIPEVENTS_ASSIGN_OR_RETURN(SslPtr ssl, NewSsl(core_->server));
  SSL_set_accept_state(ssl.get());
  return NewChannel(std::move(socket), std::move(ssl));
}

}  // namespace sipevents::sip
