#include "sip/notifier/watcher_info_source.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sip/compose/watcher_info_writer.h"

namespace sipevents::sip {
namespace {

constexpr absl::Duration kForever = absl::Hours(24 * 365);

std::string_view StatusToken(WatcherStatus status) {
  switch (status) {
    case WatcherStatus::kPending:
      return "pending";
    case WatcherStatus::kActive:
      return "active";
    case WatcherStatus::kWaiting:
      return "waiting";
    case WatcherStatus::kTerminated:
      break;
  }
  return "terminated";
}

WatcherInfoRow RowOf(const WatcherRecord& record, absl::Time now) {
  WatcherInfoRow row{.id = record.id,
                     .uri = record.watcher_uri,
                     .display_name = record.display_name,
                     .status = StatusToken(record.status),
                     .event = record.event};
  row.duration_subscribed = std::max(now - record.subscribe_time, absl::ZeroDuration());
  // One of ours has no end that anybody could wait for.
  const bool ends = record.expire_time - now < kForever;
  const bool subscribes =
      record.status == WatcherStatus::kPending || record.status == WatcherStatus::kActive;
  if (subscribes && ends) {
    row.expiration = std::max(record.expire_time - now, absl::ZeroDuration());
  }
  return row;
}

}  // namespace

void WatcherInfoSource::OnChange(const WatcherRecord& record) {
  const auto it = changes_.find(Key(record.resource_uri, record.event_package));
  if (it == changes_.end()) return;
  Changes& changes = it->second;
  changes.records.push_back(record);
  if (changes.records.size() <= kMaxChanges) return;
  changes.records.pop_front();
  ++changes.first;
}

void WatcherInfoSource::Keep(const std::string& resource, const std::string& event_package,
                             bool keep) {
  const Key key(resource, event_package);
  if (keep) {
    changes_.try_emplace(key);
  } else {
    changes_.erase(key);
  }
}

WatcherInfoSource::Written WatcherInfoSource::Write(const std::string& resource,
                                                    const std::string& event_package, bool anew,
                                                    Progress& progress, absl::Time now) const {
  static const Changes kNone;
  const auto it = changes_.find(Key(resource, event_package));
  const Changes& changes = it == changes_.end() ? kNone : it->second;
  const bool missed = !progress.listing && progress.seen + 1 < changes.first;
  const bool full = anew || missed || (progress.listing && progress.told.empty());
  if (full) progress = {.told = "", .listing = true, .seen = changes.next() - 1};
  std::vector<WatcherRecord> records;
  Written written;
  if (progress.listing) {
    records = list_(resource, event_package, progress.told, kMaxRows + 1);
    progress.listing = records.size() > kMaxRows;
    if (progress.listing) records.pop_back();
    if (!records.empty()) progress.told = records.back().id;
    written.more = progress.listing || progress.seen + 1 < changes.next();
  } else {
    for (uint64_t number = progress.seen + 1; number < changes.next() && records.size() < kMaxRows;
         ++number) {
      records.push_back(changes.records[number - changes.first]);
      progress.seen = number;
    }
    written.more = progress.seen + 1 < changes.next();
  }
  std::vector<WatcherInfoRow> rows;
  rows.reserve(records.size());
  for (const WatcherRecord& record : records) rows.push_back(RowOf(record, now));
  written.body = WriteWatcherInfo(resource, event_package, rows, full);
  return written;
}

ComposedBody WatcherInfoSource::Nobody(const std::string& resource,
                                       const std::string& event_package) {
  return WriteWatcherInfo(resource, event_package, {}, /*full=*/true);
}

std::string WatcherInfoSource::EntityTag(const std::string& resource,
                                         std::string_view event_package) const {
  return absl::StrCat("i", revision_(resource, event_package));
}

std::string WatcherInfoSource::NobodyTag() { return "i0"; }

}  // namespace sipevents::sip
