#ifndef SIP_COMPOSITOR_RESOURCE_URI_H_
#define SIP_COMPOSITOR_RESOURCE_URI_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"

// Which resource of ours a URI means. Threads: any, for everything here.

namespace sipevents::sip {

// The domains whose event state is served here. Immutable.
class DomainSet {
 public:
  DomainSet() = default;
  // Hosts as SIP writes them, in any case; a dot at the end makes no difference.
  explicit DomainSet(const std::vector<std::string>& domains);

  // Whether this is one of them, in any case.
  bool Has(std::string_view host) const;
  bool empty() const { return domains_.empty(); }

 private:
  absl::flat_hash_set<std::string> domains_;  // in lower case
};

// The name of the resource that a Request-URI (or a canonical target of the API) means:
// `sip:user@host`, the user in the canonical form of CanonicalTarget() (escapes normalised, case
// kept), the host in lower case. Nothing else tells resources apart here, unlike subscriptions to
// other servers: `sips:` and `pres:` name the same resource as `sip:` (RFC 3261 section 19.1,
// RFC 3859 section 4: one presentity), and what a phone adds to the address that it was given
// (port, `transport`, `user=phone`, a password) leads to the same state.
//
// nullopt: no URI, one without a user, or of a domain that is not served (ESC-03: 404).
std::optional<std::string> ResourceOf(std::string_view request_uri, const DomainSet& domains);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_RESOURCE_URI_H_
