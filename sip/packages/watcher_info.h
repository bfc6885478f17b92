#ifndef SIP_PACKAGES_WATCHER_INFO_H_
#define SIP_PACKAGES_WATCHER_INFO_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Merges the documents of the template-package `winfo` (RFC 3857, RFC 3858): each fork has a table
// of watchers (ALG-A); the state is the union over all forks. Any thread.
std::unique_ptr<StateMerger> NewWatcherInfoMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_WATCHER_INFO_H_
