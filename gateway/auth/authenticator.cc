#include "gateway/auth/authenticator.h"

#include <utility>

#include "absl/strings/match.h"
#include "gateway/rpc/grpc_status.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/grpcpp.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

// gRPC's names for what it found in the client's certificate.
constexpr char kUri[] = GRPC_PEER_URI_PROPERTY_NAME;
constexpr char kDns[] = GRPC_PEER_DNS_PROPERTY_NAME;
constexpr char kCommonName[] = GRPC_X509_CN_PROPERTY_NAME;
constexpr std::string_view kScheme = "bearer ";

std::shared_ptr<const Permissions> AllPermissions() {
  static const auto* all = new std::shared_ptr<const Permissions>(
      std::make_shared<const Permissions>(Permissions::All()));
  return *all;
}

std::shared_ptr<const Permissions> OrdinaryPermissions() {
  static const auto* ordinary =
      new std::shared_ptr<const Permissions>(std::make_shared<const Permissions>());
  return *ordinary;
}

// Which of its names a certificate is known by: the first URI, else the first DNS name, else
// the common name.
std::string CertificateIdentity(const grpc::AuthContext& peer) {
  for (const char* property : {kUri, kDns, kCommonName}) {
    const auto values = peer.FindPropertyValues(property);
    if (!values.empty()) return {values.front().data(), values.front().size()};
  }
  return "";
}

}  // namespace

absl::StatusOr<Caller> Authenticator::Authenticate(const grpc::ServerContextBase& context) const {
  std::optional<std::string_view> authorization;
  if (options_.tokens != nullptr) {
    const auto [begin, end] = context.client_metadata().equal_range("authorization");
    if (begin != end) {
      // Two of them: nobody knows which one a proxy before us looked at.
      if (std::next(begin) != end) return CredentialsMissing("one authorization header");
      authorization.emplace(begin->second.data(), begin->second.size());
    }
  }
  std::string certificate;
  if (options_.client_certificates) {
    const auto peer = context.auth_context();
    if (peer != nullptr && peer->IsPeerAuthenticated()) certificate = CertificateIdentity(*peer);
  }
  return Identify(authorization, certificate);
}

absl::StatusOr<Caller> Authenticator::Identify(std::optional<std::string_view> authorization,
                                               std::string_view certificate) const {
  if (options_.tokens != nullptr && authorization.has_value()) {
    const std::shared_ptr<const TokenTable> table = options_.tokens->Current();
    const Caller* caller = absl::StartsWithIgnoreCase(AbslView(*authorization), AbslView(kScheme))
                               ? table->FindToken(authorization->substr(kScheme.size()))
                               : nullptr;
    if (caller != nullptr) return *caller;
    return CredentialsMissing("`authorization: Bearer TOKEN` with a token of --grpc_tokens_file");
  }
  if (options_.client_certificates) return OfCertificate(certificate);
  if (options_.tokens != nullptr) return CredentialsMissing("`authorization: Bearer TOKEN`");
  return Caller{"anonymous", "default", AllPermissions()};
}

absl::StatusOr<Caller> Authenticator::OfCertificate(std::string_view certificate) const {
  if (certificate.empty()) {
    return CredentialsMissing("a client certificate with a URI, a DNS name or a common name");
  }
  if (options_.tokens != nullptr) {
    const std::shared_ptr<const TokenTable> table = options_.tokens->Current();
    if (const Caller* caller = table->FindCertificate(certificate); caller != nullptr) {
      return *caller;
    }
    if (table->lists_certificates()) {
      return CredentialsMissing("a client certificate that --grpc_tokens_file lists");
    }
  }
  return Caller{std::string(certificate), "default", OrdinaryPermissions()};
}

}  // namespace sipevents::gateway
