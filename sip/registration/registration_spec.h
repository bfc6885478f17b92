#ifndef SIP_REGISTRATION_REGISTRATION_SPEC_H_
#define SIP_REGISTRATION_REGISTRATION_SPEC_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sipevents::sip {

inline constexpr size_t kMaxRegistrations = 10'000;
inline constexpr size_t kMaxRegistrationFileOctets = size_t{4} << 20;

// One identity that is to be registered: a line of `--sip_registrations_file`.
struct RegistrationSpec {
  std::string aor;        // the identity, in canonical form: "sip:alice@example.com"
  std::string registrar;  // Request-URI: "sip:example.com"
  absl::Duration expires = absl::Hours(1);
  std::string instance;  // "urn:uuid:…", in lower case; empty: see DefaultInstance()
  bool use_gruu = true;  // as Contact of SUBSCRIBEs, if the registrar gives one

  bool operator==(const RegistrationSpec&) const = default;
};

// Reads a file; see ParseRegistrations(). Errors also: NotFound or Unavailable if it cannot be
// read. Threads: any.
absl::StatusOr<std::vector<RegistrationSpec>> LoadRegistrations(const std::string& path);

// Reads lines of `aor [registrar=URI] [expires=SECONDS] [instance=urn:uuid:…] [gruu=yes|no]`,
// separated by blanks; a field that begins with # begins a comment. `aor` is a sip: or sips: URI
// with a user, without password and parameters; the registrar is its domain unless named; `expires`
// is 10 to 86400. Errors: InvalidArgument, with `name`, the line, the field and what is expected:
// also for the same aor twice, or more than kMaxRegistrations. Threads: any.
absl::StatusOr<std::vector<RegistrationSpec>> ParseRegistrations(std::string_view text,
                                                                 std::string_view name);

// An instance id for an identity at the gateway that peers know by this host: the same after each
// restart (RFC 5626 section 4.1), another one at another host. Threads: any.
std::string DefaultInstance(std::string_view aor, std::string_view host);

}  // namespace sipevents::sip

#endif  // SIP_REGISTRATION_REGISTRATION_SPEC_H_
