#ifndef GATEWAY_AUTH_AUTHORIZER_H_
#define GATEWAY_AUTH_AUTHORIZER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/auth/permissions.h"

namespace sipevents::gateway {

// Who calls. Made by the Authenticator for each rpc; cheap to copy.
struct Caller {
  std::string name;    // from the tokens file or the certificate; "anonymous" without either
  std::string tenant;  // callers of one tenant share Subscriptions
  std::shared_ptr<const Permissions> permissions;  // never null
};

// What an rpc is about to do.
enum class Action {
  kCreate,       // CreateSubscription
  kGet,          // GetSubscription, and each element that ListSubscriptions would show
  kList,         // ListSubscriptions itself: names no target
  kDelete,       // DeleteSubscription: the caller's own hold
  kForceDelete,  // DeleteSubscription with `force`: needs `admin` as well
  kWatch,        // Watch
  kFetch,        // FetchState
  kPublish,      // Create and Update of Publications, and all about watchers
  kPublishList,  // Create and Update of ResourceLists: names no event package
};

// The object of an action.
struct Access {
  Action action = Action::kGet;
  std::string_view target;         // canonical URI
  std::string_view event_package;  // without parameters
  std::string_view identity;       // as the request names it; empty: the gateway's own
};

// Says whether a caller may do something. Asked in every rpc, at every attach: sharing a
// Subscription never shares a permission.
//
// Threads: any; stateless.
class Authorizer {
 public:
  // OK, or PERMISSION_DENIED with reason PERMISSION_MISSING and in `metadata.permission` what
  // would have to be granted, e.g. "target=sip:bob@example.com" or "admin".
  absl::Status Authorize(const Caller& caller, const Access& access) const;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_AUTH_AUTHORIZER_H_
