#ifndef SIP_NOTIFIER_WATCHER_POLICY_H_
#define SIP_NOTIFIER_WATCHER_POLICY_H_

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "sip/event_server.h"

namespace sipevents::sip {

// Who may watch what (NOT-05 to NOT-08): rules that authorisations left, else the default.
//
// Threads: the SIP thread that serves.
class WatcherPolicy {
 public:
  static constexpr size_t kMaxRules = 1'000'000;

  // `usual`: what is decided where no rule is.
  explicit WatcherPolicy(WatcherDecision usual) : usual_(usual) {}

  // Everybody may watch their own state. Who watches a resource is told to its owner only, unless a
  // rule says otherwise (RFC 3857 section 4.6).
  WatcherDecision Decide(const std::string& resource_uri, const std::string& event_package,
                         const std::string& watcher_uri) const;

  // Replaces the rule for the same three. RESOURCE_EXHAUSTED: too many.
  absl::Status Set(const WatcherRule& rule);
  // NOT_FOUND.
  absl::Status Remove(const std::string& resource_uri, const std::string& event_package,
                      const std::string& watcher_uri);
  std::vector<WatcherRule> List() const;

 private:
  // Resource, package, watcher.
  using Key = std::tuple<std::string, std::string, std::string>;

  const WatcherDecision usual_;
  absl::btree_map<Key, WatcherDecision> rules_;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_WATCHER_POLICY_H_
