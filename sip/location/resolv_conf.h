#ifndef SIP_LOCATION_RESOLV_CONF_H_
#define SIP_LOCATION_RESOLV_CONF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sip/base/net_address.h"

namespace sipevents::sip {

// Which DNS servers to ask: a file in the form of resolv.conf(5), of which `nameserver` lines
// count, `port N` (sofia-sip's own: of all servers; default 53), and the options `rotate` and
// `no-edns0`. Names are never completed, so that `search`, `domain` and `ndots` mean nothing.
//
// Threads: a value.
struct ResolvConf {
  std::vector<HostPort> servers;  // numeric, at least one
  bool rotate = false;
  bool edns = true;
  // Why the servers are the default (127.0.0.1, as resolv.conf(5) has it); empty: they are not.
  std::string why_default;

  bool operator==(const ResolvConf&) const = default;

  // As a file for sofia-sip's resolver, which takes one port for all servers.
  std::string ToText() const;
  // For messages: "127.0.0.1:53, [::1]:53".
  std::string ServerList() const;
};

// At most so many servers are asked.
inline constexpr size_t kMaxDnsServers = 3;

// Lines that mean nothing are passed over. Threads: any.
ResolvConf ParseResolvConf(std::string_view text);

// Reads a file of at most 64 KiB; empty path: /etc/resolv.conf. One that cannot be read is as good
// as an empty one. Threads: any; it reads a small local file.
ResolvConf ReadResolvConf(const std::string& path);

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_RESOLV_CONF_H_
