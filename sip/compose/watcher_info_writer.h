#ifndef SIP_COMPOSE_WATCHER_INFO_WRITER_H_
#define SIP_COMPOSE_WATCHER_INFO_WRITER_H_

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sip/compose/composed_state.h"

namespace sipevents::sip {

// One watcher as watcherinfo tells of it. Views are good during the call only.
struct WatcherInfoRow {
  std::string_view id;                 // the same one as long as the watcher is there
  std::string_view uri;                // its address-of-record
  std::string_view display_name = {};  // may be empty
  std::string_view status;             // `pending`, `active`, `waiting`, `terminated`
  std::string_view event;              // what led there: `subscribe`, `approved`, `timeout` …
  // How long the subscription lasts still, and how long it has; written in whole seconds.
  std::optional<absl::Duration> expiration = {};
  std::optional<absl::Duration> duration_subscribed = {};
};

// Writes application/watcherinfo+xml (RFC 3858): who watches `resource` in `event_package`, e.g.
// "presence". `full`: all that may be told; else what changed. Has version_at: documents are
// numbered by subscription, from 0 on. Any thread.
ComposedBody WriteWatcherInfo(std::string_view resource, std::string_view event_package,
                              absl::Span<const WatcherInfoRow> rows, bool full);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_WATCHER_INFO_WRITER_H_
