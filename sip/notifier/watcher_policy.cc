#include "sip/notifier/watcher_policy.h"

#include "absl/strings/str_cat.h"
#include "sip/base/bound_error.h"

namespace sipevents::sip {

WatcherDecision WatcherPolicy::Decide(const std::string& resource_uri,
                                      const std::string& event_package,
                                      const std::string& watcher_uri) const {
  const auto rule = rules_.find(Key(resource_uri, event_package, watcher_uri));
  if (rule != rules_.end()) return rule->second;
  if (watcher_uri == resource_uri) return WatcherDecision::kAllow;
  return event_package.ends_with(".winfo") ? WatcherDecision::kDeny : usual_;
}

absl::Status WatcherPolicy::Set(const WatcherRule& rule) {
  const Key key(rule.resource_uri, rule.event_package, rule.watcher_uri);
  if (rules_.size() >= kMaxRules && !rules_.contains(key)) {
    return BoundError("watcher_rules",
                      absl::StrCat("there are ", kMaxRules, " rules already, which is the most"));
  }
  rules_[key] = rule.decision;
  return absl::OkStatus();
}

absl::Status WatcherPolicy::Remove(const std::string& resource_uri,
                                   const std::string& event_package,
                                   const std::string& watcher_uri) {
  if (rules_.erase(Key(resource_uri, event_package, watcher_uri)) > 0) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("no rule for ", watcher_uri, ", ", event_package, " of ", resource_uri));
}

std::vector<WatcherRule> WatcherPolicy::List() const {
  std::vector<WatcherRule> rules;
  rules.reserve(rules_.size());
  for (const auto& [key, decision] : rules_) {
    rules.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), decision});
  }
  return rules;
}

}  // namespace sipevents::sip
