#include "sip/location/location.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMaxNameOctets = 253;  // as text (RFC 1035 section 2.3.4)
constexpr size_t kMaxLabelOctets = 63;

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelOctets &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
         });
}

std::string_view ParameterOf(const Uri& uri, std::string_view name) {
  for (const auto& [its_name, value] : uri.parameters) {
    if (EqualsIgnoreCase(its_name, name)) return value;
  }
  return {};
}

absl::Status CannotSend(std::string_view uri, const absl::AlphaNum& why) {
  return absl::NotFoundError(absl::StrCat("cannot send to ", QuoteForMessage(uri), ": ", why));
}

// The transport that the URI asks for; nothing where it leaves the choice.
absl::StatusOr<std::optional<Transport>> TransportOf(std::string_view text, const Uri& uri) {
  const std::string_view parameter = ParameterOf(uri, "transport");
  const bool secure = uri.scheme == "sips";
  if (EqualsIgnoreCase(parameter, "tls")) return Transport::kTls;
  if (EqualsIgnoreCase(parameter, "tcp")) return secure ? Transport::kTls : Transport::kTcp;
  if (EqualsIgnoreCase(parameter, "udp")) {
    if (secure) return CannotSend(text, "sips needs TLS, which there is not over UDP");
    return Transport::kUdp;
  }
  if (!parameter.empty()) {
    return CannotSend(
        text, absl::StrCat("the transport ", QuoteForMessage(parameter), " is not supported"));
  }
  return std::nullopt;
}

// What to use where the URI leaves the choice, the first to try first. UDP is the one that every
// SIP server has; TLS without sips: is used where DNS offers it, or where it is all that we have.
std::vector<Transport> DefaultTransports(const SendingMeans& means, bool secure, bool large) {
  if (secure) return {Transport::kTls};
  if (large && means.tcp && means.udp) return {Transport::kTcp, Transport::kUdp};
  return {means.udp ? Transport::kUdp : means.tcp ? Transport::kTcp : Transport::kTls};
}

// Every transport that we have, in the order in which services are looked for.
std::vector<Transport> SupportedTransports(const SendingMeans& means, bool secure, bool large) {
  std::vector<Transport> order = {Transport::kUdp, Transport::kTcp, Transport::kTls};
  if (large) order = {Transport::kTcp, Transport::kTls, Transport::kUdp};
  std::erase_if(order,
                [&](Transport t) { return !means.Can(t) || (secure && t != Transport::kTls); });
  return order;
}

std::string_view ServicePrefix(Transport transport) {
  switch (transport) {
    case Transport::kUdp:
      return "_sip._udp.";
    case Transport::kTcp:
      return "_sip._tcp.";
    case Transport::kTls:
      return "_sips._tcp.";
  }
  return "";
}

// RFC 3263 section 4.1; services of WebSocket and SCTP are none of ours.
std::optional<Transport> TransportOfService(std::string_view service) {
  if (EqualsIgnoreCase(service, "SIP+D2U")) return Transport::kUdp;
  if (EqualsIgnoreCase(service, "SIP+D2T")) return Transport::kTcp;
  if (EqualsIgnoreCase(service, "SIPS+D2T")) return Transport::kTls;
  return std::nullopt;
}

absl::Status SetTarget(std::string_view uri, std::string_view host, const SendingMeans& means,
                       LocationPlan* plan) {
  if (std::optional<std::string> address = NumericAddress(host)) {
    if (!(IsIpv6(*address) ? means.ipv6 : means.ipv4)) {
      return CannotSend(uri,
                        absl::StrCat(IsIpv6(*address) ? "IPv6" : "IPv4", " is not enabled here"));
    }
    plan->name = *std::move(address);
    plan->numeric = true;
    return absl::OkStatus();
  }
  std::optional<std::string> name = HostName(host);
  if (!name.has_value()) {
    return absl::NotFoundError(absl::StrCat(QuoteForMessage(host), " cannot be a host name"));
  }
  plan->name = *std::move(name);
  return absl::OkStatus();
}

using Octets = std::array<uint8_t, 16>;

bool StartsWith(const Octets& address, std::initializer_list<uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

// RFC 6724 section 2.1.
int Precedence(const std::string& address) {
  constexpr int kIpv4 = 35;
  if (!IsIpv6(address)) return kIpv4;
  Octets octets = {};
  inet_pton(AF_INET6, address.c_str(), octets.data());
  if (std::memcmp(octets.data(), &in6addr_loopback, octets.size()) == 0) return 50;
  if (StartsWith(octets, {0x20, 0x02})) return 30;                         // 6to4
  if (StartsWith(octets, {0x20, 0x01, 0, 0})) return 5;                    // Teredo
  if ((octets[0] & 0xfe) == 0xfc) return 3;                                // unique local
  if (StartsWith(octets, {0xfe}) && (octets[1] & 0xc0) == 0xc0) return 1;  // site-local
  if (StartsWith(octets, {0x3f, 0xfe})) return 1;                          // 6bone
  if (StartsWith(octets, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return 1;  // IPv4-compatible
  return 40;
}

// Moves one of [begin, end) to the front, by chance in proportion to the weights (RFC 2782).
// Those of weight 0 come first in the running sum, so that they have a small chance, too; where
// all weigh nothing, all are alike.
void DrawOne(std::vector<SrvRecord>::iterator begin, std::vector<SrvRecord>::iterator end,
             RandomSource& random) {
  const uint64_t sum = std::accumulate(
      begin, end, uint64_t{0}, [](uint64_t all, const SrvRecord& r) { return all + r.weight; });
  if (sum == 0) {
    const double count = static_cast<double>(std::distance(begin, end));
    std::iter_swap(begin, begin + static_cast<ptrdiff_t>(random.Uniform() * count));
    return;
  }
  const auto drawn = static_cast<uint64_t>(random.Uniform() * static_cast<double>(sum + 1));
  uint64_t running = 0;
  for (auto it = begin; it != end; ++it) {
    running += it->weight;
    if (running >= drawn) {
      std::rotate(begin, it, std::next(it));
      return;
    }
  }
}

}  // namespace

std::optional<std::string> HostName(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxNameOctets) return std::nullopt;
  std::string_view label;
  for (size_t begin = 0; begin <= text.size(); begin += label.size() + 1) {
    label = text.substr(begin, std::min(text.find('.', begin), text.size()) - begin);
    if (!IsLabel(label)) return std::nullopt;
  }
  if (!IsLetter(label.front())) return std::nullopt;
  return ToLower(text);
}

bool IsLocalhost(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

std::optional<std::string> NumericAddress(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string bare(bracketed ? text.substr(1, text.size() - 2) : text);
  std::array<char, INET6_ADDRSTRLEN> written = {};
  in_addr v4 = {};
  if (!bracketed && inet_pton(AF_INET, bare.c_str(), &v4) == 1) return bare;
  in6_addr v6 = {};
  if (bare.size() != std::strlen(bare.c_str()) || inet_pton(AF_INET6, bare.c_str(), &v6) != 1) {
    return std::nullopt;
  }
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6) != 0;
  const void* octets = mapped ? &v6.s6_addr[12] : &v6.s6_addr[0];
  inet_ntop(mapped ? AF_INET : AF_INET6, octets, written.data(), written.size());
  return std::string(written.data());
}

bool IsIpv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

absl::StatusOr<LocationPlan> PlanLocation(std::string_view uri, const SendingMeans& means,
                                          bool large) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Uri parsed, ParseUri(uri));
  if (parsed.scheme != "sip" && parsed.scheme != "sips") {
    return absl::InvalidArgumentError(
        absl::StrCat(QuoteForMessage(uri), " is not routed by SIP; expected sip: or sips:"));
  }
  LocationPlan plan;
  plan.secure = parsed.scheme == "sips";
  plan.large = large;
  plan.port = parsed.port;
  SIPEVENTS_ASSIGN_OR_RETURN(const std::optional<Transport> asked, TransportOf(uri, parsed));
  plan.transports = asked.has_value() ? std::vector<Transport>{*asked}
                                      : DefaultTransports(means, plan.secure, large);
  std::erase_if(plan.transports, [&](Transport t) { return !means.Can(t); });
  if (plan.transports.empty()) {
    const Transport missing = asked.value_or(plan.secure ? Transport::kTls : Transport::kUdp);
    return CannotSend(uri, absl::StrCat(AbslView(TransportName(missing)), " is not enabled here"));
  }
  const std::string_view maddr = ParameterOf(parsed, "maddr");
  SIPEVENTS_RETURN_IF_ERROR(SetTarget(uri, maddr.empty() ? parsed.host : maddr, means, &plan));
  if (plan.numeric || plan.port != 0 || IsLocalhost(plan.name)) return plan;
  plan.ask_naptr = !asked.has_value();
  const std::vector<Transport> services =
      asked.has_value() ? plan.transports : SupportedTransports(means, plan.secure, large);
  for (const Transport transport : services) {
    plan.services.push_back(
        {transport, absl::StrCat(AbslView(ServicePrefix(transport)), plan.name)});
  }
  return plan;
}

std::vector<SipService> ChooseServices(std::vector<NaptrRecord> records, const LocationPlan& plan,
                                       const SendingMeans& means) {
  std::stable_sort(records.begin(), records.end(), [](const NaptrRecord& a, const NaptrRecord& b) {
    return std::tie(a.order, a.preference) < std::tie(b.order, b.preference);
  });
  std::vector<SipService> services;
  for (const NaptrRecord& record : records) {
    const std::optional<Transport> transport = TransportOfService(record.service);
    if (!transport.has_value() || !means.Can(*transport)) continue;
    if (plan.secure && transport != Transport::kTls) continue;
    if (!EqualsIgnoreCase(record.flags, "s") || !record.regexp.empty()) continue;
    std::optional<std::string> name = HostName(record.replacement);
    if (!name.has_value()) continue;
    SipService service = {*transport, *std::move(name)};
    if (std::find(services.begin(), services.end(), service) == services.end()) {
      services.push_back(std::move(service));
    }
  }
  if (plan.large) {
    std::stable_partition(services.begin(), services.end(),
                          [](const SipService& s) { return s.transport != Transport::kUdp; });
  }
  if (services.size() > kMaxServices) services.resize(kMaxServices);
  return services;
}

std::vector<SrvRecord> OrderServers(std::vector<SrvRecord> records, RandomSource& random) {
  std::vector<SrvRecord> usable;
  for (SrvRecord& record : records) {
    std::optional<std::string> name = HostName(record.target);
    if (!name.has_value() || record.port == 0) continue;
    record.target = *std::move(name);
    usable.push_back(std::move(record));
  }
  std::stable_sort(usable.begin(), usable.end(), [](const SrvRecord& a, const SrvRecord& b) {
    return std::make_pair(a.priority, a.weight != 0) < std::make_pair(b.priority, b.weight != 0);
  });
  for (auto it = usable.begin(); it != usable.end(); ++it) {
    const auto end = std::find_if(it, usable.end(),
                                  [&](const SrvRecord& r) { return r.priority != it->priority; });
    DrawOne(it, end, random);
  }
  return usable;
}

bool DeniesService(const std::vector<SrvRecord>& records) {
  return records.size() == 1 && (records[0].target == "." || records[0].target.empty());
}

void OrderAddresses(std::vector<std::string>& addresses) {
  std::stable_sort(
      addresses.begin(), addresses.end(),
      [](const std::string& a, const std::string& b) { return Precedence(a) > Precedence(b); });
}

}  // namespace sipevents::sip
