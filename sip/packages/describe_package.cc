#include "sip/agent.h"
#include "sip/packages/package_table.h"

namespace sipevents::sip {

PackageTraits DescribePackage(std::string_view event_package) {
  const EventPackage& package = FindPackage(event_package);
  return {.typed = !package.name.empty(), .every_event = package.kind == PackageKind::kEvent};
}

}  // namespace sipevents::sip
