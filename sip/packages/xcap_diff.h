#ifndef SIP_PACKAGES_XCAP_DIFF_H_
#define SIP_PACKAGES_XCAP_DIFF_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Merges the documents of the package `xcap-diff` (RFC 5875, RFC 5874): what each resource is now,
// by entity tags (ALG-E). A state, not a series of events: whoever misses a change sees by the tags
// that his copy is old and fetches the resource, which is all that RFC 5875 ever offers. Nothing is
// fetched here. Any thread.
std::unique_ptr<StateMerger> NewXcapDiffMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_XCAP_DIFF_H_
