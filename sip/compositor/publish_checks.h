#ifndef SIP_COMPOSITOR_PUBLISH_CHECKS_H_
#define SIP_COMPOSITOR_PUBLISH_CHECKS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "sip/compositor/resource_uri.h"
#include "sip/dialog/incoming_request.h"

namespace sipevents::sip {

// An event package whose state can be published here.
struct ServedPackage {
  std::string name;
  // false: a publication is something that happened (as of vq-rtcpxr): it is told once, and kept no
  // longer than that takes.
  bool keeps_state = true;
};

// What may be published, and for how long.
struct PublishRules {
  DomainSet domains;
  std::vector<ServedPackage> packages;
  // Each at least a second, in whole seconds, not below the one before.
  absl::Duration min_expires = absl::Minutes(1);       // shorter ones are refused
  absl::Duration default_expires = absl::Minutes(30);  // of who names none
  absl::Duration max_expires = absl::Hours(1);         // longer ones are shortened
  size_t max_body_octets = size_t{64} << 10;           // of one publication over SIP

  // Index into `packages`, compared byte by byte (GEN-08).
  std::optional<size_t> FindPackage(std::string_view name) const;
};

enum class PublishOperation {
  kCreate,
  kRefresh,  // no body
  kModify,   // replaces the state of this publication
  kRemove,   // a body that comes with it is passed over
  kReport,   // a state that lasts no time: nothing is kept
};

// A PUBLISH that may be carried out.
struct PublishOrder {
  PublishOperation operation = PublishOperation::kCreate;
  std::string resource;    // as ResourceOf() names it
  size_t package = 0;      // index into PublishRules::packages
  std::string_view tag;    // of the publication meant; empty with kCreate and kReport
  absl::Duration expires;  // granted; zero with kRemove and kReport
};

// Goes through the steps of RFC 3903 section 6 in their order, and answers at the first that fails:
// 481 (ESC-24), 404 (ESC-03), 489 or 400 (ESC-04), 400 (ESC-06), 412 (ESC-07), 423 (ESC-09), and of
// the body 400 (ESC-12), 413 (ESC-25), 415 or 400 (ESC-10). Who asks was looked at before.
// `is_current` tells whether the order's tag is that of a publication of its resource and package.
// Pure. Threads: any.
std::variant<PublishOrder, RequestAnswer> CheckPublish(
    const IncomingRequest& request, const PublishRules& rules,
    absl::FunctionRef<bool(const PublishOrder&)> is_current);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_PUBLISH_CHECKS_H_
