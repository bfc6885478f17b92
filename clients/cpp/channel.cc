#include "clients/cpp/channel.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace sipevents::client {
namespace {

constexpr int kMaxReceiveOctets = 64 << 20;  // one item may be several MiB, decoded and raw
constexpr int kMaxMetadataOctets = 64 << 10;
constexpr absl::Duration kStopInterval = absl::Milliseconds(50);

absl::StatusOr<std::string> ReadFile(const std::string& path, absl::string_view what) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return absl::FailedPreconditionError(absl::StrCat("cannot read ", what, " ", path));
  }
  return content;
}

absl::Status CheckToken(absl::string_view token, absl::string_view origin) {
  if (token.empty()) return absl::FailedPreconditionError(absl::StrCat(origin, " holds no token"));
  for (const char c : token) {
    // Anything else would make gRPC fail the call with a message that says nothing.
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::FailedPreconditionError(absl::StrCat(
          origin, " holds more than a token: one word of printable ASCII is expected"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  absl::StatusOr<std::string> content = ReadFile(path, "the token file");
  if (!content.ok()) return content;
  absl::StripAsciiWhitespace(&*content);
  if (absl::Status valid = CheckToken(*content, absl::StrCat("the token file ", path));
      !valid.ok()) {
    return valid;
  }
  return content;
}

absl::Status Check(const ClientOptions& options) {
  if (options.gateway.empty()) return absl::InvalidArgumentError("the gateway's address is empty");
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return absl::InvalidArgumentError("a TLS certificate and its key go together");
  }
  if (!options.tls_cert_file.empty() && options.tls_ca_file.empty()) {
    return absl::InvalidArgumentError("a TLS certificate needs the file of authorities too");
  }
  if (!options.token.empty()) return CheckToken(options.token, "the token option");
  if (options.token_file.empty()) return absl::OkStatus();
  return ReadToken(options.token_file).status();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ClientOptions& options) {
  if (options.tls_ca_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  const std::pair<const std::string*, std::string*> files[] = {
      {&options.tls_ca_file, &ssl.pem_root_certs},
      {&options.tls_cert_file, &ssl.pem_cert_chain},
      {&options.tls_key_file, &ssl.pem_private_key},
  };
  for (const auto& [path, content] : files) {
    if (path->empty()) continue;
    absl::StatusOr<std::string> read = ReadFile(*path, "the PEM file");
    if (!read.ok()) return read.status();
    if (read->find("-----BEGIN ") == std::string::npos) {
      return absl::FailedPreconditionError(absl::StrCat(*path, " is not a PEM file"));
    }
    *content = *std::move(read);
  }
  return grpc::SslCredentials(ssl);
}

grpc::ChannelArguments Arguments(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_time)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_timeout)));
  // A watch sends nothing after its request; by default gRPC would stop pinging then.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The watcher has a backoff of its own; gRPC's would come on top of it.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);  // bounds one try to connect
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataOctets);
  arguments.SetMaxReceiveMessageSize(kMaxReceiveOctets);
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Channel>> Channel::Open(ClientOptions options) {
  if (absl::Status checked = Check(options); !checked.ok()) return checked;
  auto credentials = Credentials(options);
  if (!credentials.ok()) return credentials.status();
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(options.gateway, *credentials, Arguments(options));
  return std::shared_ptr<Channel>(new Channel(std::move(options), std::move(channel)));
}

Channel::Channel(ClientOptions options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      subscriptions_(v1::Subscriptions::NewStub(channel_)) {}

absl::Status Channel::Authorize(grpc::ClientContext& context) const {
  std::string token = options_.token;
  if (token.empty() && !options_.token_file.empty()) {
    absl::StatusOr<std::string> read = ReadToken(options_.token_file);
    // It was there at Open(): it is being replaced, or will be.
    if (!read.ok()) return absl::UnavailableError(read.status().message());
    token = *std::move(read);
  }
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  return absl::OkStatus();
}

void Channel::AwaitConnection(absl::Duration limit, const std::function<bool()>& stop) const {
  const absl::Time deadline = absl::Now() + limit;
  if (channel_->GetState(/*try_to_connect=*/true) != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
  grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
  // The state stays at failure until the connection stands, also while a new one is tried.
  while (!stop() && absl::Now() < deadline) {
    const absl::Time slice = std::min(deadline, absl::Now() + kStopInterval);
    if (channel_->WaitForStateChange(GRPC_CHANNEL_TRANSIENT_FAILURE, absl::ToChronoTime(slice))) {
      return;
    }
  }
}

}  // namespace sipevents::client
