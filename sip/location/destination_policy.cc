#include "sip/location/destination_policy.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/location/location.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMaxElements = NetworkList::kMaxNetworks;

struct Range {
  IpOctets address;
  int prefix;
};

constexpr Range V4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, int prefix) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, kMappedPrefix + prefix};
}

// What nobody has a reason to be sent to; cloud providers put their secrets at 169.254.169.254.
constexpr Range kForbidden[] = {
    V4(0, 0, 0, 0, 8),           // "this network"; 0.0.0.0 is this host to Linux
    V4(169, 254, 0, 0, 16),      // link-local
    V4(224, 0, 0, 0, 4),         // multicast
    V4(255, 255, 255, 255, 32),  // broadcast
    {{}, 128},                   // ::
    {{0xfe, 0x80}, 10},          // link-local
    {{0xff}, 8},                 // multicast
};

// IPv6 addresses that stand for an IPv4 address, and where it is in them. A translator or relay on
// the way makes that of them.
struct Embedding {
  Range range;
  size_t at;
};
constexpr Embedding kEmbeddings[] = {
    {{{}, 96}, 12},                                    // ::a.b.c.d (RFC 4291, deprecated)
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},              // NAT64 (RFC 6052)
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, 12},  // NAT64 of one's own (RFC 8215)
    {{{0x20, 0x02}, 16}, 2},                           // 6to4 (RFC 3056)
};

bool Contains(const Range& range, const IpOctets& address) {
  return SharesPrefix(range.address, address, range.prefix);
}

bool IsForbidden(const IpOctets& address) {
  const auto holds = [&](const Range& range) { return Contains(range, address); };
  return std::any_of(std::begin(kForbidden), std::end(kForbidden), holds);
}

// The IPv4 address that an IPv6 address stands for, as mapped.
std::optional<IpOctets> Embedded(const IpOctets& address) {
  if (std::memcmp(address.data(), &in6addr_loopback, address.size()) == 0) return std::nullopt;
  for (const Embedding& embedding : kEmbeddings) {
    if (!Contains(embedding.range, address)) continue;
    IpOctets v4 = V4(0, 0, 0, 0, 0).address;
    std::copy_n(address.begin() + embedding.at, 4, v4.begin() + 12);
    return v4;
  }
  return std::nullopt;
}

bool PassesDefault(const IpOctets& address) {
  const std::optional<IpOctets> embedded = Embedded(address);
  return !IsForbidden(address) && !(embedded.has_value() && IsForbidden(*embedded));
}

bool IsInDomain(std::string_view name, std::string_view domain) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name == domain) return true;
  return name.size() > domain.size() && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

absl::Status Bad(std::string_view element) {
  return absl::InvalidArgumentError(absl::StrCat(
      QuoteForMessage(element),
      " is no destination; expected a network as 10.0.0.0/8 or 2001:db8::/32, an address, or a "
      "domain as example.com"));
}

}  // namespace

DestinationPolicy::DestinationPolicy() = default;

absl::StatusOr<DestinationPolicy> DestinationPolicy::Parse(std::string_view text) {
  DestinationPolicy policy;
  if (TrimBlanks(text).empty()) return policy;
  policy.by_default_ = false;
  for (size_t begin = 0, end = 0; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    const std::string_view element = TrimBlanks(text.substr(begin, end - begin));
    SIPEVENTS_RETURN_IF_ERROR(policy.Add(element));
    if (policy.networks_.size() + policy.domains_.size() > kMaxElements) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are too many destinations; expected at most ", kMaxElements));
    }
  }
  return policy;
}

absl::Status DestinationPolicy::Add(std::string_view element) {
  const absl::StatusOr<bool> is_network = networks_.Add(element);
  if (!is_network.ok()) return Bad(element);
  if (*is_network) return absl::OkStatus();
  std::optional<std::string> domain = HostName(element);
  if (!domain.has_value()) return Bad(element);
  domains_.push_back(*std::move(domain));
  return absl::OkStatus();
}

bool DestinationPolicy::Allows(const NextHop& hop) const {
  const std::optional<IpOctets> address = ParseIpAddress(hop.address.host);
  if (!address.has_value()) return false;
  if (by_default_) return PassesDefault(*address);
  if (networks_.Contains(*address)) return true;
  const auto holds = [&hop](const std::string& domain) { return IsInDomain(hop.name, domain); };
  return std::any_of(domains_.begin(), domains_.end(), holds) && PassesDefault(*address);
}

}  // namespace sipevents::sip
