#include "sip/base/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents {
namespace {

constexpr size_t kMaxListeners = 32;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

using Address = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d

absl::Status Bad(std::string_view text, const absl::AlphaNum& problem) {
  return absl::InvalidArgumentError(absl::StrCat(QuoteForMessage(text), " ", problem));
}

std::string_view WithoutBrackets(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

std::optional<Address> ParseAddress(std::string_view host) {
  const std::string text(WithoutBrackets(host));
  Address address = {};
  in_addr v4 = {};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  // Brackets are for IPv6 only.
  if (text.size() != host.size() || inet_pton(AF_INET, text.c_str(), &v4) != 1) {
    return std::nullopt;
  }
  address[10] = address[11] = 0xff;
  std::memcpy(&address[12], &v4, sizeof(v4));
  return address;
}

bool IsMappedV4(const Address& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

bool IsHostName(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != '.' &&
         text.find_first_not_of(kNameCharacters) == std::string_view::npos &&
         text.find_first_not_of("0123456789.") != std::string_view::npos;
}

// Splits at commas and reads each element; `listener` makes an element from its text.
template <typename T>
absl::StatusOr<std::vector<T>> ParseList(std::string_view text,
                                         absl::StatusOr<T> (*parse)(std::string_view),
                                         uint16_t (*port_of)(const T&)) {
  std::vector<T> list;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    SIPEVENTS_ASSIGN_OR_RETURN(T element, parse(TrimBlanks(text.substr(begin, end - begin))));
    const bool twice = std::find(list.begin(), list.end(), element) != list.end();
    if (twice && port_of(element) != 0) {
      return Bad(element.ToString(), "is there twice; expected each address once");
    }
    list.push_back(std::move(element));
    if (list.size() > kMaxListeners) {
      return Bad(text, absl::StrCat("has too many addresses; expected at most ", kMaxListeners));
    }
    begin = end + 1;
  }
  return list;
}

}  // namespace

std::string HostPort::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]" : "", ":", port);
}

std::string_view TransportName(Transport transport) {
  switch (transport) {
    case Transport::kUdp:
      return "udp";
    case Transport::kTcp:
      return "tcp";
    case Transport::kTls:
      return "tls";
  }
  return "";
}

std::string SipListenAddress::ToString() const {
  return absl::StrCat(AbslView(TransportName(transport)), ":", address.ToString());
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (text.empty() || colon == std::string_view::npos || text.back() == ']') {
    return Bad(text, "has no port; expected host:port, as 127.0.0.1:5060 or [::1]:5060");
  }
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[');
  if (host.find(':') != std::string_view::npos && !bracketed) {
    return Bad(text, "has an IPv6 address without brackets; expected [address]:port");
  }
  if (bracketed ? !host.ends_with(']') || !IsNumericHost(host)
                : !IsNumericHost(host) && !IsHostName(host)) {
    return Bad(text, absl::StrCat("has the host ", QuoteForMessage(host),
                                  "; expected a name, an IPv4 address, or an IPv6 address in "
                                  "brackets"));
  }
  const std::string_view digits = text.substr(colon + 1);
  uint32_t port = 0;
  if (digits.size() > 5 || digits.find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(AbslView(digits), &port) || port > 65535) {
    return Bad(text, absl::StrCat("has the port ", QuoteForMessage(digits),
                                  "; expected a number from 0 to 65535"));
  }
  return HostPort{std::string(WithoutBrackets(host)), static_cast<uint16_t>(port)};
}

absl::StatusOr<SipListenAddress> ParseSipListenAddress(std::string_view text) {
  const size_t colon = std::min(text.find(':'), text.size());
  for (const Transport transport : {Transport::kUdp, Transport::kTcp, Transport::kTls}) {
    if (colon == text.size() ||
        !EqualsIgnoreCase(text.substr(0, colon), TransportName(transport))) {
      continue;
    }
    SIPEVENTS_ASSIGN_OR_RETURN(HostPort address, ParseHostPort(text.substr(colon + 1)));
    return SipListenAddress{transport, std::move(address)};
  }
  return Bad(text, "does not begin with udp:, tcp: or tls:; expected e.g. udp:127.0.0.1:5060");
}

absl::StatusOr<std::vector<HostPort>> ParseHostPortList(std::string_view text) {
  return ParseList<HostPort>(text, &ParseHostPort, [](const HostPort& a) { return a.port; });
}

absl::StatusOr<std::vector<SipListenAddress>> ParseSipListenList(std::string_view text) {
  return ParseList<SipListenAddress>(text, &ParseSipListenAddress,
                                     [](const SipListenAddress& a) { return a.address.port; });
}

bool IsWildcard(std::string_view host) {
  const std::optional<Address> address = ParseAddress(host);
  if (!address.has_value()) return false;
  const auto zero = [](uint8_t b) { return b == 0; };
  const bool all_zero = std::all_of(address->begin(), address->end(), zero);
  return all_zero ||
         (IsMappedV4(*address) && std::all_of(address->begin() + 12, address->end(), zero));
}

bool IsLoopback(std::string_view host) {
  const std::optional<Address> address = ParseAddress(host);
  if (!address.has_value()) return EqualsIgnoreCase(host, "localhost");
  if (IsMappedV4(*address)) return (*address)[12] == 127;
  return std::memcmp(address->data(), &in6addr_loopback, address->size()) == 0;
}

bool IsNumericHost(std::string_view host) { return ParseAddress(host).has_value(); }

}  // namespace sipevents
