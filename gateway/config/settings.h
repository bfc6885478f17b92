#ifndef GATEWAY_CONFIG_SETTINGS_H_
#define GATEWAY_CONFIG_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gateway/telemetry/log_format.h"
#include "sip/base/log.h"
#include "sip/base/net_address.h"
#include "sip/event_server.h"

namespace sipevents::gateway {

// Every setting of sip-event-gateway, once; a field has the name of its flag. What a setting
// means to an operator stands in the table of settings_table.cc, which --help prints.
struct Settings {
  // gRPC
  std::vector<HostPort> grpc_listen = {{"127.0.0.1", 50051}};
  std::string grpc_tls_cert;  // a PEM file; empty: no TLS
  std::string grpc_tls_key;
  std::string grpc_client_ca;    // a PEM file; empty: no client certificates
  std::string grpc_tokens_file;  // empty: no bearer tokens
  bool insecure_no_auth = false;
  int grpc_max_connections = 20'000;

  // SIP
  std::vector<SipListenAddress> sip_listen = {{Transport::kUdp, {"127.0.0.1", 5060}},
                                              {Transport::kTcp, {"127.0.0.1", 5060}}};
  std::vector<std::string> sip_advertise;  // none, one for all listeners, or one for each
  int sip_shards = 1;
  std::vector<int> sip_shard_ports;  // none, or sip_shards - 1
  std::string sip_outbound_proxy;    // empty: RFC 3263
  std::string sip_identity = "sip:gateway@localhost";
  std::string sip_credentials_file;                   // empty: none
  std::string sip_registrations_file;                 // empty: none
  absl::Duration sip_expires = absl::ZeroDuration();  // zero: each package's own
  bool sip_strict = false;                            // --sip_profile=strict
  std::string sip_unsolicited_notify;    // networks; empty: none; checked by the SIP side
  bool sip_authenticate_notify = false;  // --sip_notify_auth=digest
  absl::Duration sip_t1 = absl::Milliseconds(500);
  absl::Duration sip_retry_base = absl::Seconds(30);
  std::string sip_resolv_conf;  // empty: /etc/resolv.conf
  std::string tel_domain;       // empty: tel: targets are refused

  // What is served to SIP watchers
  std::vector<std::string> sip_domains;  // none: nothing is
  std::string sip_users_file;            // empty: none
  std::optional<HostPort> sip_users_service;
  std::string sip_users_service_ca;          // a PEM file; empty: no TLS
  std::string sip_users_service_token_file;  // empty: no bearer token
  bool sip_authenticate_watchers = true;     // --sip_watcher_auth=digest
  bool sip_only_md5 = false;                 // --sip_watcher_digest=md5
  sip::WatcherDecision sip_watcher_policy = sip::WatcherDecision::kAllow;
  absl::Duration sip_min_expires = absl::Seconds(60);
  absl::Duration sip_max_expires = absl::Hours(1);
  std::optional<absl::Duration> sip_notify_min_interval;  // absent: each package's own

  // SIP over TLS; the files are PEM
  std::string sip_tls_cert;  // a chain; empty: none, and no tls: listener
  std::string sip_tls_key;
  std::string sip_tls_ca;                    // empty: the system's authorities
  bool sip_tls_require_client_cert = false;  // --sip_tls_client_auth=require
  bool sip_tls_verify = true;                // servers prove who they are
  std::string sip_tls_min_version = "1.2";   // or "1.3"

  // Where SIP requests may go, and how fast
  std::string sip_allowed_destinations;  // empty: the default; checked by the SIP side
  int sip_destination_rate = 1000;       // requests per second; 0: no bound
  int sip_destination_in_flight = 500;
  int sip_max_in_flight = 2000;

  // Life of Subscriptions, and bounds
  absl::Duration linger = absl::Minutes(5);
  int64_t max_subscriptions = 1'100'000;
  int64_t max_watches = 100'000;
  int64_t event_log_memory = int64_t{1} << 30;  // octets

  // The process
  std::optional<HostPort> http_listen = HostPort{"127.0.0.1", 9464};  // absent: no HTTP
  absl::Duration drain_timeout = absl::Seconds(10);
  LogFormat log_format = LogFormat::kText;
  LogSeverity log_level = LogSeverity::kInfo;

  bool operator==(const Settings&) const = default;
};

// The error of a flag that cannot be used: one line, `--flag="value": problem`. Any thread.
absl::Status UnusableFlag(std::string_view flag, std::string_view value,
                          const absl::AlphaNum& problem);

// Checks what no single setting can know: listeners beyond loopback have authentication, a
// certificate has its key, a wildcard address is advertised as something else, files that are
// named can be read. The error is one line that names flag, value and expectation.
absl::Status CheckSettings(const Settings& settings);

}  // namespace sipevents::gateway

#endif  // GATEWAY_CONFIG_SETTINGS_H_
