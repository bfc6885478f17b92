#ifndef SIP_COMPOSITOR_RECENT_REPORTS_H_
#define SIP_COMPOSITOR_RECENT_REPORTS_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/compose/composed_state.h"

namespace sipevents::sip {

// The last report of each resource, for as long as it may take until the watchers of that moment
// have their turn: NOTIFYs show what is so when they leave. Of reports that follow each other
// faster than watchers are notified, the newest one is shown.
//
// Threads: one; its owner's.
class RecentReports {
 public:
  // Remembers a report until kKeptFor after `now`, or kMost others have come.
  void Put(std::string_view resource, std::string_view event_package, ComposedStatePtr report,
           absl::Time now);
  // Null: there was none of late.
  ComposedStatePtr Find(std::string_view resource, std::string_view event_package,
                        absl::Time now) const;

  static constexpr absl::Duration kKeptFor = absl::Seconds(32);  // 64*T1: one NOTIFY unanswered
  static constexpr size_t kMost = 1000;

 private:
  struct Report {
    ComposedStatePtr state;
    absl::Time until;
  };

  absl::flat_hash_map<std::string, Report> reports_;         // by package and resource
  std::deque<std::pair<absl::Time, std::string>> in_order_;  // until when, and which
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_RECENT_REPORTS_H_
