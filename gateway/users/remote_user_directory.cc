#include "gateway/users/remote_user_directory.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway/config/read_file.h"
#include "gateway/rpc/errors.h"
#include "gateway/rpc/tls_files.h"
#include "gateway/users/directory_user.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "sip/base/log.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(3);
constexpr size_t kMaxAuthoritiesOctets = 1 << 20;
constexpr int kMaxAnswerOctets = 512 << 10;
constexpr size_t kMaxErrorOctets = 200;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  // Only while something is asked: servers end connections that ping for nothing.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 4'000);  // and a fifth, by chance
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 3'000);  // bounds one try to connect
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerOctets);
  return arguments;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentialsOf(
    const Settings& settings) {
  const std::string& path = settings.sip_users_service_ca;
  if (path.empty()) {
    if (!IsLoopback(settings.sip_users_service->host)) {
      Log(LogSeverity::kWarning, "users",
          "passwords travel without TLS; --sip_users_service_ca turns it on",
          {{"service", settings.sip_users_service->ToString()}});
    }
    return grpc::InsecureChannelCredentials();
  }
  absl::StatusOr<std::string> authorities = ReadFile(path, kMaxAuthoritiesOctets);
  if (!authorities.ok()) {
    return UnusableFlag("sip_users_service_ca", path, authorities.status().message());
  }
  if (!HasCertificate(*authorities)) {
    return UnusableFlag("sip_users_service_ca", path, "expected certificates in PEM");
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = *std::move(authorities);
  return grpc::SslCredentials(options);
}

}  // namespace

struct RemoteUserDirectory::Call {
  grpc::ClientContext context;
  v1::GetUserRequest request;
  v1::DirectoryUser response;
  Done done;
};

absl::StatusOr<std::unique_ptr<RemoteUserDirectory>> RemoteUserDirectory::Open(
    const Settings& settings, const Clock& clock) {
  SIPEVENTS_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> credentials,
                             ChannelCredentialsOf(settings));
  std::unique_ptr<TokenText> token;
  if (const std::string& path = settings.sip_users_service_token_file; !path.empty()) {
    absl::StatusOr<std::unique_ptr<TokenText>> opened = TokenText::Open(path, clock);
    if (!opened.ok()) {
      return UnusableFlag("sip_users_service_token_file", path, opened.status().message());
    }
    token = *std::move(opened);
  }
  const std::string target = absl::StrCat("dns:///", settings.sip_users_service->ToString());
  return std::unique_ptr<RemoteUserDirectory>(new RemoteUserDirectory(
      grpc::CreateCustomChannel(target, credentials, Arguments()), std::move(token)));
}

RemoteUserDirectory::RemoteUserDirectory(const std::shared_ptr<grpc::Channel>& channel,
                                         std::unique_ptr<TokenText> token)
    : stub_(v1::UserDirectory::NewStub(channel)), token_(std::move(token)) {}

RemoteUserDirectory::~RemoteUserDirectory() {
  std::vector<std::shared_ptr<Call>> left;
  {
    MutexLock lock(mutex_);
    left.assign(calls_.begin(), calls_.end());
  }
  // Without the lock: a call may be answered from within.
  for (const auto& call : left) call->context.TryCancel();
  MutexLock lock(mutex_);
  while (!calls_.empty()) answered_.Wait(mutex_);
}

void RemoteUserDirectory::Ask(const std::string& user, const std::string& realm, Done done) {
  auto call = std::make_shared<Call>();
  call->request.set_user(user);
  call->request.set_realm(realm);
  call->done = std::move(done);
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  if (token_ != nullptr) {
    call->context.AddMetadata("authorization", absl::StrCat("Bearer ", token_->Current()));
  }
  {
    MutexLock lock(mutex_);
    calls_.insert(call);
  }
  stub_->async()->GetUser(&call->context, &call->request, &call->response,
                          [this, call](const grpc::Status& status) { OnDone(call, status); });
}

// On a thread of gRPC's.
void RemoteUserDirectory::OnDone(const std::shared_ptr<Call>& call, const grpc::Status& status) {
  if (status.ok()) {
    call->done(ReadDirectoryUser(call->response));
  } else if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
    call->done(absl::NotFoundError("no such user"));
  } else {
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    call->done(absl::UnavailableError(absl::StrCat(
        absl::StatusCodeToString(code), ": ", Excerpt(status.error_message(), kMaxErrorOctets))));
  }
  // Not on the thread that asks, which must not wait for a disk.
  if (token_ != nullptr) token_->LookAgain();
  MutexLock lock(mutex_);
  calls_.erase(call);
  answered_.NotifyAll();
}

}  // namespace sipevents::gateway
