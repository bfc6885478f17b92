#ifndef SIP_PACKAGES_PROFILE_H_
#define SIP_PACKAGES_PROFILE_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Decodes what the package `ua-profile` (RFC 6080) tells about a configuration: from when it must
// hold, and where it is, if it is not the body itself (RFC 4483). Any thread.
std::unique_ptr<StateMerger> NewProfileMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_PROFILE_H_
