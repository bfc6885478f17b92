#include "sip/packages/package_table.h"

#include "sip/packages/dialog_info.h"
#include "sip/packages/message_summary.h"
#include "sip/packages/opaque.h"
#include "sip/packages/presence.h"

namespace sipevents::sip {

const std::vector<const EventPackage*>& TypedPackages() {
  // Never destroyed: SIP threads may outlive main()'s statics.
  static const auto& packages = *new std::vector<const EventPackage*>{
      &DialogPackage(), &MessageSummaryPackage(), &PresencePackage()};
  return packages;
}

const EventPackage& FindPackage(std::string_view name) {
  for (const EventPackage* package : TypedPackages()) {
    if (package->name() == name) return *package;
  }
  return OpaquePackage();
}

bool IsTypedPackage(std::string_view name) { return !FindPackage(name).name().empty(); }

}  // namespace sipevents::sip
