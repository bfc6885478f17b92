#ifndef SIP_PACKAGES_CONFERENCE_H_
#define SIP_PACKAGES_CONFERENCE_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Merges the documents of the package `conference` (RFC 4575): a tree for each fork, into which
// partial documents go element by element (ALG-B). Any thread.
std::unique_ptr<StateMerger> NewConferenceMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CONFERENCE_H_
