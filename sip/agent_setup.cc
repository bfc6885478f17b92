#include "sip/agent_setup.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"
#include "sip/packages/package_table.h"

namespace sipevents::sip {
namespace {

constexpr int kMaxShards = 64;

std::string TypedPackageNames() {
  std::vector<std::string> names;
  for (const EventPackage& package : TypedPackages()) names.emplace_back(package.name);
  return absl::StrJoin(names, ", ");
}

std::string TypedPackageBodies() {
  std::vector<std::string> types;
  for (const EventPackage& package : TypedPackages()) {
    types.insert(types.end(), package.accept.begin(), package.accept.end());
  }
  return absl::StrJoin(types, ", ");
}

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : absl::StrCat("[", host, "]");
}

absl::Status BadOption(std::string_view flag, std::string_view value, std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(AbslView(flag), ": ", QuoteForMessage(value),
                                                 ": expected ", AbslView(expected)));
}

// The host that Via and Contact show for one listener.
absl::StatusOr<std::string> AdvertisedHost(const std::string& text, const SipListenAddress& bound) {
  if (text.empty()) {
    if (IsWildcard(bound.address.host)) {
      return BadOption("--sip_advertise", "", "an address, since --sip_listen has a wildcard");
    }
    return Bracketed(bound.address.host);
  }
  if (IsSipHost(text) && !IsWildcard(text)) return text;
  const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  if (!parsed.ok() || IsWildcard(parsed->host)) {
    return BadOption("--sip_advertise", text, "host or host:port, such as 192.0.2.7:5060");
  }
  if (parsed->port != 0 && parsed->port != bound.address.port) {
    return BadOption("--sip_advertise", text,
                     absl::StrCat("the port of its listener (", bound.address.port, ")"));
  }
  return Bracketed(parsed->host);
}

absl::StatusOr<std::vector<ListenSpec>> ListenSpecs(const AgentOptions& options) {
  if (options.listen.empty()) return BadOption("--sip_listen", "", "at least one address");
  if (options.advertise.size() > 1 && options.advertise.size() != options.listen.size()) {
    return BadOption("--sip_advertise", absl::StrJoin(options.advertise, ","),
                     "one address for all listeners, or one for each");
  }
  std::vector<ListenSpec> specs;
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const absl::StatusOr<SipListenAddress> address = ParseSipListenAddress(options.listen[i]);
    if (!address.ok() || !IsNumericHost(address->address.host)) {
      return BadOption("--sip_listen", options.listen[i],
                       "udp, tcp or tls with a numeric address, such as udp:127.0.0.1:5060");
    }
    if (address->transport == Transport::kTls &&
        (options.tls_certificate_file.empty() || options.tls_key_file.empty())) {
      return BadOption("--sip_listen", options.listen[i],
                       "--sip_tls_cert and --sip_tls_key as well");
    }
    const std::string shown =
        options.advertise.empty() ? "" : options.advertise[options.advertise.size() == 1 ? 0 : i];
    ListenSpec spec;
    spec.transport = address->transport;
    spec.host = Bracketed(address->address.host);
    spec.port = address->address.port;
    SIPEVENTS_ASSIGN_OR_RETURN(spec.advertise, AdvertisedHost(shown, *address));
    specs.push_back(std::move(spec));
  }
  return specs;
}

// The transport that a proxy's URI asks for; nullopt: it leaves the choice.
std::optional<Transport> TransportOf(const Uri& proxy) {
  if (proxy.scheme == "sips") return Transport::kTls;
  for (const auto& [name, value] : proxy.parameters) {
    if (!EqualsIgnoreCase(name, "transport")) continue;
    for (const Transport transport : {Transport::kUdp, Transport::kTcp, Transport::kTls}) {
      if (EqualsIgnoreCase(value, TransportName(transport))) return transport;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::string> OutboundRoute(const std::string& proxy,
                                          const std::vector<ListenSpec>& listeners) {
  if (proxy.empty()) return std::string();
  absl::StatusOr<Uri> uri = ParseUri(proxy);
  if (!uri.ok() || (uri->scheme != "sip" && uri->scheme != "sips")) {
    return BadOption("--sip_outbound_proxy", proxy, "a SIP URI such as sip:192.0.2.1:5060;lr");
  }
  // What answers comes to a listener of the same transport.
  const std::optional<Transport> transport = TransportOf(*uri);
  const bool usable = std::any_of(listeners.begin(), listeners.end(), [&](const ListenSpec& spec) {
    return !transport.has_value() || spec.transport == *transport;
  });
  if (!usable) {
    return BadOption("--sip_outbound_proxy", proxy,
                     absl::StrCat("a transport that --sip_listen has, which is not ",
                                  AbslView(TransportName(*transport))));
  }
  const bool loose = std::any_of(uri->parameters.begin(), uri->parameters.end(),
                                 [](const auto& parameter) { return parameter.first == "lr"; });
  if (!loose) uri->parameters.emplace_back("lr", "");
  return absl::StrCat("<", uri->ToString(), ">");
}

// What one thread may do of what the agent may: an equal part, at least one.
int Part(int whole, int shards) { return whole == 0 ? 0 : std::max(1, whole / shards); }

EndpointOptions EndpointOptionsOf(const AgentOptions& options) {
  EndpointOptions endpoint;
  endpoint.t1 = options.t1;
  endpoint.allow_events = TypedPackageNames();
  endpoint.accept = TypedPackageBodies();
  endpoint.resolv_conf = options.resolv_conf;
  endpoint.scheduler.max_in_flight = Part(options.max_in_flight, options.shards);
  endpoint.scheduler.max_in_flight_per_destination =
      Part(options.destination_in_flight, options.shards);
  endpoint.scheduler.rate_per_destination = Part(options.destination_rate, options.shards);
  // Not shorter with a shorter T1, which says nothing of how long a large message takes.
  endpoint.streams.message_timeout = std::max(absl::Seconds(32), 64 * options.t1);
  endpoint.streams.max_accepted = Part(options.max_connections, options.shards);
  endpoint.streams.max_opened = Part(options.max_connections, options.shards);
  TlsOptions& tls = endpoint.streams.tls;
  tls.certificate_file = options.tls_certificate_file;
  tls.key_file = options.tls_key_file;
  tls.authorities_file = options.tls_authorities_file;
  tls.require_client_certificate = options.tls_require_client_certificate;
  tls.verify_server = options.tls_verify_server;
  tls.minimum_version = options.tls_minimum_version;
  return endpoint;
}

absl::Status CheckShards(const AgentOptions& options) {
  if (options.shards < 1 || options.shards > kMaxShards) {
    return BadOption("--sip_shards", absl::StrCat(options.shards),
                     absl::StrCat("1 to ", kMaxShards));
  }
  if (!options.shard_ports.empty() &&
      options.shard_ports.size() + 1 != static_cast<size_t>(options.shards)) {
    return BadOption("--sip_shard_ports", absl::StrJoin(options.shard_ports, ","),
                     absl::StrCat(options.shards - 1, " ports, one for each further shard"));
  }
  return absl::OkStatus();
}

// Needs the listeners.
absl::Status SetUpRegistrations(const AgentOptions& options, AgentSetup& setup) {
  const absl::StatusOr<std::string> identity = CanonicalTarget(options.identity, /*tel_domain=*/"");
  if (!identity.ok()) return BadOption("--sip_identity", options.identity, "a SIP URI");
  setup.identity = *identity;
  if (options.registrations_file.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<RegistrationSpec>> specs =
      LoadRegistrations(options.registrations_file);
  if (!specs.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sip_registrations_file: ", specs.status().message()));
  }
  setup.registrations = *std::move(specs);
  const ListenSpec& listener = setup.endpoint.listen.front();
  for (RegistrationSpec& spec : setup.registrations) {
    setup.registered.insert(spec.aor);
    if (!spec.instance.empty()) continue;
    spec.instance =
        DefaultInstance(spec.aor, listener.advertise.empty() ? listener.host : listener.advertise);
  }
  return absl::OkStatus();
}

// What our own domains need; nothing where there are none.
absl::Status SetUpEvents(const AgentOptions& options, AgentSetup& setup) {
  if (options.domains.empty()) return absl::OkStatus();
  EventServiceOptions& events = setup.events.emplace();
  events.domains = DomainSet(options.domains);
  events.authenticate = options.authenticate_watchers;
  events.only_md5 = options.only_md5;
  events.usual_decision = options.watcher_decision;
  events.min_expires = options.min_expires;
  events.max_expires = options.max_expires;
  events.notify_interval = options.notify_interval;
  events.strict = options.strict;
  setup.endpoint.served_events = EventService::AllowEvents(options.strict);
  if (events.authenticate && options.users_file.empty() && options.user_directory == nullptr) {
    return BadOption("--sip_users_file", "",
                     "a file, or --sip_users_service, since --sip_watcher_auth=digest (or "
                     "--sip_watcher_auth=none)");
  }
  if (options.users_file.empty()) return absl::OkStatus();
  absl::StatusOr<UserTable> users = UserTable::Load(options.users_file);
  if (!users.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--sip_users_file: ", users.status().message()));
  }
  setup.users = std::make_shared<const UserTable>(*std::move(users));
  return absl::OkStatus();
}

}  // namespace

size_t AgentSetup::ShardOf(const std::string& target_uri, const std::string& requested_identity,
                           size_t shards) const {
  const std::string& from = requested_identity.empty() ? identity : requested_identity;
  return std::hash<std::string>()(registered.contains(from) ? from : target_uri) % shards;
}

absl::StatusOr<AgentSetup> SetUpAgent(const AgentOptions& options) {
  SIPEVENTS_RETURN_IF_ERROR(CheckShards(options));
  AgentSetup setup;
  setup.endpoint = EndpointOptionsOf(options);
  if (!options.credentials_file.empty()) {
    absl::StatusOr<CredentialTable> loaded = CredentialTable::Load(options.credentials_file);
    if (!loaded.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--sip_credentials_file: ", loaded.status().message()));
    }
    setup.credentials = *std::move(loaded);
  }
  absl::StatusOr<DestinationPolicy> destinations =
      DestinationPolicy::Parse(options.allowed_destinations);
  if (!destinations.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sip_allowed_destinations: ", destinations.status().message()));
  }
  setup.endpoint.destinations = *std::move(destinations);
  absl::StatusOr<NetworkList> peers = NetworkList::Parse(options.unsolicited_peers);
  if (!peers.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sip_unsolicited_notify: ", peers.status().message()));
  }
  setup.unsolicited_peers = *std::move(peers);
  SIPEVENTS_ASSIGN_OR_RETURN(setup.endpoint.listen, ListenSpecs(options));
  SIPEVENTS_ASSIGN_OR_RETURN(setup.outbound_route,
                             OutboundRoute(options.outbound_proxy, setup.endpoint.listen));
  SIPEVENTS_RETURN_IF_ERROR(SetUpRegistrations(options, setup));
  SIPEVENTS_RETURN_IF_ERROR(SetUpEvents(options, setup));
  return setup;
}

std::vector<ListenSpec> ListenersOf(const AgentSetup& setup, const AgentOptions& options,
                                    int shard) {
  std::vector<ListenSpec> listeners = setup.endpoint.listen;
  if (shard == 0) return listeners;
  const int port = options.shard_ports.empty() ? 0 : options.shard_ports[shard - 1];
  for (ListenSpec& listener : listeners) {
    listener.port = port != 0 && listener.transport == Transport::kTls ? port + 1 : port;
  }
  return listeners;
}

}  // namespace sipevents::sip
