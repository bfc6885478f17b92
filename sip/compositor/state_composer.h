#ifndef SIP_COMPOSITOR_STATE_COMPOSER_H_
#define SIP_COMPOSITOR_STATE_COMPOSER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "sip/base/random_id.h"
#include "sip/compose/composed_state.h"
#include "sip/compose/shown_ids.h"
#include "sip/compositor/tags.h"

namespace sipevents::sip {

// Makes what watchers are shown, with its entity tag.
//
// Threads: one; its owner's.
class StateComposer {
 public:
  explicit StateComposer(RandomSource& random) : tags_(random) {}

  // What publications add up to, see Compose(), `shown` too. `before`, if it is the same. Never
  // null.
  ComposedStatePtr Composed(std::string_view event_package, std::string_view resource,
                            absl::Span<const PublishedState> publications,
                            const ComposedStatePtr& before, ShownIds* shown) const;

  // The state where nobody publishes, see NeutralBody(). Never null. A few are remembered, for
  // those who ask for the same again and again on behalf of many watchers.
  ComposedStatePtr Neutral(std::string_view event_package, std::string_view resource);

  // Something that happened: not the same as any other state, whatever it says.
  ComposedStatePtr Report(std::string_view event_package, std::string_view resource,
                          const PublishedState& report, uint64_t serial) const;

  // A hash that nobody else can foresee.
  uint64_t Hash(std::string_view text) const { return tags_.Hash(text); }

 private:
  struct Remembered {
    std::string event_package;
    std::string resource;
    ComposedStatePtr state;
  };

  const ContentTags tags_;
  std::array<Remembered, 64> neutral_;  // each at its hash
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_STATE_COMPOSER_H_
