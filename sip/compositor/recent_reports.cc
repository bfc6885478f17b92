#include "sip/compositor/recent_reports.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

// No event type has a blank in it.
std::string KeyOf(std::string_view resource, std::string_view event_package) {
  return absl::StrCat(AbslView(event_package), " ", AbslView(resource));
}

}  // namespace

bool RecentReports::Put(std::string_view resource, std::string_view event_package,
                        ComposedStatePtr report, absl::Time now) {
  while (!in_order_.empty() && reports_.at(in_order_.front()).front().until <= now) DropOldest();
  const size_t octets = report->full.body.size();
  bool had_room = true;
  while (in_order_.size() >= kMost || (!in_order_.empty() && octets_ + octets > kMostOctets)) {
    DropOldest();
    had_room = false;
  }
  std::string key = KeyOf(resource, event_package);
  reports_[key].push_back({++last_, now + kKeptFor, std::move(report)});
  in_order_.push_back(std::move(key));
  octets_ += octets;
  return had_room;
}

void RecentReports::DropOldest() {
  const auto it = reports_.find(in_order_.front());
  octets_ -= it->second.front().state->full.body.size();
  it->second.pop_front();
  if (it->second.empty()) reports_.erase(it);
  in_order_.pop_front();
}

const RecentReports::Reports* RecentReports::Find(std::string_view resource,
                                                  std::string_view event_package) const {
  const auto it = reports_.find(KeyOf(resource, event_package));
  return it == reports_.end() ? nullptr : &it->second;
}

NumberedReport RecentReports::Next(std::string_view resource, std::string_view event_package,
                                   uint64_t after, absl::Time now) const {
  const Reports* const reports = Find(resource, event_package);
  if (reports == nullptr) return {};
  auto it =
      std::upper_bound(reports->begin(), reports->end(), after,
                       [](uint64_t number, const Report& one) { return number < one.number; });
  while (it != reports->end() && it->until <= now) ++it;
  if (it == reports->end()) return {};
  return {it->state, it->number, it + 1 != reports->end()};
}

ComposedStatePtr RecentReports::Newest(std::string_view resource, std::string_view event_package,
                                       absl::Time now) const {
  const Reports* const reports = Find(resource, event_package);
  return reports == nullptr || reports->back().until <= now ? nullptr : reports->back().state;
}

}  // namespace sipevents::sip
