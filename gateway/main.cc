#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/token_file.h"
#include "gateway/config/command_line.h"
#include "gateway/config/settings.h"
#include "gateway/end_signals.h"
#include "gateway/rpc/errors.h"
#include "gateway/rpc/grpc_server.h"
#include "gateway/rpc/tls_files.h"
#include "gateway/services.h"
#include "gateway/telemetry/http_server.h"
#include "gateway/telemetry/log.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/telemetry/registration_lines.h"
#include "gateway/users/remote_user_directory.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/history_budget.h"
#include "grpc/grpc.h"
#include "sip/agent_impl.h"
#include "sip/base/clock.h"
#include "sip/base/log.h"
#include "sip/base/mutex.h"
#include "sip/base/random_id.h"
#include "sip/base/status_macros.h"

// sip-event-gateway: builds the parts, runs, drains. The only place that picks concrete classes.

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxErrorOctets = 1000;

// How much of the time for the drain the streams may take; the rest is for SIP.
constexpr double kStreamShare = 0.4;

// How much of it the drain may take; the rest is for taking things down.
constexpr double kDrainShare = 0.9;

// How long an HTTP page waits for the SIP threads.
constexpr absl::Duration kPagePatience = absl::Seconds(2);

// How many connections each side may have, of the descriptors that the system allows.
struct ConnectionBounds {
  size_t grpc;
  int sip;  // over TCP and TLS, of each direction
};

sip::AgentOptions AgentOptionsOf(const Settings& settings, const ConnectionBounds& bounds,
                                 sip::UserDirectory* users, Metrics& metrics) {
  sip::AgentOptions options;
  for (const SipListenAddress& address : settings.sip_listen) {
    options.listen.push_back(address.ToString());
  }
  options.advertise = settings.sip_advertise;
  options.shards = settings.sip_shards;
  options.shard_ports = settings.sip_shard_ports;
  options.outbound_proxy = settings.sip_outbound_proxy;
  options.identity = settings.sip_identity;
  options.credentials_file = settings.sip_credentials_file;
  options.registrations_file = settings.sip_registrations_file;
  options.expires = settings.sip_expires;
  options.strict = settings.sip_strict;
  options.authenticate_notify = settings.sip_authenticate_notify;
  options.unsolicited_peers = settings.sip_unsolicited_notify;
  options.domains = settings.sip_domains;
  options.users_file = settings.sip_users_file;
  options.user_directory = users;
  options.authenticate_watchers = settings.sip_authenticate_watchers;
  options.only_md5 = settings.sip_only_md5;
  options.watcher_decision = settings.sip_watcher_policy;
  options.min_expires = settings.sip_min_expires;
  options.max_expires = settings.sip_max_expires;
  options.notify_interval = settings.sip_notify_min_interval;
  options.t1 = settings.sip_t1;
  options.retry_base = settings.sip_retry_base;
  options.allowed_destinations = settings.sip_allowed_destinations;
  options.tls_certificate_file = settings.sip_tls_cert;
  options.tls_key_file = settings.sip_tls_key;
  options.tls_authorities_file = settings.sip_tls_ca;
  options.tls_require_client_certificate = settings.sip_tls_require_client_cert;
  options.tls_verify_server = settings.sip_tls_verify;
  options.tls_minimum_version = settings.sip_tls_min_version;
  options.resolv_conf = settings.sip_resolv_conf;
  options.destination_rate = settings.sip_destination_rate;
  options.destination_in_flight = settings.sip_destination_in_flight;
  options.max_in_flight = settings.sip_max_in_flight;
  options.max_connections = bounds.sip;
  options.metrics = &metrics;
  return options;
}

// The parts in the order in which they need each other; they end in the reverse order.
//
// Threads: one, main's.
class Gateway {
 public:
  // Errors: one line that names the flag that cannot be used.
  static absl::StatusOr<std::unique_ptr<Gateway>> Build(const Settings& settings,
                                                        const ConnectionBounds& bounds);
  ~Gateway();

  // `ready grpc=… sip=… http=…`, in the syntax of the flags, with the ports in use.
  std::string ReadyLine() const;

  // Tells everybody that there is service here, or no more.
  void SetReady(bool ready);

  // Ends everything in order until `deadline`: no new calls; the streams get what is theirs and
  // DRAIN; then the SIP subscriptions end and their last NOTIFYs are answered.
  void Drain(absl::Time deadline);

 private:
  explicit Gateway(const Settings& settings)
      : metrics_([](std::string_view name) { return sip::DescribePackage(name).typed; }),
        budget_(settings.event_log_memory) {}

  absl::Status BuildTokens(const Settings& settings);
  absl::Status BuildSip(const Settings& settings, const ConnectionBounds& bounds);
  absl::Status BuildServices(const Settings& settings);
  absl::Status BuildServers(const Settings& settings, TlsFiles tls, size_t max_connections);
  void AddGauges();
  std::string RegistrationsPage();

  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  HistoryBudget budget_;
  FanoutExecutor executor_;
  std::unique_ptr<TokenFile> tokens_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<RemoteUserDirectory> users_;
  std::unique_ptr<sip::RunningAgent> agent_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<HttpServer> http_;
};

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Build(const Settings& settings,
                                                        const ConnectionBounds& bounds) {
  std::unique_ptr<Gateway> gateway(new Gateway(settings));
  SIPEVENTS_ASSIGN_OR_RETURN(TlsFiles tls, ReadTlsFiles(settings));
  SIPEVENTS_RETURN_IF_ERROR(gateway->BuildTokens(settings));
  SIPEVENTS_RETURN_IF_ERROR(gateway->BuildSip(settings, bounds));
  SIPEVENTS_RETURN_IF_ERROR(gateway->BuildServices(settings));
  SIPEVENTS_RETURN_IF_ERROR(gateway->BuildServers(settings, std::move(tls), bounds.grpc));
  return gateway;
}

absl::Status Gateway::BuildTokens(const Settings& settings) {
  if (!settings.grpc_tokens_file.empty()) {
    absl::StatusOr<std::unique_ptr<TokenFile>> tokens =
        TokenFile::Open(settings.grpc_tokens_file, clock_);
    if (!tokens.ok()) {
      return UnusableFlag("grpc_tokens_file", settings.grpc_tokens_file, tokens.status().message());
    }
    tokens_ = *std::move(tokens);
  }
  authenticator_ = std::make_unique<Authenticator>(
      Authenticator::Options{tokens_.get(), !settings.grpc_client_ca.empty()});
  return absl::OkStatus();
}

absl::Status Gateway::BuildSip(const Settings& settings, const ConnectionBounds& bounds) {
  if (settings.sip_users_service.has_value()) {
    SIPEVENTS_ASSIGN_OR_RETURN(users_, RemoteUserDirectory::Open(settings, clock_));
  }
  absl::StatusOr<std::unique_ptr<sip::RunningAgent>> agent =
      sip::StartAgent(AgentOptionsOf(settings, bounds, users_.get(), metrics_));
  if (absl::IsUnavailable(agent.status())) {
    return absl::UnavailableError(absl::StrCat("--sip_listen: ", agent.status().message()));
  }
  if (!agent.ok()) return agent.status();
  agent_ = *std::move(agent);
  return absl::OkStatus();
}

absl::Status Gateway::BuildServices(const Settings& settings) {
  SIPEVENTS_ASSIGN_OR_RETURN(services_, Services::Build(settings, {.agent = *agent_,
                                                                   .publisher = agent_->publisher(),
                                                                   .server = agent_->event_server(),
                                                                   .authenticator = *authenticator_,
                                                                   .clock = clock_,
                                                                   .random = random_,
                                                                   .executor = executor_,
                                                                   .budget = budget_,
                                                                   .metrics = metrics_}));
  return absl::OkStatus();
}

absl::Status Gateway::BuildServers(const Settings& settings, TlsFiles tls, size_t max_connections) {
  absl::StatusOr<std::unique_ptr<GrpcServer>> grpc = GrpcServer::Start(
      {settings.grpc_listen, std::move(tls), max_connections, &metrics_}, services_->All());
  if (!grpc.ok()) {
    return absl::UnavailableError(absl::StrCat("--grpc_listen: ", grpc.status().message()));
  }
  grpc_ = *std::move(grpc);
  if (settings.http_listen.has_value()) {
    absl::StatusOr<std::unique_ptr<HttpServer>> http =
        HttpServer::Start(*settings.http_listen, metrics_,
                          {{"/registrations", [this] { return RegistrationsPage(); }}});
    if (!http.ok()) {
      return absl::UnavailableError(absl::StrCat("--http_listen: ", http.status().message()));
    }
    http_ = *std::move(http);
  }
  AddGauges();
  return absl::OkStatus();
}

// Asks the SIP threads, which answer within milliseconds.
std::string Gateway::RegistrationsPage() {
  struct Answer {
    Mutex mutex;
    CondVar changed;
    std::optional<std::vector<sip::RegistrationStatus>> all ABSL_GUARDED_BY(mutex);
  };
  auto answer = std::make_shared<Answer>();  // they may answer late
  agent_->DescribeRegistrations([answer](std::vector<sip::RegistrationStatus> all) {
    MutexLock lock(answer->mutex);
    answer->all = std::move(all);
    answer->changed.NotifyAll();
  });
  const auto deadline = absl::ToChronoTime(absl::Now() + kPagePatience);
  MutexLock lock(answer->mutex);
  while (!answer->all.has_value()) {
    if (!answer->changed.WaitUntil(answer->mutex, deadline) && !answer->all.has_value()) {
      return "the SIP threads do not answer\n";
    }
  }
  return RegistrationLines(*answer->all);
}

void Gateway::AddGauges() {
  metrics_.AddGauge("sipevents_event_log_bytes", "Memory of the event logs in octets.",
                    [this] { return static_cast<double>(budget_.live_bytes()); });
  metrics_.AddGauge("sipevents_event_log_limit_bytes", "What --event_log_memory allows.",
                    [this] { return static_cast<double>(budget_.max_bytes()); });
  metrics_.AddGauge("sipevents_fanout_queue", "Logs and streams that wait for the executor.",
                    [this] { return static_cast<double>(executor_.queued()); });
  metrics_.AddGauge("sipevents_log_records_dropped",
                    "Log records dropped since nobody read stderr.",
                    [] { return static_cast<double>(DroppedLogRecords()); });
}

// Streams may wait in the executor while they hold leases of the registry: it ends first.
Gateway::~Gateway() {
  http_.reset();
  Log(LogSeverity::kDebug, "main", "HTTP has ended");
  grpc_.reset();
  executor_.Shutdown();
  agent_.reset();  // what its threads have yet to say is for the services
}

std::string Gateway::ReadyLine() const {
  const auto join = [](const std::vector<HostPort>& addresses) {
    return absl::StrJoin(addresses, ",", [](std::string* out, const HostPort& address) {
      absl::StrAppend(out, address.ToString());
    });
  };
  return absl::StrCat("ready grpc=", join(grpc_->listening()),
                      " sip=", absl::StrJoin(agent_->listening(), ","),
                      " http=", http_ == nullptr ? "" : http_->listening().ToString());
}

void Gateway::SetReady(bool ready) {
  grpc_->SetServing(ready);
  if (http_ != nullptr) http_->SetReady(ready);
}

void Gateway::Drain(absl::Time deadline) {
  SetReady(false);
  grpc_->StopAccepting();
  services_->BeginDrain();
  const absl::Time now = absl::Now();
  if (!services_->AwaitDrained(now + (deadline - now) * kStreamShare)) {
    Log(LogSeverity::kWarning, "main", "streams did not end in time");
  }
  Log(LogSeverity::kDebug, "main", "streams have ended");
  // Shared with the SIP thread, which may call late.
  auto done = std::make_shared<std::promise<void>>();
  agent_->Drain(deadline, [done] { done->set_value(); });
  if (done->get_future().wait_until(absl::ToChronoTime(deadline)) != std::future_status::ready) {
    Log(LogSeverity::kWarning, "main", "SIP subscriptions did not end in time");
  }
  Log(LogSeverity::kDebug, "main", "SIP subscriptions have ended");
  grpc_->Shutdown(deadline);
  Log(LogSeverity::kDebug, "main", "gRPC has ended");
}

// As many descriptors as the system allows: each connection is one. Returns how many.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// SIP over TCP and TLS may have a quarter of the descriptors, at most 20,000; HTTP, files and all
// else an eighth, at most 256.
ConnectionBounds BoundConnections(const Settings& settings, size_t descriptors) {
  const size_t sip = std::min<size_t>(descriptors / 4, 20'000);
  const size_t available = descriptors - sip - std::min<size_t>(descriptors / 8, 256);
  return {std::min(static_cast<size_t>(settings.grpc_max_connections), available),
          static_cast<int>(sip / 2)};
}

int Fail(const absl::Status& status) {
  const absl::string_view message = status.message();
  const std::string line = absl::StrCat(
      "sip-event-gateway: ", Excerpt({message.data(), message.size()}, kMaxErrorOctets), "\n");
  fputs(line.c_str(), stderr);
  return 1;
}

int RunUntilSignal(Gateway& gateway, const Settings& settings, const sigset_t& signals) {
  gateway.SetReady(true);
  const std::string ready = gateway.ReadyLine();
  puts(ready.c_str());
  fflush(stdout);
  Log(LogSeverity::kInfo, "main", ready);
  WaitForSignal(signals);
  Log(LogSeverity::kInfo, "main", "draining",
      {{"timeout", absl::FormatDuration(settings.drain_timeout)}});
  std::thread(EndEarly, signals, absl::Now(), settings.drain_timeout).detach();
  gateway.Drain(absl::Now() + settings.drain_timeout * kDrainShare);
  return 0;
}

int Main(const std::vector<std::string_view>& arguments) {
  const sigset_t signals = BlockEndSignals();
  std::signal(SIGPIPE, SIG_IGN);
  // Never given back: when its last user goes, gRPC may wait 10 s for its own threads.
  grpc_init();
  const absl::StatusOr<CommandLine> command_line = ParseCommandLine(arguments);
  if (!command_line.ok()) return Fail(command_line.status());
  if (command_line->help) {
    fputs(HelpText().c_str(), stdout);
    return 0;
  }
  const Settings& settings = command_line->settings;
  const ConnectionBounds bounds = BoundConnections(settings, RaiseDescriptorLimit());
  StartLog(settings.log_format, settings.log_level);
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Build(settings, bounds);
  if (!gateway.ok()) return Fail(gateway.status());
  ReleaseLog();
  if (bounds.grpc < static_cast<size_t>(settings.grpc_max_connections)) {
    Log(LogSeverity::kInfo, "main",
        "fewer connections than --grpc_max_connections: too few "
        "file descriptors (ulimit -n)",
        {{"connections", bounds.grpc}});
  }
  const int status = RunUntilSignal(**gateway, settings, signals);
  gateway->reset();
  Log(LogSeverity::kInfo, "main", "ended");
  FlushLog();
  return status;
}

}  // namespace
}  // namespace sipevents::gateway

int main(int argc, char** argv) {
  return sipevents::gateway::Main(
      std::vector<std::string_view>(argv + std::min(argc, 1), argv + argc));
}
