#include "gateway/config/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_join.h"
#include "gateway/config/read_file.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxFileOctets = 4 << 20;

absl::Status CheckFiles(const Settings& settings) {
  const std::array<std::pair<std::string_view, const std::string*>, 12> files = {
      {{"grpc_tls_cert", &settings.grpc_tls_cert},
       {"grpc_tls_key", &settings.grpc_tls_key},
       {"grpc_client_ca", &settings.grpc_client_ca},
       {"grpc_tokens_file", &settings.grpc_tokens_file},
       {"sip_credentials_file", &settings.sip_credentials_file},
       {"sip_registrations_file", &settings.sip_registrations_file},
       {"sip_users_service_ca", &settings.sip_users_service_ca},
       {"sip_users_service_token_file", &settings.sip_users_service_token_file},
       {"sip_tls_cert", &settings.sip_tls_cert},
       {"sip_tls_key", &settings.sip_tls_key},
       {"sip_tls_ca", &settings.sip_tls_ca},
       {"sip_resolv_conf", &settings.sip_resolv_conf}}};
  for (const auto& [flag, path] : files) {
    if (path->empty()) continue;
    const absl::Status readable = ReadFile(*path, kMaxFileOctets).status();
    if (!readable.ok()) {
      return UnusableFlag(flag, *path,
                          absl::StrCat(readable.message(), "; expected a readable file"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTls(const Settings& settings) {
  if (!settings.grpc_tls_cert.empty() && settings.grpc_tls_key.empty()) {
    return UnusableFlag("grpc_tls_cert", settings.grpc_tls_cert, "expected --grpc_tls_key as well");
  }
  if (!settings.grpc_tls_key.empty() && settings.grpc_tls_cert.empty()) {
    return UnusableFlag("grpc_tls_key", settings.grpc_tls_key, "expected --grpc_tls_cert as well");
  }
  if (!settings.grpc_client_ca.empty() && settings.grpc_tls_cert.empty()) {
    return UnusableFlag("grpc_client_ca", settings.grpc_client_ca,
                        "expected --grpc_tls_cert and --grpc_tls_key as well");
  }
  return absl::OkStatus();
}

absl::Status CheckSipTls(const Settings& settings) {
  if (!settings.sip_tls_cert.empty() && settings.sip_tls_key.empty()) {
    return UnusableFlag("sip_tls_cert", settings.sip_tls_cert, "expected --sip_tls_key as well");
  }
  if (!settings.sip_tls_key.empty() && settings.sip_tls_cert.empty()) {
    return UnusableFlag("sip_tls_key", settings.sip_tls_key, "expected --sip_tls_cert as well");
  }
  for (const SipListenAddress& listen : settings.sip_listen) {
    if (listen.transport != Transport::kTls || !settings.sip_tls_cert.empty()) continue;
    return UnusableFlag("sip_listen", listen.ToString(),
                        "tls: expected --sip_tls_cert and --sip_tls_key as well");
  }
  return absl::OkStatus();
}

absl::Status CheckAuthentication(const Settings& settings) {
  const bool authenticated = !settings.grpc_client_ca.empty() || !settings.grpc_tokens_file.empty();
  if (authenticated || settings.insecure_no_auth) return absl::OkStatus();
  for (const HostPort& address : settings.grpc_listen) {
    if (IsLoopback(address.host)) continue;
    return UnusableFlag("grpc_listen", address.ToString(),
                        "beyond loopback expected --grpc_tokens_file, --grpc_client_ca or "
                        "--insecure_no_auth");
  }
  return absl::OkStatus();
}

absl::Status CheckUsersService(const Settings& settings) {
  if (settings.sip_users_service.has_value()) return absl::OkStatus();
  constexpr char kExpected[] = "expected --sip_users_service as well";
  if (!settings.sip_users_service_ca.empty()) {
    return UnusableFlag("sip_users_service_ca", settings.sip_users_service_ca, kExpected);
  }
  if (!settings.sip_users_service_token_file.empty()) {
    return UnusableFlag("sip_users_service_token_file", settings.sip_users_service_token_file,
                        kExpected);
  }
  return absl::OkStatus();
}

absl::Status CheckSip(const Settings& settings) {
  const size_t listeners = settings.sip_listen.size();
  const size_t advertised = settings.sip_advertise.size();
  if (advertised > 1 && advertised != listeners) {
    return UnusableFlag("sip_advertise", absl::StrJoin(settings.sip_advertise, ","),
                        absl::StrCat("expected one for all listeners, or ", listeners,
                                     ", one for each of --sip_listen"));
  }
  const auto wildcard =
      std::find_if(settings.sip_listen.begin(), settings.sip_listen.end(),
                   [](const SipListenAddress& listen) { return IsWildcard(listen.address.host); });
  if (wildcard != settings.sip_listen.end() && advertised == 0) {
    return UnusableFlag(
        "sip_listen", wildcard->ToString(),
        "a wildcard address expects --sip_advertise, the address that peers can reach");
  }
  if (settings.sip_max_expires < settings.sip_min_expires) {
    return UnusableFlag("sip_max_expires", absl::FormatDuration(settings.sip_max_expires),
                        absl::StrCat("expected at least --sip_min_expires, which is ",
                                     absl::FormatDuration(settings.sip_min_expires)));
  }
  const size_t ports = settings.sip_shard_ports.size();
  if (ports != 0 && ports != static_cast<size_t>(settings.sip_shards) - 1) {
    return UnusableFlag(
        "sip_shard_ports", absl::StrJoin(settings.sip_shard_ports, ","),
        absl::StrCat("expected ", settings.sip_shards - 1, " ports, one fewer than --sip_shards"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status UnusableFlag(std::string_view flag, std::string_view value,
                          const absl::AlphaNum& problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", AbslView(flag), "=", QuoteForMessage(value), ": ", problem));
}

absl::Status CheckSettings(const Settings& settings) {
  SIPEVENTS_RETURN_IF_ERROR(CheckTls(settings));
  SIPEVENTS_RETURN_IF_ERROR(CheckSipTls(settings));
  SIPEVENTS_RETURN_IF_ERROR(CheckAuthentication(settings));
  SIPEVENTS_RETURN_IF_ERROR(CheckSip(settings));
  SIPEVENTS_RETURN_IF_ERROR(CheckUsersService(settings));
  return CheckFiles(settings);
}

}  // namespace sipevents::gateway
