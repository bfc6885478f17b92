#include "gateway/rpc/watcher_checks.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/registry/keyed_digest.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kRuleIdOctets = 16;
constexpr std::string_view kWatcherList = "watchers";
constexpr std::string_view kRuleList = "rules";

template <typename Request>
std::string FilterOf(const Request& request, std::string_view list) {
  return absl::StrCat(AbslView(list), " ", request.target_uri(), " ", request.event_package(), " ",
                      request.watcher_uri());
}

}  // namespace

WatcherChecks::WatcherChecks(std::string tel_domain, const sip::EventServer& server)
    : tel_domain_(std::move(tel_domain)),
      server_(server),
      rule_secret_(RandomSecret()),
      page_tokens_(RandomSecret()) {}

std::string WatcherChecks::CheckName(std::string_view field, const std::string& uri,
                                     FieldViolations& violations) const {
  return server_.NameOf(CheckTarget(field, uri, tel_domain_, violations));
}

template <typename Request>
sip::WatcherFilter WatcherChecks::CheckFilter(const Request& request,
                                              FieldViolations& violations) const {
  sip::WatcherFilter filter;
  if (!request.target_uri().empty()) {
    filter.resource_uri = CheckName("target_uri", request.target_uri(), violations);
  }
  filter.event_package = request.event_package();
  if (!request.watcher_uri().empty()) {
    filter.watcher_uri = CheckName("watcher_uri", request.watcher_uri(), violations);
  }
  return filter;
}

template <typename Request>
absl::StatusOr<WatcherPage> WatcherChecks::CheckPage(const Request& request,
                                                     const std::string& tenant,
                                                     std::string_view list) const {
  FieldViolations violations;
  WatcherPage page;
  page.page_size =
      CheckCount("page_size", request.page_size(), kMaxPageSize, kDefaultPageSize, violations);
  page.filter = CheckFilter(request, violations);
  if (!request.page_token().empty()) {
    std::optional<std::string> after =
        page_tokens_.Read(tenant, FilterOf(request, list), request.page_token());
    if (after.has_value()) {
      page.after = *std::move(after);
    } else {
      violations.Add("page_token", request.page_token(),
                     "next_page_token of an earlier page of the same list");
    }
  }
  return Conclude(std::move(page), violations);
}

template <typename Request>
WatcherSelection WatcherChecks::CheckSelection(const Request& request, std::string_view collection,
                                               FieldViolations& violations) const {
  WatcherSelection selection;
  if (!request.name().empty()) {
    if (CheckResourceName("name", collection, request.name(), violations)) {
      selection.id = request.name().substr(collection.size() + 1);
    }
    if (!request.target_uri().empty() || !request.event_package().empty() ||
        !request.watcher_uri().empty()) {
      violations.Add("name", request.name(),
                     "a name, or target_uri, event_package and watcher_uri, but not both");
    }
    return selection;
  }
  selection.key.resource_uri = CheckName("target_uri", request.target_uri(), violations);
  if (violations.empty() && !server_.Serves(selection.key.resource_uri)) {
    violations.Add("target_uri", request.target_uri(), "a URI in a domain of --sip_domains");
  }
  CheckEventPackage("event_package", request.event_package(), violations);
  selection.key.event_package = request.event_package();
  selection.key.watcher_uri = CheckName("watcher_uri", request.watcher_uri(), violations);
  return selection;
}

absl::StatusOr<WatcherPage> WatcherChecks::Check(const v1::ListWatchersRequest& request,
                                                 const std::string& tenant) const {
  return CheckPage(request, tenant, kWatcherList);
}

absl::StatusOr<WatcherPage> WatcherChecks::Check(const v1::ListWatcherRulesRequest& request,
                                                 const std::string& tenant) const {
  return CheckPage(request, tenant, kRuleList);
}

absl::StatusOr<sip::WatcherFilter> WatcherChecks::Check(const v1::WatchWatchersRequest& request,
                                                        absl::Duration& heartbeat) const {
  FieldViolations violations;
  sip::WatcherFilter filter = CheckFilter(request, violations);
  heartbeat = CheckHeartbeat(request, violations);
  return Conclude(std::move(filter), violations);
}

absl::StatusOr<WatcherSelection> WatcherChecks::Check(
    const v1::AuthorizeWatcherRequest& request) const {
  FieldViolations violations;
  WatcherSelection selection = CheckSelection(request, "watchers", violations);
  // A rule about anything else would never be asked.
  const std::vector<std::string>& served = server_.NotifiedPackages();
  if (selection.id.empty() && violations.empty() &&
      std::find(served.begin(), served.end(), request.event_package()) == served.end()) {
    violations.Add("event_package", request.event_package(),
                   absl::StrCat("one that is served: ", absl::StrJoin(served, ", ")));
  }
  if (!v1::WatcherRule::Decision_IsValid(request.decision()) ||
      request.decision() == v1::WatcherRule::DECISION_UNSPECIFIED) {
    violations.Add("decision", std::to_string(request.decision()),
                   "ALLOW, DENY, POLITE_BLOCK or PENDING");
  }
  return Conclude(std::move(selection), violations);
}

absl::StatusOr<WatcherSelection> WatcherChecks::Check(
    const v1::DeleteWatcherRuleRequest& request) const {
  FieldViolations violations;
  WatcherSelection selection = CheckSelection(request, "watcherRules", violations);
  return Conclude(std::move(selection), violations);
}

std::string WatcherChecks::NextPageToken(const v1::ListWatchersRequest& request,
                                         const std::string& tenant,
                                         const std::string& after) const {
  return page_tokens_.Make(tenant, FilterOf(request, kWatcherList), after);
}

std::string WatcherChecks::NextPageToken(const v1::ListWatcherRulesRequest& request,
                                         const std::string& tenant,
                                         const std::string& after) const {
  return page_tokens_.Make(tenant, FilterOf(request, kRuleList), after);
}

std::string WatcherChecks::RuleId(const sip::WatcherRule& rule) const {
  return absl::BytesToHexString(KeyedDigest(rule_secret_)
                                    .Add(rule.resource_uri)
                                    .Add(rule.event_package)
                                    .Add(rule.watcher_uri)
                                    .First(kRuleIdOctets));
}

}  // namespace sipevents::gateway
