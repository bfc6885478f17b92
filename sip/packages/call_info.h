#ifndef SIP_PACKAGES_CALL_INFO_H_
#define SIP_PACKAGES_CALL_INFO_H_

#include <memory>

#include "sip/packages/event_package.h"

// Shared lines as BroadSoft and compatible servers have them: the state is in Call-Info headers,
// `<sip:gw.example.net>;appearance-index=1;appearance-state=active`. Any thread.

namespace sipevents::sip {

// Merges what the package `call-info` tells: each header tells of one appearance, or, with index
// "*", of all that no other header names; what is not told stays as it was.
std::unique_ptr<StateMerger> NewCallInfoMerger();

// Decodes what the package `line-seize` grants.
std::unique_ptr<StateMerger> NewLineSeizeMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CALL_INFO_H_
