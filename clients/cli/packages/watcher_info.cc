#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

struct Group {
  v1::Watcher::Status status;
  absl::string_view head;
  Tone tone;
};

// What somebody has to do something about comes first.
constexpr Group kGroups[] = {
    {v1::Watcher::PENDING, "asking", Tone::kBusy},
    {v1::Watcher::WAITING, "asked before", Tone::kBusy},
    {v1::Watcher::ACTIVE, "watching", Tone::kGood},
    {v1::Watcher::TERMINATED, "gone", Tone::kMissing},
    {v1::Watcher::STATUS_UNSPECIFIED, "in another state", Tone::kPlain},
};

std::string WatcherText(const v1::Watcher& watcher) {
  std::string text = NameText(watcher.display_name(), watcher.uri());
  if (watcher.status() == v1::Watcher::TERMINATED &&
      watcher.event() != v1::Watcher::EVENT_UNSPECIFIED) {
    absl::StrAppend(&text, " (", Words(v1::Watcher::Event_Name(watcher.event())), ")");
  }
  return text;
}

Summary ListText(const v1::WatcherList& list) {
  Parts groups;
  Tone tone = Tone::kMissing;
  for (const Group& group : kGroups) {
    Parts watchers;
    for (const v1::Watcher& watcher : list.watchers()) {
      if (watcher.status() == group.status) watchers.Add(WatcherText(watcher));
    }
    if (watchers.empty()) continue;
    if (groups.empty()) tone = group.tone;
    groups.Add(watchers.Under(group.head));
  }
  if (groups.empty()) return {"nobody watches", tone};
  return {groups.Join("; "), tone};
}

}  // namespace

Summary Summarize(const v1::WatcherInfo& watchers) {
  if (watchers.lists().empty()) return {"nobody watches", Tone::kMissing};
  if (watchers.lists_size() == 1) return ListText(watchers.lists(0));
  Parts lists;
  Tone tone = Tone::kMissing;
  for (const v1::WatcherList& list : watchers.lists()) {
    const Summary summary = ListText(list);
    if (tone == Tone::kMissing || summary.tone == Tone::kBusy) tone = summary.tone;
    lists.Add(absl::StrCat(Printable(list.resource()), " ", Printable(list.event_package()), ": ",
                           summary.text));
  }
  return {lists.Join(" | "), tone};
}

}  // namespace sipevents::client
