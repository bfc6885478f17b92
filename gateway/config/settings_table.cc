#include "gateway/config/settings_table.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/config/value_readers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"

namespace sipevents::gateway {
namespace {

using Read = std::function<absl::Status(std::string_view, Settings&)>;

constexpr absl::Duration kMonth = absl::Hours(30 * 24);

// Reads a value with `read` and stores it in `field`.
template <typename Field, typename Reader>
Read Into(Field Settings::*field, Reader read) {
  return [field, read](std::string_view value, Settings& settings) -> absl::Status {
    SIPEVENTS_ASSIGN_OR_RETURN(auto result, read(value));
    settings.*field = std::move(result);
    return absl::OkStatus();
  };
}

Read Text(std::string Settings::*field) {
  return [field](std::string_view value, Settings& settings) {
    settings.*field = std::string(value);
    return absl::OkStatus();
  };
}

Read Switch(bool Settings::*field) { return Into(field, ReadSwitch); }

template <typename Integer>
Read Number(Integer Settings::*field, int64_t low, int64_t high) {
  return [field, low, high](std::string_view value, Settings& settings) -> absl::Status {
    SIPEVENTS_ASSIGN_OR_RETURN(const int64_t result, ReadNumber(value, low, high));
    settings.*field = static_cast<Integer>(result);
    return absl::OkStatus();
  };
}

Read Duration(absl::Duration Settings::*field, absl::Duration low, absl::Duration high) {
  return Into(field,
              [low, high](std::string_view value) { return ReadDuration(value, low, high); });
}

// One of `choices`, each with what it stands for.
template <typename Value>
Read Choice(Value Settings::*field, std::vector<std::pair<std::string_view, Value>> choices) {
  return [field, choices](std::string_view value, Settings& settings) {
    std::string expected;
    for (const auto& [name, meaning] : choices) {
      if (value == name) {
        settings.*field = meaning;
        return absl::OkStatus();
      }
      absl::StrAppend(&expected, expected.empty() ? "expected " : " or ", AbslView(name));
    }
    return absl::InvalidArgumentError(expected);
  };
}

// A setting of the contract of which this version can do one value only.
Read Only(std::string_view usable, std::string_view why) {
  return [usable, why](std::string_view value, Settings&) {
    if (value == usable) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", AbslView(usable.empty() ? "nothing" : usable), ": ", AbslView(why)));
  };
}

absl::StatusOr<std::vector<SipListenAddress>> ReadSipListen(std::string_view value) {
  SIPEVENTS_ASSIGN_OR_RETURN(auto addresses, ParseSipListenList(value));
  for (const SipListenAddress& address : addresses) {
    if (!IsNumericHost(address.address.host)) {
      return absl::InvalidArgumentError("expected IP addresses, such as udp:127.0.0.1:5060");
    }
  }
  return addresses;
}

absl::StatusOr<std::optional<HostPort>> ReadHttpListen(std::string_view value) {
  if (value.empty()) return std::optional<HostPort>();
  SIPEVENTS_ASSIGN_OR_RETURN(HostPort address, ParseHostPort(value));
  return std::optional<HostPort>(std::move(address));
}

absl::StatusOr<std::optional<HostPort>> ReadUsersService(std::string_view value) {
  if (value.empty()) return std::optional<HostPort>();
  absl::StatusOr<HostPort> address = ParseHostPort(value);
  if (!address.ok()) return address.status();
  if (address->port == 0 || IsWildcard(address->host)) {
    return absl::InvalidArgumentError("expected HOST:PORT, such as users.example.com:50052");
  }
  return std::optional<HostPort>(*std::move(address));
}

absl::StatusOr<absl::Duration> ReadExpires(std::string_view value) {
  if (value.empty()) return absl::ZeroDuration();
  return ReadDuration(value, absl::Seconds(1), kMonth);
}

absl::StatusOr<std::string> ReadProxy(std::string_view value) {
  if (value.empty()) return std::string();
  return ReadSipUri(value);
}

absl::StatusOr<std::vector<std::string>> ReadDomains(std::string_view value) {
  std::vector<std::string> domains = absl::StrSplit(AbslView(value), ',', absl::SkipWhitespace());
  for (std::string& domain : domains) {
    domain = std::string(TrimBlanks(domain));
    if (!IsSipHost(domain)) {
      return absl::InvalidArgumentError("expected domains, such as example.com,example.net");
    }
  }
  return domains;
}

absl::StatusOr<std::optional<absl::Duration>> ReadNotifyInterval(std::string_view value) {
  if (value == "package") return std::optional<absl::Duration>();
  const absl::StatusOr<absl::Duration> interval =
      ReadDuration(value, absl::ZeroDuration(), absl::Hours(1));
  if (interval.ok()) return std::optional<absl::Duration>(*interval);
  return absl::InvalidArgumentError(absl::StrCat(interval.status().message(), ", or `package`"));
}

absl::StatusOr<std::string> ReadTelDomain(std::string_view value) {
  if (value.empty() || IsSipHost(value) || ParseHostPort(value).ok()) return std::string(value);
  return absl::InvalidArgumentError("expected a domain, such as example.com");
}

std::vector<SettingRow> GrpcRows() {
  return {
      {"grpc_listen", "HOST:PORT,...", "127.0.0.1:50051", "Where gRPC is served; port 0 picks one.",
       Into(&Settings::grpc_listen, ParseHostPortList)},
      {"grpc_tls_cert", "FILE", "", "Certificate chain (PEM); turns TLS on.",
       Text(&Settings::grpc_tls_cert)},
      {"grpc_tls_key", "FILE", "", "Private key of --grpc_tls_cert (PEM).",
       Text(&Settings::grpc_tls_key)},
      {"grpc_client_ca", "FILE", "",
       "Authorities (PEM) that client certificates must come from; turns mutual TLS on.",
       Text(&Settings::grpc_client_ca)},
      {"grpc_tokens_file", "FILE", "",
       "Bearer tokens: lines of `token caller tenant [permission...]`.",
       Text(&Settings::grpc_tokens_file)},
      {"insecure_no_auth", "", "false",
       "Allows gRPC beyond loopback although nobody is asked who he is.",
       Switch(&Settings::insecure_no_auth)},
      {"grpc_max_connections", "N", "20000",
       "Connections at the same time; more are closed at once.",
       Number(&Settings::grpc_max_connections, 1, 10'000'000)},
  };
}

std::vector<SettingRow> SipRows() {
  return {
      {"sip_listen", "TRANSPORT:HOST:PORT,...", "udp:127.0.0.1:5060,tcp:127.0.0.1:5060",
       "Where SIP is served, udp:, tcp: or tls:; port 0 picks one.",
       Into(&Settings::sip_listen, ReadSipListen)},
      {"sip_advertise", "HOST[:PORT],...", "",
       "What Via and Contact say: one for all listeners, or one for each; empty: the bound "
       "address.",
       Into(&Settings::sip_advertise, ReadAdvertised)},
      {"sip_shards", "N", "1", "SIP threads for subscriptions.",
       Number(&Settings::sip_shards, 1, 64)},
      {"sip_shard_ports", "PORT,...", "",
       "UDP ports of the SIP threads after the first; empty: any free ones.",
       Into(&Settings::sip_shard_ports, ReadPorts)},
      {"sip_outbound_proxy", "URI", "",
       "Where requests go first, e.g. sip:127.0.0.1:5090;lr; empty: where the target says.",
       Into(&Settings::sip_outbound_proxy, ReadProxy)},
      {"sip_identity", "URI", "sip:gateway@localhost",
       "Who asks (From) where a request names nobody.", Into(&Settings::sip_identity, ReadSipUri)},
      {"sip_credentials_file", "FILE", "",
       "Digest credentials: lines of `realm user password [identity=URI] [domain...]`.",
       Text(&Settings::sip_credentials_file)},
      {"sip_registrations_file", "FILE", "",
       "Identities that are kept registered: lines of `aor [registrar=URI] [expires=SECONDS] "
       "[instance=urn:uuid:...] [gruu=yes|no]`.",
       Text(&Settings::sip_registrations_file)},
      {"sip_expires", "DURATION", "",
       "What subscriptions ask for, where the request does not say; empty: the event package's "
       "default.",
       Into(&Settings::sip_expires, ReadExpires)},
      {"sip_profile", "lenient|strict", "lenient",
       "Whether what peers get wrong is tolerated or refused.",
       Choice<bool>(&Settings::sip_strict, {{"lenient", false}, {"strict", true}})},
      {"sip_notify_auth", "none|digest", "none",
       "Whether NOTIFYs are challenged: the notifier proves to know the credentials that we have "
       "for the domain.",
       Choice<bool>(&Settings::sip_authenticate_notify, {{"none", false}, {"digest", true}})},
      {"sip_unsolicited_notify", "NETWORK,...", "",
       "Who may send message-summary outside of any subscription, as PBXs do to who registered: "
       "networks as 10.0.0.0/8. It goes to the subscriptions of that mailbox that no notifier "
       "serves; empty: refused.",
       Text(&Settings::sip_unsolicited_notify)},
      {"sip_t1", "DURATION", "500ms", "T1 of RFC 3261; Timers B, F and N are 64 times this.",
       Duration(&Settings::sip_t1, absl::Milliseconds(10), absl::Seconds(10))},
      {"sip_retry_base", "DURATION", "30s",
       "How long the first retry after a failure waits, at most; each further one twice as long.",
       Duration(&Settings::sip_retry_base, absl::Milliseconds(100), absl::Minutes(30))},
      {"sip_resolv_conf", "FILE", "",
       "Which name servers to ask, in the form of /etc/resolv.conf; empty: that one.",
       Text(&Settings::sip_resolv_conf)},
      {"tel_domain", "DOMAIN", "", "Where tel: targets are looked up; empty: they are refused.",
       Into(&Settings::tel_domain, ReadTelDomain)},
  };
}

std::vector<SettingRow> SipServerRows() {
  return {
      {"sip_domains", "DOMAIN,...", "",
       "Domains whose event state is served here: SUBSCRIBE and PUBLISH are taken for them. Empty: "
       "for none.",
       Into(&Settings::sip_domains, ReadDomains)},
      {"sip_watcher_auth", "digest|none", "digest",
       "Whether SUBSCRIBE and PUBLISH from the network are challenged.",
       Choice<bool>(&Settings::sip_authenticate_watchers, {{"digest", true}, {"none", false}})},
      {"sip_watcher_digest", "sha256|md5", "sha256",
       "Algorithms of these challenges: SHA-256, and MD5 for phones that know no other; or MD5 "
       "alone, for phones that give up where one is named that they do not know.",
       Choice<bool>(&Settings::sip_only_md5, {{"sha256", false}, {"md5", true}})},
      {"sip_users_file", "FILE", "",
       "Who may subscribe and publish: lines of `user realm password [publish=URI|publish=*]`. A "
       "user's realm is its domain; it publishes its own state, and that of `publish`. Read again "
       "when "
       "it changes.",
       Text(&Settings::sip_users_file)},
      {"sip_users_service", "HOST:PORT", "",
       "A gRPC service sipevents.v1.UserDirectory, which is asked for users that are not in "
       "--sip_users_file; empty: none.",
       Into(&Settings::sip_users_service, ReadUsersService)},
      {"sip_users_service_ca", "FILE", "",
       "Authorities (PEM) that the certificate of --sip_users_service must come from; empty: no "
       "TLS.",
       Text(&Settings::sip_users_service_ca)},
      {"sip_users_service_token_file", "FILE", "",
       "The token that --sip_users_service is shown, as `authorization: Bearer TOKEN`; read again "
       "when it changes. Empty: none.",
       Text(&Settings::sip_users_service_token_file)},
      {"sip_watcher_policy", "allow|ask|deny", "allow",
       "What becomes of a watcher without a rule: sees the state; waits until somebody decides "
       "(AuthorizeWatcher); is refused.",
       Choice<sip::WatcherDecision>(&Settings::sip_watcher_policy,
                                    {{"allow", sip::WatcherDecision::kAllow},
                                     {"ask", sip::WatcherDecision::kPending},
                                     {"deny", sip::WatcherDecision::kDeny}})},
      {"sip_min_expires", "DURATION", "60s",
       "The shortest duration that watchers and publishers may ask for.",
       Duration(&Settings::sip_min_expires, absl::Seconds(1), kMonth)},
      {"sip_max_expires", "DURATION", "1h", "The longest duration that they are granted.",
       Duration(&Settings::sip_max_expires, absl::Seconds(1), kMonth)},
      {"sip_notify_min_interval", "package|DURATION", "package",
       "The least time between two NOTIFYs to one watcher, or what the event package says (5 s for "
       "presence, 1 s for others); 0s sends every change.",
       Into(&Settings::sip_notify_min_interval, ReadNotifyInterval)},
  };
}

std::vector<SettingRow> SipTlsRows() {
  return {
      {"sip_tls_cert", "FILE", "",
       "Our certificate chain for SIP (PEM), shown to clients and servers; tls: listeners need it.",
       Text(&Settings::sip_tls_cert)},
      {"sip_tls_key", "FILE", "", "Private key of --sip_tls_cert (PEM).",
       Text(&Settings::sip_tls_key)},
      {"sip_tls_ca", "FILE", "",
       "Authorities (PEM) that the certificates of SIP peers must come from; empty: the system's.",
       Text(&Settings::sip_tls_ca)},
      {"sip_tls_client_auth", "none|require", "none",
       "Whether peers that connect to a tls: listener must show a certificate.",
       Choice<bool>(&Settings::sip_tls_require_client_cert, {{"none", false}, {"require", true}})},
      {"sip_tls_verify", "", "true",
       "Whether SIP servers must prove to be who was meant; off only in a laboratory.",
       Switch(&Settings::sip_tls_verify)},
      {"sip_tls_min_version", "1.2|1.3", "1.2", "The oldest version of TLS that is spoken.",
       Choice<std::string>(&Settings::sip_tls_min_version, {{"1.2", "1.2"}, {"1.3", "1.3"}})},
  };
}

std::vector<SettingRow> SipSendingRows() {
  return {
      {"sip_allowed_destinations", "NETWORK|DOMAIN,...", "",
       "Where requests may go, whoever names the place: networks (10.0.0.0/8, 2001:db8::/32, "
       "192.0.2.7) and domains (example.com and below); empty: everywhere but link-local, "
       "multicast and broadcast.",
       Text(&Settings::sip_allowed_destinations)},
      {"sip_destination_rate", "N", "1000", "Requests a second to one server; 0: no bound.",
       Number(&Settings::sip_destination_rate, 0, 1'000'000)},
      {"sip_destination_in_flight", "N", "500",
       "Requests to one server that are not answered yet; more wait.",
       Number(&Settings::sip_destination_in_flight, 1, 100'000)},
      {"sip_max_in_flight", "N", "2000",
       "Requests to all servers that are not answered yet; more wait.",
       Number(&Settings::sip_max_in_flight, 1, 100'000)},
  };
}

std::vector<SettingRow> ServiceRows() {
  return {
      {"linger", "DURATION", "5m", "How long a Subscription outlives its last watcher and hold.",
       Duration(&Settings::linger, absl::ZeroDuration(), kMonth)},
      {"max_subscriptions", "N", "1100000", "Subscriptions at the same time.",
       Number(&Settings::max_subscriptions, 1, 100'000'000)},
      {"max_watches", "N", "100000", "Watches at the same time, over all streams.",
       Number(&Settings::max_watches, 1, 100'000'000)},
      {"event_log_memory", "SIZE", "1GiB",
       "Memory for events that slow or returning watchers need.",
       Into(&Settings::event_log_memory,
            [](std::string_view value) {
              return ReadOctets(value, int64_t{1} << 20, int64_t{1} << 40);
            })},
      {"data_dir", "DIRECTORY", "", "The embedded store; empty: memory only.",
       Only("", "this version keeps everything in memory")},
      {"on_shutdown", "unsubscribe", "unsubscribe", "What becomes of the SIP subscriptions.",
       Only("unsubscribe", "this version has no store to keep subscriptions in")},
  };
}

std::vector<SettingRow> ProcessRows() {
  return {
      {"http_listen", "HOST:PORT", "127.0.0.1:9464",
       "Where /metrics, /registrations, /healthz and /readyz are served; empty: nowhere.",
       Into(&Settings::http_listen, ReadHttpListen)},
      {"drain_timeout", "DURATION", "10s", "How long the end may take after SIGTERM.",
       Duration(&Settings::drain_timeout, absl::ZeroDuration(), absl::Minutes(10))},
      {"log_format", "text|json", "text", "How log records are written to stderr.",
       Choice<LogFormat>(&Settings::log_format,
                         {{"text", LogFormat::kText}, {"json", LogFormat::kJson}})},
      {"log_level", "debug|info|warning|error", "info", "The least severity that is logged.",
       Choice<LogSeverity>(&Settings::log_level, {{"debug", LogSeverity::kDebug},
                                                  {"info", LogSeverity::kInfo},
                                                  {"warning", LogSeverity::kWarning},
                                                  {"error", LogSeverity::kError}})},
  };
}

}  // namespace

absl::Span<const SettingRow> SettingsTable() {
  static const auto* table = [] {
    auto* rows = new std::vector<SettingRow>();
    for (auto&& part : {GrpcRows(), SipRows(), SipServerRows(), SipTlsRows(), SipSendingRows(),
                        ServiceRows(), ProcessRows()}) {
      rows->insert(rows->end(), part.begin(), part.end());
    }
    return rows;
  }();
  return *table;
}

const SettingRow* FindSetting(std::string_view name) {
  const auto table = SettingsTable();
  const auto it = std::find_if(table.begin(), table.end(),
                               [&](const SettingRow& row) { return row.name == name; });
  return it == table.end() ? nullptr : &*it;
}

}  // namespace sipevents::gateway
