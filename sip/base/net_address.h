#ifndef SIP_BASE_NET_ADDRESS_H_
#define SIP_BASE_NET_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Addresses as flags write them: "127.0.0.1:50051", "[::1]:0", "udp:127.0.0.1:5060".
// Errors are InvalidArgument. Threads: any, for everything here.

namespace sipevents {

struct HostPort {
  std::string host;   // IPv6 addresses without brackets
  uint16_t port = 0;  // 0: the system picks one

  bool operator==(const HostPort&) const = default;
  // With brackets around an IPv6 address.
  std::string ToString() const;
};

enum class Transport { kUdp, kTcp, kTls };

// `udp`, `tcp` or `tls`.
std::string_view TransportName(Transport transport);

// Where SIP listens.
struct SipListenAddress {
  Transport transport = Transport::kUdp;
  HostPort address;

  bool operator==(const SipListenAddress&) const = default;
  // E.g. "tcp:[::1]:5060".
  std::string ToString() const;
};

// Host (name, IPv4, IPv6 in brackets) and port (0..65535), both required.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// The same after "udp:", "tcp:" or "tls:" (any case).
absl::StatusOr<SipListenAddress> ParseSipListenAddress(std::string_view text);

// Comma-separated; at least one and at most 32; none twice unless its port is 0.
absl::StatusOr<std::vector<HostPort>> ParseHostPortList(std::string_view text);
absl::StatusOr<std::vector<SipListenAddress>> ParseSipListenList(std::string_view text);

// 0.0.0.0 or :: in any notation. `host` with or without brackets.
bool IsWildcard(std::string_view host);

// 127.0.0.0/8, ::1, both also as ::ffff:127.0.0.1, or `localhost`.
bool IsLoopback(std::string_view host);

// An IPv4 or IPv6 address, with or without brackets; not a name.
bool IsNumericHost(std::string_view host);

}  // namespace sipevents

#endif  // SIP_BASE_NET_ADDRESS_H_
