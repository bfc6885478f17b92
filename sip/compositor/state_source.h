#ifndef SIP_COMPOSITOR_STATE_SOURCE_H_
#define SIP_COMPOSITOR_STATE_SOURCE_H_

#include <string_view>

#include "sip/compose/composed_state.h"

namespace sipevents::sip {

// Knows what watchers are shown of a resource. Threads: the SIP thread that serves.
class StateSource {
 public:
  virtual ~StateSource() = default;
  // The state now; the neutral one where nobody publishes. Never null. `resource` is canonical.
  virtual ComposedStatePtr Current(std::string_view resource, std::string_view event_package) = 0;
  // The neutral state, as if nobody published: what who is politely blocked sees. Never null.
  virtual ComposedStatePtr Neutral(std::string_view resource, std::string_view event_package) = 0;
};

// Hears of changes. Threads: as StateSource.
class StateListener {
 public:
  virtual ~StateListener() = default;
  // The composed state is another one than before (its entity tag differs). Called from within the
  // request or timer that changed it, before the answer to a request goes out; must not change
  // publications.
  virtual void OnStateChanged(std::string_view resource, std::string_view event_package,
                              const ComposedStatePtr& state) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_STATE_SOURCE_H_
