#include "sip/notifier/notify_contents.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/compose/presence_diff.h"
#include "sip/notifier/list_view.h"

namespace sipevents::sip {
namespace {

// The entity tag of no state (CEN-01); composed states have longer ones.
constexpr char kNothingTag[] = "none";

std::string Numbered(const ComposedBody& composed, uint32_t version) {
  const std::string_view body = composed.body;
  return absl::StrCat(AbslView(body.substr(0, composed.version_at)), version,
                      AbslView(body.substr(composed.version_at)));
}

// Whether the whole state has to be told: in answer to a SUBSCRIBE, or since it is not known what
// the watcher has.
bool NeedsAll(const Watcher& watcher) { return watcher.state().urgent || !watcher.last_taken(); }

}  // namespace

ComposedStatePtr NotifyContents::StateFor(const Watcher& watcher, WatcherView view) const {
  const Audience& audience = watcher.audience();
  return view == WatcherView::kState
             ? states_.Current(audience.resource(), audience.event_package())
             : states_.Neutral(audience.resource(), audience.event_package());
}

bool NotifyContents::Holds(std::string_view condition, const Watcher& watcher,
                           WatcherView view) const {
  if (condition.empty()) return false;
  if (condition == "*") return true;
  if (view == WatcherView::kNothing) return condition == kNothingTag;
  if (watcher.list() != nullptr || !BaseOfTemplate(watcher.audience().event_package()).empty()) {
    return false;  // their tags name one document each
  }
  return StateFor(watcher, view)->entity_tag == condition;
}

NotifyContent NotifyContents::For(Watcher& watcher) const {
  NotifyContent content;
  const WatcherEnd end = watcher.state().end;
  content.is_list = watcher.list() != nullptr;
  const bool shows = watcher.view() != WatcherView::kNothing &&
                     (end == WatcherEnd::kNone || end == WatcherEnd::kTimeout);
  if (!shows) {  // NOT-18
    content.entity_tag = kNothingTag;
    return content;
  }
  const bool suppressed = Holds(watcher.condition(), watcher, watcher.view());
  if (content.is_list) {
    if (!suppressed) AddList(watcher, content);
  } else if (!BaseOfTemplate(watcher.audience().event_package()).empty()) {
    if (!suppressed) AddWatcherInfo(watcher, content);
  } else {
    const ComposedStatePtr state = StateFor(watcher, watcher.view());
    content.entity_tag = state->entity_tag;
    if (!suppressed) AddState(watcher, state, content);  // CEN-04, CEN-05
  }
  if (suppressed && content.entity_tag.empty()) content.entity_tag = watcher.condition();
  if (!suppressed) watcher.DropCondition();
  return content;
}

void NotifyContents::AddState(Watcher& watcher, const ComposedStatePtr& state,
                              NotifyContent& content) const {
  const ComposedBody& full = state->full;
  if (watcher.format() == WatcherFormat::kChanges && !full.content_type.empty()) {
    const ComposedBody changes = watcher.shown() == nullptr || NeedsAll(watcher)
                                     ? PresenceAsFull(full.body)
                                     : PresenceAsChanges(watcher.shown()->full.body, full.body);
    watcher.Show(state);
    content.content_type = changes.content_type;
    content.body = Numbered(changes, watcher.NextVersion());
    return;
  }
  watcher.Show(nullptr);  // a later document of changes must not begin from an earlier one
  content.content_type =
      watcher.format() == WatcherFormat::kOldName ? "application/cpim-pidf+xml" : full.content_type;
  content.body = full.version_at == ComposedBody::kNoVersion
                     ? full.body
                     : Numbered(full, watcher.NextVersion());
}

void NotifyContents::AddList(Watcher& watcher, NotifyContent& content) const {
  ListView::Written written = watcher.list()->Write(NeedsAll(watcher));
  content.content_type = std::move(written.body.content_type);
  content.body = Numbered(written.body, written.version);
  content.entity_tag = absl::StrCat("l", watcher.number(), ".", written.version);
  content.more = written.more;
}

void NotifyContents::AddWatcherInfo(Watcher& watcher, NotifyContent& content) const {
  const Audience& audience = watcher.audience();
  WatcherInfoSource::Written written = watcher_info_.Write(
      audience.resource(), std::string(BaseOfTemplate(audience.event_package())), NeedsAll(watcher),
      watcher.progress(), clock_.Now());
  const uint32_t version = watcher.NextVersion();
  content.content_type = written.body.content_type;
  content.body = Numbered(written.body, version);
  content.entity_tag = absl::StrCat("i", watcher.number(), ".", version);
  content.more = written.more;
}

}  // namespace sipevents::sip
