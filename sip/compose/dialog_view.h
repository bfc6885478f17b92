#ifndef SIP_COMPOSE_DIALOG_VIEW_H_
#define SIP_COMPOSE_DIALOG_VIEW_H_

#include <optional>
#include <string>
#include <string_view>

#include "sip/compose/composed_state.h"

// What one watcher of `dialog` is shown of the state that all are shown, by the parameters of its
// Event header (RFC 4235 section 3.2). Threads: any, for everything here.

namespace sipevents::sip {

// A composed document of dialogs without the session descriptions in it, which go only to who asks
// for them; nullopt: there are none, or it is another kind of document.
std::optional<ComposedBody> WithoutSessions(const ComposedBody& composed);

// What a watcher asks for.
struct DialogWishes {
  bool sessions = false;  // include-session-description
  // Only the dialogs of this call; without it the tags mean nothing.
  std::optional<std::string> call_id;
  std::optional<std::string> local_tag;   // `to-tag`: tags are as seen by who is watched
  std::optional<std::string> remote_tag;  // `from-tag`
};

// From parameters like `;call-id="a@b";to-tag=1`; of two with one name the first counts. What
// cannot be read asks for nothing.
DialogWishes ReadDialogWishes(std::string_view event_parameters);

// What the watcher is shown; `made` is where that is kept if nobody else is shown the same.
const ComposedBody& DialogsFor(const DialogWishes& wishes, const ComposedState& state,
                               ComposedBody& made);

// The entity tag of `shown`, which DialogsFor() returned: another one than that of what others are
// shown (CEN-01). That of some of the dialogs stays the same while they do.
std::string DialogsTag(const DialogWishes& wishes, const ComposedState& state,
                       const ComposedBody& shown);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_DIALOG_VIEW_H_
