#ifndef GATEWAY_AUTH_RESOURCE_ASKER_H_
#define GATEWAY_AUTH_RESOURCE_ASKER_H_

#include <string>

#include "gateway/auth/authorizer.h"

namespace sipevents::gateway {

// Who asks for something that callers own: its owner, or somebody who may see all of the tenant.
struct ResourceAsker {
  std::string tenant;
  std::string caller;
  bool admin = false;

  // Whether he may see what this caller of his tenant owns.
  bool MaySee(const std::string& owner) const { return admin || owner == caller; }
};

inline ResourceAsker AskerFor(const Caller& caller) {
  return {.tenant = caller.tenant, .caller = caller.name, .admin = caller.permissions->admin};
}

}  // namespace sipevents::gateway

#endif  // GATEWAY_AUTH_RESOURCE_ASKER_H_
