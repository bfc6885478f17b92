#include "clients/cli/watch_table.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"
#include "clients/cli/subscription_text.h"
#include "clients/cli/times.h"

namespace sipevents::client {
namespace {

constexpr size_t kMaxStates = 8;  // of forks in one row

// docs/packages.md, "forks": the document of any fork holds what all have told.
bool IsOfAllForks(const v1::Event& event) {
  return event.has_message_summary() || event.has_watcher_info();
}

// Which of two states decides about the colour of a row.
int WeightOf(Tone tone) {
  switch (tone) {
    case Tone::kBad:
      return 4;
    case Tone::kBusy:
      return 3;
    case Tone::kGood:
      return 2;
    case Tone::kPlain:
      return 1;
    case Tone::kMissing:
      break;
  }
  return 0;
}

}  // namespace

void WatchTable::Add(const WatchedTarget& target) {
  Watch& watch = watches_.emplace_back();
  watch.own.name = Printable(target.text);
  watch.own.state = StateOf(watch.own);
  watch.by_name = absl::StartsWith(target.text, "subscriptions/");
  watch.subscription = {"connecting", Tone::kMissing};
}

void WatchTable::Apply(const WatchedTarget& target, const v1::WatchItem& item, absl::Time now) {
  if (target.number == 0) return;
  Watch& watch = watches_.at(target.number - 1);
  switch (item.item_case()) {
    case v1::WatchItem::kEvent:
      TakeEvent(watch, item.event());
      return;
    case v1::WatchItem::kStatus:
      watch.subscription = Summarize(item.status(), zone_);
      if (item.status().has_spec()) {
        NameByTarget(watch, item.status().spec().target_uri(),
                     item.status().spec().event_package());
      }
      return;
    case v1::WatchItem::kDialogEnded:
      EndDialog(watch, item.dialog_ended(), now);
      return;
    case v1::WatchItem::kGap:
      ++watch.snapshot;
      return;
    case v1::WatchItem::kBookmark:
      // What the snapshot after a gap does not tell is no longer true.
      if (item.bookmark().kind() == v1::Bookmark::INITIAL_STATE_COMPLETE) {
        Forget(
            watch, [&](const Told& told) { return told.snapshot != watch.snapshot; }, now);
      }
      return;
    case v1::WatchItem::ITEM_NOT_SET:
      return;
  }
}

void WatchTable::Fail(const WatchedTarget& target, const absl::Status& error) {
  if (target.number == 0) return;
  watches_.at(target.number - 1).subscription = {
      absl::StrCat(absl::StatusCodeToString(error.code()), ": ", Printable(error.message())),
      Tone::kBad};
}

// The name of a Subscription says nothing to people.
void WatchTable::NameByTarget(Watch& watch, const std::string& target_uri,
                              const std::string& event_package) {
  if (!std::exchange(watch.by_name, false)) return;
  watch.own.name = absl::StrCat(Printable(target_uri), " (", Printable(event_package), ")");
}

void WatchTable::TakeEvent(Watch& watch, const v1::Event& event) {
  NameByTarget(watch, event.target_uri(), event.event_package());
  Entry& entry = event.member_uri().empty() ? watch.own : MemberOf(watch, event);
  Told told = {.dialog = event.dialog(),
               .instance = event.member_instance(),
               .summary = Summarize(event),
               .of_all_forks = IsOfAllForks(event),
               .snapshot = watch.snapshot};
  const auto same = absl::c_find_if(entry.told, [&](const Told& before) {
    return before.dialog == told.dialog && before.instance == told.instance;
  });
  if (same == entry.told.end()) {
    entry.told.push_back(std::move(told));
  } else {
    *same = std::move(told);
    // Forks keep their places in the row, unless only the newest counts.
    if (same->of_all_forks) std::rotate(same, same + 1, entry.told.end());
  }
  Refresh(entry, ToTime(event.receive_time()));
}

WatchTable::Entry& WatchTable::MemberOf(Watch& watch, const v1::Event& event) {
  const auto [place, is_new] =
      watch.member_of_uri.try_emplace(event.member_uri(), watch.last_member + 1);
  if (is_new) ++watch.last_member;
  Entry& entry = watch.members[place->second];
  entry.name = MemberText(event);
  return entry;
}

void WatchTable::EndDialog(Watch& watch, const v1::DialogEnded& ended, absl::Time now) {
  const bool whole_fork = ended.member_uri().empty();
  if (whole_fork) {
    Forget(
        watch, [&](const Told& told) { return told.dialog == ended.dialog(); }, now);
    return;
  }
  const auto place = watch.member_of_uri.find(ended.member_uri());
  if (place == watch.member_of_uri.end()) return;
  Entry& entry = watch.members.at(place->second);
  std::erase_if(entry.told, [&](const Told& told) {
    return told.dialog == ended.dialog() && told.instance == ended.member_instance();
  });
  Refresh(entry, now);
  if (!entry.told.empty()) return;
  watch.members.erase(place->second);
  watch.member_of_uri.erase(place);
}

// Also takes the rows of members away of which nothing is left.
template <typename Predicate>
void WatchTable::Forget(Watch& watch, const Predicate& is_over, absl::Time now) {
  std::erase_if(watch.own.told, is_over);
  Refresh(watch.own, now);
  for (auto& [order, entry] : watch.members) {
    std::erase_if(entry.told, is_over);
    Refresh(entry, now);
  }
  absl::erase_if(watch.member_of_uri, [&](const auto& uri_and_order) {
    return watch.members.at(uri_and_order.second).told.empty();
  });
  std::erase_if(watch.members, [](const auto& member) { return member.second.told.empty(); });
}

void WatchTable::Refresh(Entry& entry, absl::Time when) {
  Summary state = StateOf(entry);
  const bool changed = state.text != entry.state.text;
  entry.state = std::move(state);
  if (changed || (entry.since == absl::InfinitePast() && !entry.told.empty())) entry.since = when;
}

Summary WatchTable::StateOf(const Entry& entry) {
  if (entry.told.empty()) return {"no state yet", Tone::kMissing};
  if (entry.told.back().of_all_forks) return entry.told.back().summary;
  std::vector<std::string> texts;
  Tone tone = Tone::kMissing;
  for (const Told& told : entry.told) {
    if (WeightOf(told.summary.tone) > WeightOf(tone)) tone = told.summary.tone;
    if (texts.size() < kMaxStates && !absl::c_linear_search(texts, told.summary.text)) {
      texts.push_back(told.summary.text);
    }
  }
  return {absl::StrJoin(texts, " | "), tone};
}

// Of a list its members only, unless there is something to say of it as a whole.
size_t WatchTable::RowsOf(const Watch& watch) {
  const bool own = watch.members.empty() || !watch.own.told.empty();
  return watch.members.size() + (own ? 1 : 0);
}

size_t WatchTable::size() const {
  size_t size = 0;
  for (const Watch& watch : watches_) size += RowsOf(watch);
  return size;
}

std::vector<TableRow> WatchTable::Rows(size_t most) const {
  std::vector<TableRow> rows;
  for (const Watch& watch : watches_) {
    const auto add = [&](const Entry& entry) {
      if (rows.size() < most) {
        rows.push_back({entry.name, entry.state, entry.since, watch.subscription});
      }
    };
    if (RowsOf(watch) > watch.members.size()) add(watch.own);
    for (const auto& [order, entry] : watch.members) {
      if (rows.size() >= most) break;
      add(entry);
    }
    if (rows.size() >= most) break;
  }
  return rows;
}

}  // namespace sipevents::client
