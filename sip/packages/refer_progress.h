#ifndef SIP_PACKAGES_REFER_PROGRESS_H_
#define SIP_PACKAGES_REFER_PROGRESS_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Decodes the bodies of the package `refer` (RFC 3515): fragments of SIP responses (RFC 3420), each
// of which is an event. Any thread.
std::unique_ptr<StateMerger> NewReferMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_REFER_PROGRESS_H_
