#ifndef SIP_LOCATION_LOCATION_H_
#define SIP_LOCATION_LOCATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/base/net_address.h"
#include "sip/base/random_id.h"

// The decisions of RFC 3263: what a URI has us ask DNS for, and in which order what DNS says is
// tried. Pure; sip/stack/locator does the asking. Threads: any, for everything here.

namespace sipevents::sip {

// What is used of an answer; the rest is left out, since a stranger may have written it.
inline constexpr size_t kMaxDnsRecords = 32;  // of NAPTR and of SRV, each
inline constexpr size_t kMaxAddresses = 8;    // of one name
inline constexpr size_t kMaxServices = 4;     // SRV names asked for one URI
inline constexpr size_t kMaxServers = 16;     // SRV targets, and servers in all

inline constexpr uint16_t kSipPort = 5060;
inline constexpr uint16_t kSipsPort = 5061;  // TLS (RFC 3261 section 19.1.2)

// What we can send over, and to.
struct SendingMeans {
  bool udp = true;
  bool tcp = true;
  bool tls = false;
  bool ipv4 = true;
  bool ipv6 = false;

  bool Can(Transport transport) const {
    return transport == Transport::kUdp ? udp : transport == Transport::kTcp ? tcp : tls;
  }
};

// A service to ask SRV for.
struct SipService {
  Transport transport = Transport::kUdp;
  std::string name;  // "_sip._udp.example.com"

  bool operator==(const SipService&) const = default;
};

// What to ask for one URI.
struct LocationPlan {
  // The maddr parameter, else the host: an address as inet_ntop() writes it (one that is
  // IPv4-mapped as IPv4), or a name in lower case without a final dot.
  std::string name;
  bool numeric = false;
  bool secure = false;  // sips:
  bool large = false;
  uint16_t port = 0;  // as the URI has it; 0: each transport's own
  // First whether NAPTR says which services there are.
  bool ask_naptr = false;
  // Then these, where NAPTR names none. Empty: SRV is not asked.
  std::vector<SipService> services;
  // Where there is none of them, or none was asked: the addresses of `name` over these, the first
  // to try first. Never empty.
  std::vector<Transport> transports;
};

// Makes the plan for a sip: or sips: URI (LOC-01, and the table of RFC 3263 section 4). `large`:
// TCP goes before UDP where the URI leaves the choice (RFC 3261 section 18.1.1). transport=tls
// means TLS, as sips: does; the deprecated form is accepted.
// Errors: INVALID_ARGUMENT (no such URI), NOT_FOUND (we cannot send what it asks for).
absl::StatusOr<LocationPlan> PlanLocation(std::string_view uri, const SendingMeans& means,
                                          bool large);

// A NAPTR record (RFC 3403) as far as RFC 3263 uses it.
struct NaptrRecord {
  uint16_t order = 0;
  uint16_t preference = 0;
  std::string flags;
  std::string service;
  std::string regexp;
  std::string replacement;  // with or without a final dot
};

// The services that NAPTR records name, the first to try first: by order and preference; TCP and
// TLS first for what is large. Left out is what we cannot send over, what is not secure where the
// URI is, and all that is not a plain pointer to an SRV record (flag "s", no regular expression).
std::vector<SipService> ChooseServices(std::vector<NaptrRecord> records, const LocationPlan& plan,
                                       const SendingMeans& means);

// An SRV record (RFC 2782).
struct SrvRecord {
  uint16_t priority = 0;
  uint16_t weight = 0;
  uint16_t port = 0;
  std::string target;  // with or without a final dot; "." or empty: the service is not there

  bool operator==(const SrvRecord&) const = default;
};

// The records that can be used, in the order to try them (LOC-02): by priority, then by chance in
// proportion to the weights. Targets come without their final dot, in lower case. Left out are
// those without a port or with a target that is no host name.
std::vector<SrvRecord> OrderServers(std::vector<SrvRecord> records, RandomSource& random);

// Whether the records say that there decidedly is no such service: one, and its target is ".".
bool DeniesService(const std::vector<SrvRecord>& records);

// Sorts numeric addresses by the precedence of RFC 6724 section 2.1 (LOC-05): IPv6 before IPv4,
// except for its ranges that rarely work. Others keep their order. What is not reachable fails
// when something is sent there, and the next is tried.
void OrderAddresses(std::vector<std::string>& addresses);

// A host name as DNS is asked for it: in lower case, without a final dot. Nothing where the text
// is no host name: labels of 1 to 63 letters, digits, "-" and "_", at most 253 octets, the last
// one beginning with a letter. So 2130706433, 127.1 and 0x7f.1 are neither names nor addresses.
std::optional<std::string> HostName(std::string_view text);

// `localhost` and what is below it (RFC 6761 section 6.3): known without DNS.
bool IsLocalhost(std::string_view name);

// An address as inet_ntop() writes it, IPv4-mapped IPv6 as IPv4; nothing where the text (with or
// without brackets around IPv6) is no address.
std::optional<std::string> NumericAddress(std::string_view text);

// Whether a numeric address is of IPv6.
bool IsIpv6(std::string_view address);

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_LOCATION_H_
