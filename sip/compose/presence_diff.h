#ifndef SIP_COMPOSE_PRESENCE_DIFF_H_
#define SIP_COMPOSE_PRESENCE_DIFF_H_

#include <string_view>

#include "sip/compose/composed_state.h"

// Presence for who follows it by its changes: application/pidf-diff+xml (RFC 5262, RFC 5263).
// Documents are those that Compose() makes of `presence`. Both results have version_at: documents
// are numbered by subscription, one more with each that was sent successfully. Threads: any, for
// everything here.

namespace sipevents::sip {

// The whole state, as <pidf-full>: first of all, and in answer to each SUBSCRIBE. `pidf` without
// root element gives an empty body.
ComposedBody PresenceAsFull(std::string_view pidf);

// What changed from `before`, which the watcher has, to `after`, as <pidf-diff>; or, if that is not
// smaller or if changes cannot say it, PresenceAsFull(after).
ComposedBody PresenceAsChanges(std::string_view before, std::string_view after);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_PRESENCE_DIFF_H_
