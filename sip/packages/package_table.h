#ifndef SIP_PACKAGES_PACKAGE_TABLE_H_
#define SIP_PACKAGES_PACKAGE_TABLE_H_

#include <string_view>
#include <vector>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Returns the package of this name, or the opaque one, which passes bodies through under any
// name. Names are compared byte for byte (GEN-08). Never null; lives forever. Any thread.
const EventPackage& FindPackage(std::string_view name);

// Whether `name` is a package of its own, not an opaque one.
bool IsTypedPackage(std::string_view name);

// All packages with a name of their own, by name: what Allow-Events lists.
const std::vector<EventPackage>& TypedPackages();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_PACKAGE_TABLE_H_
