#ifndef GATEWAY_RPC_TLS_FILES_H_
#define GATEWAY_RPC_TLS_FILES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/config/settings.h"
#include "grpcpp/security/server_credentials.h"

namespace sipevents::gateway {

// The contents of the PEM files that TLS needs.
struct TlsFiles {
  std::string certificate;  // the chain, ours first; empty: no TLS
  std::string key;
  std::string client_ca;  // empty: clients need no certificate
};

// Reads the files that the settings name and looks into them, since gRPC itself would find out
// at the first connection. Errors: INVALID_ARGUMENT, one line that names flag, value and
// expectation. Any thread; blocks.
absl::StatusOr<TlsFiles> ReadTlsFiles(const Settings& settings);

// Whether a text in PEM begins with a certificate that can be read. Any thread.
bool HasCertificate(const std::string& pem);

// What gRPC needs of it: no TLS, TLS, or mutual TLS. Any thread.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles& files);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_TLS_FILES_H_
