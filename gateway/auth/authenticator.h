#ifndef GATEWAY_AUTH_AUTHENTICATOR_H_
#define GATEWAY_AUTH_AUTHENTICATOR_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/auth/authorizer.h"
#include "gateway/auth/token_file.h"

namespace grpc {
class ServerContextBase;
}

namespace sipevents::gateway {

// Says who calls: the holder of a bearer token, else of a client certificate, else, where the
// gateway was started without either, anybody.
//
// Threads: any.
class Authenticator {
 public:
  struct Options {
    // From --grpc_tokens_file; null: no bearer tokens. Outlives the Authenticator.
    TokenFile* tokens = nullptr;
    // --grpc_client_ca is set: callers have certificates that the server has verified.
    bool client_certificates = false;
  };

  explicit Authenticator(Options options) : options_(options) {}

  // The caller of an rpc, or UNAUTHENTICATED with reason CREDENTIALS_MISSING.
  absl::StatusOr<Caller> Authenticate(const grpc::ServerContextBase& context) const;

  // The same from the bare facts. `authorization` is the value of that header, if it was sent
  // (`Bearer …`; the scheme in any case, RFC 9110 section 11.1); `certificate` the identity in
  // a verified client certificate, empty if there is none.
  absl::StatusOr<Caller> Identify(std::optional<std::string_view> authorization,
                                  std::string_view certificate) const;

 private:
  absl::StatusOr<Caller> OfCertificate(std::string_view certificate) const;

  const Options options_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_AUTH_AUTHENTICATOR_H_
