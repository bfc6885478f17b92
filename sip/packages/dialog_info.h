#ifndef SIP_PACKAGES_DIALOG_INFO_H_
#define SIP_PACKAGES_DIALOG_INFO_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Most calls that the state of one fork may hold; a document that leads beyond is an error.
inline constexpr size_t kMaxCalls = 1000;
// Most memory that the state of one fork may take, in octets, by estimate.
inline constexpr size_t kMaxCallTableOctets = 4 << 20;

// Merges the documents of the package `dialog` (RFC 4235). Bodies may be partial: each fork has a
// table of its calls (ALG-A of the catalogue). Any thread.
std::unique_ptr<StateMerger> NewDialogMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_DIALOG_INFO_H_
