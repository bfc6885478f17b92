#ifndef SIP_BASE_NETWORK_LIST_H_
#define SIP_BASE_NETWORK_LIST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// IP networks, as settings name them. Threads: any, for everything here.

namespace sipevents {

// An IPv6 address; an IPv4 address as mapped (::ffff:a.b.c.d).
using IpOctets = std::array<uint8_t, 16>;

// Where the octets of an IPv4 address begin, as prefix.
inline constexpr int kMappedPrefix = 96;

// A numeric address, an IPv6 one without brackets; nullopt: it is none.
std::optional<IpOctets> ParseIpAddress(std::string_view text);

// Whether the first `prefix` bits of both are the same.
bool SharesPrefix(const IpOctets& a, const IpOctets& b, int prefix);

// A set of networks. Bits beside a network's prefix mean nothing.
class NetworkList {
 public:
  // Comma-separated networks and addresses: "10.0.0.0/8, 2001:db8::/32, 192.0.2.7". Empty: none.
  // INVALID_ARGUMENT, naming the element and what is expected; more than kMaxNetworks.
  static absl::StatusOr<NetworkList> Parse(std::string_view text);

  // Adds "10.0.0.0/8" or "192.0.2.7"; false: the text does not begin with an address, so that
  // nothing was added. INVALID_ARGUMENT, without saying why: the prefix is none.
  absl::StatusOr<bool> Add(std::string_view element);

  // An IPv6 network, ::/0 too, holds no IPv4 addresses.
  bool Contains(const IpOctets& address) const;
  bool Contains(std::string_view address) const;

  size_t size() const { return networks_.size(); }
  bool empty() const { return networks_.empty(); }

  static constexpr size_t kMaxNetworks = 1000;

 private:
  struct Network {
    IpOctets address{};
    int prefix = 0;  // of 128
  };

  std::vector<Network> networks_;
};

}  // namespace sipevents

#endif  // SIP_BASE_NETWORK_LIST_H_
