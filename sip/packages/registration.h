#ifndef SIP_PACKAGES_REGISTRATION_H_
#define SIP_PACKAGES_REGISTRATION_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Merges the documents of the package `reg` (RFC 3680): a table of contacts for each registration
// (ALG-A), with what RFC 5628 says of their GRUUs. Any thread.
std::unique_ptr<StateMerger> NewRegistrationMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_REGISTRATION_H_
