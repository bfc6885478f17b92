#include "sip/notifier/notify_contents.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/compose/dialog_view.h"
#include "sip/compose/presence_diff.h"
#include "sip/notifier/list_view.h"

namespace sipevents::sip {
namespace {

std::string Numbered(const ComposedBody& composed, uint32_t version) {
  const std::string_view body = composed.body;
  return absl::StrCat(AbslView(body.substr(0, composed.version_at)), version,
                      AbslView(body.substr(composed.version_at)));
}

// Of a document after which others follow: no condition holds by it, since its watcher has not got
// all that there is.
std::string TagOfPart(std::string_view kind, const Watcher& watcher, uint32_t version) {
  return absl::StrCat(AbslView(kind), watcher.number(), ".", version);
}

// Whether the whole state has to be told: in answer to a SUBSCRIBE, or since it is not known what
// the watcher has.
bool NeedsAll(const Watcher& watcher) { return watcher.state().urgent || !watcher.last_taken(); }

// Of the parameters of Event, which hardly any watcher has: of `dialog` they say what it is shown.
DialogWishes WishesOf(const Watcher& watcher) {
  if (watcher.dialog().event_parameters().empty() ||
      watcher.audience().event_package() != "dialog") {
    return {};
  }
  return ReadDialogWishes(watcher.dialog().event_parameters());
}

}  // namespace

ComposedStatePtr NotifyContents::StateFor(const Watcher& watcher, WatcherView view) const {
  const Audience& audience = watcher.audience();
  return view == WatcherView::kState
             ? states_.Current(audience.resource(), audience.event_package())
             : states_.Neutral(audience.resource(), audience.event_package());
}

// The next one that it has not taken; none for who is politely blocked.
NumberedReport NotifyContents::ReportFor(const Watcher& watcher, WatcherView view) const {
  if (view != WatcherView::kState) return {};
  const Audience& audience = watcher.audience();
  return states_.NextReport(audience.resource(), audience.event_package(), watcher.reports_taken());
}

bool NotifyContents::IsNews(const Watcher& watcher) const {
  if (Holds(watcher.condition(), watcher, watcher.view())) return false;
  return watcher.part_told().empty() || watcher.part_told() != EntityTag(watcher, watcher.view());
}

bool NotifyContents::Holds(std::string_view condition, const Watcher& watcher,
                           WatcherView view) const {
  if (condition.empty()) return false;
  return condition == "*" || condition == EntityTag(watcher, view);
}

// Of all that is to be seen now, whatever of it was told already (CEN-01).
std::string NotifyContents::EntityTag(const Watcher& watcher, WatcherView view) const {
  if (view == WatcherView::kNothing) return kNoStateTag;
  if (watcher.list() != nullptr) return watcher.list()->EntityTag();
  const Audience& audience = watcher.audience();
  if (const auto base = BaseOfTemplate(audience.event_package()); !base.empty()) {
    return view == WatcherView::kNeutral ? WatcherInfoSource::NobodyTag()
                                         : watcher_info_.EntityTag(audience.resource(), base);
  }
  if (!states_.KeepsState(audience.event_package())) {
    const NumberedReport report = ReportFor(watcher, view);
    return report.state == nullptr ? kNoStateTag : report.state->entity_tag;
  }
  const DialogWishes wishes = WishesOf(watcher);
  const ComposedStatePtr state = StateFor(watcher, view);
  ComposedBody made;
  return DialogsTag(wishes, *state, DialogsFor(wishes, *state, made));
}

NotifyContent NotifyContents::For(Watcher& watcher) const {
  NotifyContent content;
  const WatcherEnd end = watcher.state().end;
  content.is_list = watcher.list() != nullptr;
  const bool shows = watcher.view() != WatcherView::kNothing &&
                     (end == WatcherEnd::kNone || end == WatcherEnd::kTimeout);
  if (!shows) {  // NOT-18
    content.entity_tag = kNoStateTag;
    return content;
  }
  if (Holds(watcher.condition(), watcher, watcher.view())) {  // CEN-04, CEN-05
    content.entity_tag = EntityTag(watcher, watcher.view());
    return content;
  }
  watcher.DropCondition();
  if (content.is_list) {
    AddList(watcher, content);
  } else if (!BaseOfTemplate(watcher.audience().event_package()).empty()) {
    AddWatcherInfo(watcher, content);
  } else if (!states_.KeepsState(watcher.audience().event_package())) {
    AddReport(watcher, content);
  } else {
    AddState(watcher, StateFor(watcher, watcher.view()), content);
  }
  return content;
}

void NotifyContents::AddState(Watcher& watcher, const ComposedStatePtr& state,
                              NotifyContent& content) const {
  const DialogWishes wishes = WishesOf(watcher);
  content.is_part = wishes.call_id.has_value();
  ComposedBody made;
  const ComposedBody& full = DialogsFor(wishes, *state, made);
  content.entity_tag = DialogsTag(wishes, *state, full);
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

// One report at a time, and each once: what came before is nobody's state (RFC 6035).
void NotifyContents::AddReport(Watcher& watcher, NotifyContent& content) const {
  const uint64_t taken = watcher.reports_taken();
  const NumberedReport next = ReportFor(watcher, watcher.view());
  watcher.reports() = {next.state == nullptr ? taken : next.number, taken};
  content.entity_tag = kNoStateTag;
  if (next.state == nullptr) return;
  content.entity_tag = next.state->entity_tag;
  content.content_type = next.state->full.content_type;
  content.body = next.state->full.body;
  content.more = next.more;
}

void NotifyContents::AddList(Watcher& watcher, NotifyContent& content) const {
  ListView::Written written = watcher.list()->Write(NeedsAll(watcher));
  content.content_type = std::move(written.body.content_type);
  content.body = Numbered(written.body, written.version);
  content.more = written.more;
  content.entity_tag =
      content.more ? TagOfPart("l", watcher, written.version) : std::move(written.entity_tag);
}

void NotifyContents::AddWatcherInfo(Watcher& watcher, NotifyContent& content) const {
  const Audience& audience = watcher.audience();
  const std::string base(BaseOfTemplate(audience.event_package()));
  WatcherInfoSource::Written written;
  if (watcher.view() == WatcherView::kNeutral) {  // NOT-07
    written.body = WatcherInfoSource::Nobody(audience.resource(), base);
  } else {
    written = watcher_info_.Write(audience.resource(), base, NeedsAll(watcher), watcher.progress(),
                                  clock_.Now());
  }
  const uint32_t version = watcher.NextVersion();
  content.content_type = written.body.content_type;
  content.body = Numbered(written.body, version);
  content.more = written.more;
  content.entity_tag =
      content.more ? TagOfPart("i", watcher, version) : EntityTag(watcher, watcher.view());
}

}  // namespace sipevents::sip
