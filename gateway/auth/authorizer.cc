#include "gateway/auth/authorizer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/errors.h"

namespace sipevents::gateway {
namespace {

bool AnyMatches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return GlobMatches(pattern, text); });
}

absl::Status Missing(std::string_view kind, std::string_view value) {
  return PermissionMissing(std::string(kind) + "=" + std::string(value));
}

}  // namespace

absl::Status Authorizer::Authorize(const Caller& caller, const Access& access) const {
  const Permissions& granted = *caller.permissions;
  if (access.action == Action::kForceDelete && !granted.admin) return PermissionMissing("admin");
  if (access.action == Action::kList) return absl::OkStatus();  // each element is asked for
  const bool publishes = access.action == Action::kPublish || access.action == Action::kPublishList;
  if (publishes && !granted.published.empty()) {
    if (!AnyMatches(granted.published, access.target)) return Missing("publish", access.target);
  } else if (!granted.targets.empty() && !AnyMatches(granted.targets, access.target)) {
    return Missing("target", access.target);
  }
  if (access.action == Action::kPublishList) return absl::OkStatus();
  if (!granted.packages.empty() && !AnyMatches(granted.packages, access.event_package)) {
    return Missing("package", access.event_package);
  }
  if (!access.identity.empty() && !AnyMatches(granted.identities, access.identity)) {
    return Missing("identity", access.identity);
  }
  return absl::OkStatus();
}

}  // namespace sipevents::gateway
