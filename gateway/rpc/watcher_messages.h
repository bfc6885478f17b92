#ifndef GATEWAY_RPC_WATCHER_MESSAGES_H_
#define GATEWAY_RPC_WATCHER_MESSAGES_H_

#include <string>

#include "sip/event_server.h"
#include "sipevents/v1/watchers.pb.h"

// Watchers and rules between sip/ and the contract. Threads: any, for everything here.

namespace sipevents::gateway {

v1::ServedWatcher ToMessage(const sip::WatcherRecord& watcher);

// `name` is that of the rule.
v1::WatcherRule ToMessage(const sip::WatcherRule& rule, const std::string& name);

// A decision of the contract that says something.
sip::WatcherDecision ToDecision(v1::WatcherRule::Decision decision);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_WATCHER_MESSAGES_H_
