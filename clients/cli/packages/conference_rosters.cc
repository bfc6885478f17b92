#include "clients/cli/packages/conference_rosters.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"

namespace sipevents::client {
namespace {

constexpr size_t kMaxConferences = 256;
constexpr size_t kMaxNames = 1000;

void AddMissing(const std::set<std::string>& names, const std::set<std::string>& others,
                absl::string_view what, Parts& changes) {
  for (const std::string& name : names) {
    if (others.find(name) == others.end()) changes.Add(absl::StrCat(name, " ", what));
  }
}

}  // namespace

std::string ConferenceRosters::TakeIn(const v1::Event& event) {
  if (!event.has_conference()) return "";
  std::set<std::string> now = WhoIsIn(event.conference());
  // No part of it has a line feed.
  const std::string key =
      absl::StrCat(event.target_uri(), "\n", event.dialog(), "\n", event.member_uri());
  const std::scoped_lock lock(mutex_);
  const auto known = rosters_.find(key);
  if (event.conference().ended() || now.size() > kMaxNames) {
    if (known != rosters_.end()) rosters_.erase(known);
    return "";
  }
  if (known == rosters_.end()) {
    if (rosters_.size() < kMaxConferences) rosters_.emplace(key, std::move(now));
    return "";
  }
  const std::set<std::string> before = std::exchange(known->second, std::move(now));
  Parts changes;
  AddMissing(known->second, before, "joined", changes);
  AddMissing(before, known->second, "left", changes);
  return changes.Join(", ");
}

}  // namespace sipevents::client
