#ifndef SIP_BASE_URI_H_
#define SIP_BASE_URI_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

// The URIs that name SIP resources: sip: and sips: (RFC 3261 section 19.1), pres: (RFC 3859) and
// tel: (RFC 3966). Threads: any, for everything here.

namespace sipevents {

inline constexpr size_t kMaxUriOctets = 2048;

// A URI in its parts. Escapes (%NN) stay as they were written.
struct Uri {
  std::string scheme;  // `sip`, `sips`, `pres` or `tel`, in lower case
  std::string user;    // with ":password", if there is one; of tel: the number. May be empty
  std::string host;    // IPv6 addresses keep their brackets; empty with tel: only
  uint16_t port = 0;   // 0: none
  // In the order written. An empty value is a parameter without "=", e.g. `lr`.
  std::vector<std::pair<std::string, std::string>> parameters;

  bool operator==(const Uri&) const = default;

  // Host, and ":port" if there is one.
  std::string HostPort() const;
  // As a URI again.
  std::string ToString() const;
};

// Takes a URI apart. Errors are InvalidArgument and say what was wrong and what is expected, in
// words for a caller of the API. Refused are: other schemes, `?headers`, anything outside the
// grammar (control characters, spaces, <>", octets above 0x7E; these must be escaped), bad
// escapes, an empty host, a port outside 1..65535, a parameter given twice, more than
// kMaxUriOctets. Lenient in one point: pres: may have a port and parameters, as its sip: form.
absl::StatusOr<Uri> ParseUri(std::string_view text);

// The form by which resources are told apart: scheme, host and parameter names in lower case;
// only escaped unreserved characters (letters, digits, -_.!~*'()) decoded, the hex digits of the
// escapes that remain in upper case; parameters sorted by name. Nothing else is changed: port,
// `sips`, `user=phone`, the case of the user part and of parameter values tell resources apart.
//
// pres: stays pres: (see WireRequestUri). tel: becomes `sip:number@tel_domain;user=phone`
// (RFC 3261 section 19.1.6): visual separators removed, the number's parameters in the user part
// in the order of RFC 3966 section 3. `tel_domain` is a host, or host:port; where it is empty,
// tel: is refused.
//
// Errors: as ParseUri().
absl::StatusOr<std::string> CanonicalTarget(std::string_view uri, std::string_view tel_domain);

// What the Request-URI says for a canonical target: pres: as sip:, since it is SIP that routes
// it (RFC 3859 section 4); all else as it is.
std::string WireRequestUri(std::string_view canonical);

// Whether the text is a host as SIP writes it: a name, an IPv4 address, or an IPv6 address in
// brackets.
bool IsSipHost(std::string_view text);

}  // namespace sipevents

#endif  // SIP_BASE_URI_H_
