#ifndef SIP_COMPOSITOR_STATE_SOURCE_H_
#define SIP_COMPOSITOR_STATE_SOURCE_H_

#include <cstdint>
#include <string_view>

#include "sip/compose/composed_state.h"

namespace sipevents::sip {

// One of the reports of a package that keeps no state (vq-rtcpxr).
struct NumberedReport {
  ComposedStatePtr state;  // null: there is none
  uint64_t number = 0;     // they count up, over all resources
  bool more = false;       // another one follows
};

// Knows what watchers are shown of a resource. Threads: the SIP thread that serves.
class StateSource {
 public:
  virtual ~StateSource() = default;
  // The state now; the neutral one where nobody publishes. Never null. `resource` is canonical.
  virtual ComposedStatePtr Current(std::string_view resource, std::string_view event_package) = 0;
  // The neutral state, as if nobody published: what who is politely blocked sees. Never null.
  virtual ComposedStatePtr Neutral(std::string_view resource, std::string_view event_package) = 0;

  // False: what is published is no state that lasts, but reports, each of which is told once to who
  // watches when it comes. Then Current() is the newest of late.
  virtual bool KeepsState(std::string_view event_package) const = 0;
  // The number of the last report of all; 0: there was none.
  virtual uint64_t LastReport() const = 0;
  // The first report of a resource after this number that is still kept.
  virtual NumberedReport NextReport(std::string_view resource, std::string_view event_package,
                                    uint64_t after) const = 0;
};

// Hears of changes. Threads: as StateSource.
class StateListener {
 public:
  virtual ~StateListener() = default;
  // The composed state is another one than before (its entity tag differs), or a report has come.
  // Called from within the
  // request or timer that changed it, before the answer to a request goes out; must not change
  // publications.
  virtual void OnStateChanged(std::string_view resource, std::string_view event_package,
                              const ComposedStatePtr& state) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_STATE_SOURCE_H_
