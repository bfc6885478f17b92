#include "sip/location/destination_policy.h"

#include <arpa/inet.h>
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
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/location/location.h"

namespace sipevents::sip {
namespace {

using Octets = std::array<uint8_t, 16>;  // IPv4 as mapped

constexpr int kMappedPrefix = 96;
constexpr size_t kMaxElements = 1000;

struct Range {
  Octets address;
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

bool Contains(const uint8_t* network, int prefix, const Octets& address) {
  const int whole = prefix / 8;
  if (std::memcmp(network, address.data(), static_cast<size_t>(whole)) != 0) return false;
  if (prefix % 8 == 0) return true;
  const int rest = 8 - prefix % 8;
  return network[whole] >> rest == address[static_cast<size_t>(whole)] >> rest;
}

bool Contains(const Range& range, const Octets& address) {
  return Contains(range.address.data(), range.prefix, address);
}

bool IsMapped(const Octets& address) { return Contains(V4(0, 0, 0, 0, 0), address); }

std::optional<Octets> ParseAddress(std::string_view text) {
  const std::string zero_terminated(text);
  Octets octets = V4(0, 0, 0, 0, 0).address;
  if (zero_terminated.size() != std::strlen(zero_terminated.c_str())) return std::nullopt;
  if (inet_pton(AF_INET, zero_terminated.c_str(), &octets[12]) == 1) return octets;
  if (inet_pton(AF_INET6, zero_terminated.c_str(), octets.data()) == 1) return octets;
  return std::nullopt;
}

bool IsForbidden(const Octets& address) {
  const auto holds = [&](const Range& range) { return Contains(range, address); };
  return std::any_of(std::begin(kForbidden), std::end(kForbidden), holds);
}

// The IPv4 address that an IPv6 address stands for, as mapped.
std::optional<Octets> Embedded(const Octets& address) {
  if (std::memcmp(address.data(), &in6addr_loopback, address.size()) == 0) return std::nullopt;
  for (const Embedding& embedding : kEmbeddings) {
    if (!Contains(embedding.range, address)) continue;
    Octets v4 = V4(0, 0, 0, 0, 0).address;
    std::copy_n(address.begin() + embedding.at, 4, v4.begin() + 12);
    return v4;
  }
  return std::nullopt;
}

bool PassesDefault(const Octets& address) {
  const std::optional<Octets> embedded = Embedded(address);
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

// Of "network/prefix", the number; all of the address where there is none.
std::optional<int> ParsePrefix(std::string_view element, size_t slash, bool v4) {
  const int most = v4 ? 32 : 128;
  if (slash == element.size()) return most;
  const std::string_view digits = element.substr(slash + 1);
  int prefix = 0;
  const bool good = !digits.empty() && digits.size() <= 3 &&
                    digits.find_first_not_of("0123456789") == std::string_view::npos &&
                    absl::SimpleAtoi(AbslView(digits), &prefix) && prefix <= most;
  return good ? std::optional<int>(prefix) : std::nullopt;
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
  const size_t slash = std::min(element.find('/'), element.size());
  const std::string_view before = element.substr(0, slash);
  if (const std::optional<Octets> address = ParseAddress(before)) {
    const bool v4 = before.find(':') == std::string_view::npos;
    const std::optional<int> prefix = ParsePrefix(element, slash, v4);
    if (!prefix.has_value()) return Bad(element);
    Network network = {.prefix = *prefix + (v4 ? kMappedPrefix : 0)};
    std::copy(address->begin(), address->end(), network.address);
    networks_.push_back(network);
    return absl::OkStatus();
  }
  std::optional<std::string> domain = HostName(element);
  if (!domain.has_value()) return Bad(element);
  domains_.push_back(*std::move(domain));
  return absl::OkStatus();
}

bool DestinationPolicy::Allows(const NextHop& hop) const {
  const std::optional<Octets> address = ParseAddress(hop.address.host);
  if (!address.has_value()) return false;
  if (by_default_) return PassesDefault(*address);
  for (const Network& network : networks_) {
    // ::/0 means IPv6, and not IPv4 because that is written as IPv6 here.
    const bool other_family = IsMapped(*address) && network.prefix < kMappedPrefix;
    if (!other_family && Contains(network.address, network.prefix, *address)) return true;
  }
  const auto holds = [&hop](const std::string& domain) { return IsInDomain(hop.name, domain); };
  return std::any_of(domains_.begin(), domains_.end(), holds) && PassesDefault(*address);
}

}  // namespace sipevents::sip
