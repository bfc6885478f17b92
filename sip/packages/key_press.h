#ifndef SIP_PACKAGES_KEY_PRESS_H_
#define SIP_PACKAGES_KEY_PRESS_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Decodes the bodies of the package `kpml` (RFC 4730), each of which is an event. Any thread.
std::unique_ptr<StateMerger> NewKeyPressMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_KEY_PRESS_H_
