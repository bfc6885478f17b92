#ifndef GATEWAY_AUTH_PERMISSIONS_H_
#define GATEWAY_AUTH_PERMISSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace sipevents::gateway {

// Whether `text` matches `pattern`: `*` stands for any run of characters, `?` for one, all
// else for itself, in the same case. Takes at most pattern.size() * text.size() steps. Any
// thread.
bool GlobMatches(std::string_view pattern, std::string_view text);

// What a caller may do. Grammar of one permission:
//   admin          may end Subscriptions for everyone
//   target=GLOB    may reach these targets (canonical URI); none given: all
//   package=GLOB   may use these event packages; none given: all
//   publish=GLOB   may publish the state of these targets, decide who may watch them, and make
//   lists
//                  with these URIs; none given: those of target=
//   identity=GLOB  may name these SIP identities; none given: only the gateway's own, which is
//                  what a request without `identity` uses
// Several of a kind: any one may match.
//
// Threads: immutable after it is made.
struct Permissions {
  bool admin = false;
  std::vector<std::string> targets;
  std::vector<std::string> published;  // publish=
  std::vector<std::string> packages;
  std::vector<std::string> identities;

  // Everything.
  static Permissions All();
  // Reads the grammar; at most 64 permissions of at most 512 octets each. The error names the
  // one that is wrong.
  static absl::StatusOr<Permissions> Parse(absl::Span<const std::string> words);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_AUTH_PERMISSIONS_H_
