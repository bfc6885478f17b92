#include "sip/base/network_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents {
namespace {

constexpr IpOctets kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

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

std::optional<IpOctets> ParseIpAddress(std::string_view text) {
  const std::string zero_terminated(text);
  IpOctets octets = kMapped;
  if (zero_terminated.size() != std::strlen(zero_terminated.c_str())) return std::nullopt;
  if (inet_pton(AF_INET, zero_terminated.c_str(), &octets[12]) == 1) return octets;
  if (inet_pton(AF_INET6, zero_terminated.c_str(), octets.data()) == 1) return octets;
  return std::nullopt;
}

bool SharesPrefix(const IpOctets& a, const IpOctets& b, int prefix) {
  const size_t whole = static_cast<size_t>(prefix) / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  if (prefix % 8 == 0) return true;
  const int rest = 8 - prefix % 8;
  return a[whole] >> rest == b[whole] >> rest;
}

absl::StatusOr<NetworkList> NetworkList::Parse(std::string_view text) {
  NetworkList list;
  if (TrimBlanks(text).empty()) return list;
  for (size_t begin = 0, end = 0; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    const std::string_view element = TrimBlanks(text.substr(begin, end - begin));
    if (const auto added = list.Add(element); !added.ok() || !*added) {
      return absl::InvalidArgumentError(absl::StrCat(
          QuoteForMessage(element),
          " is no network; expected one as 10.0.0.0/8 or 2001:db8::/32, or an address"));
    }
    if (list.size() > kMaxNetworks) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are too many networks; expected at most ", kMaxNetworks));
    }
  }
  return list;
}

absl::StatusOr<bool> NetworkList::Add(std::string_view element) {
  const size_t slash = std::min(element.find('/'), element.size());
  const std::string_view before = element.substr(0, slash);
  const std::optional<IpOctets> address = ParseIpAddress(before);
  if (!address.has_value()) return false;
  const bool v4 = before.find(':') == std::string_view::npos;
  const std::optional<int> prefix = ParsePrefix(element, slash, v4);
  if (!prefix.has_value()) return absl::InvalidArgumentError("no prefix");
  networks_.push_back({*address, *prefix + (v4 ? kMappedPrefix : 0)});
  return true;
}

bool NetworkList::Contains(const IpOctets& address) const {
  // ::/0 means IPv6, and not IPv4 because that is written as IPv6 here.
  const bool mapped = SharesPrefix(kMapped, address, kMappedPrefix);
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return !(mapped && network.prefix < kMappedPrefix) &&
           SharesPrefix(network.address, address, network.prefix);
  });
}

bool NetworkList::Contains(std::string_view address) const {
  const std::optional<IpOctets> octets = ParseIpAddress(address);
  return octets.has_value() && Contains(*octets);
}

}  // namespace sipevents
