#include "sip/compositor/recent_reports.h"

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

// No event type has a blank in it.
std::string KeyOf(std::string_view resource, std::string_view event_package) {
  return absl::StrCat(AbslView(event_package), " ", AbslView(resource));
}

}  // namespace

void RecentReports::Put(std::string_view resource, std::string_view event_package,
                        ComposedStatePtr report, absl::Time now) {
  const absl::Time until = now + kKeptFor;
  std::string key = KeyOf(resource, event_package);
  reports_[key] = {std::move(report), until};
  in_order_.emplace_back(until, std::move(key));
  while (in_order_.front().first <= now || in_order_.size() > kMost) {
    const auto it = reports_.find(in_order_.front().second);
    // Unless a newer one of the resource has followed.
    if (it != reports_.end() && it->second.until == in_order_.front().first) reports_.erase(it);
    in_order_.pop_front();
  }
}

ComposedStatePtr RecentReports::Find(std::string_view resource, std::string_view event_package,
                                     absl::Time now) const {
  const auto it = reports_.find(KeyOf(resource, event_package));
  return it == reports_.end() || it->second.until <= now ? nullptr : it->second.state;
}

}  // namespace sipevents::sip
