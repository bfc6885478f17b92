#ifndef SIP_PACKAGES_CALL_COMPLETION_H_
#define SIP_PACKAGES_CALL_COMPLETION_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Decodes the bodies of the package `call-completion` (RFC 6910), each of which is the full state
// of its fork. Any thread.
std::unique_ptr<StateMerger> NewCallCompletionMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CALL_COMPLETION_H_
