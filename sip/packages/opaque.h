#ifndef SIP_PACKAGES_OPAQUE_H_
#define SIP_PACKAGES_OPAQUE_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Serves any event name: every NOTIFY, also one without a body, is an event of its own, whose
// body passes through undecoded (its document is std::monostate). Any thread.
std::unique_ptr<StateMerger> NewOpaqueMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_OPAQUE_H_
