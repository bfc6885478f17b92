#ifndef GATEWAY_RPC_WATCHER_CHECKS_H_
#define GATEWAY_RPC_WATCHER_CHECKS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/registry/page_token.h"
#include "gateway/rpc/field_checks.h"
#include "sip/event_server.h"
#include "sipevents/v1/watchers.pb.h"

namespace sipevents::gateway {

// Who is meant: one watcher, or rule, by its id, or whoever the key says.
struct WatcherSelection {
  std::string id;          // empty: by the key
  sip::WatcherFilter key;  // all fields are set then
};

// What a page of watchers or rules is of.
struct WatcherPage {
  int page_size = 0;
  std::string after;  // id of the last one of the page before; empty: from the beginning
  sip::WatcherFilter filter;
};

// Turns requests of the service Watchers into orders, as RequestChecks does.
//
// Threads: any.
class WatcherChecks {
 public:
  // `tel_domain` is for tel: URIs; empty: they are refused. `server` must outlive it. Page tokens
  // and names of rules are good as long as this object lives.
  WatcherChecks(std::string tel_domain, const sip::EventServer& server);

  absl::StatusOr<WatcherPage> Check(const v1::ListWatchersRequest& request,
                                    const std::string& tenant) const;
  absl::StatusOr<WatcherPage> Check(const v1::ListWatcherRulesRequest& request,
                                    const std::string& tenant) const;
  // The heartbeat goes into `heartbeat`.
  absl::StatusOr<sip::WatcherFilter> Check(const v1::WatchWatchersRequest& request,
                                           absl::Duration& heartbeat) const;
  absl::StatusOr<WatcherSelection> Check(const v1::AuthorizeWatcherRequest& request) const;
  absl::StatusOr<WatcherSelection> Check(const v1::DeleteWatcherRuleRequest& request) const;

  // For the page after the element of this id.
  std::string NextPageToken(const v1::ListWatchersRequest& request, const std::string& tenant,
                            const std::string& after) const;
  std::string NextPageToken(const v1::ListWatcherRulesRequest& request, const std::string& tenant,
                            const std::string& after) const;

  // The id in the name of a rule: tells nothing of whom it is about.
  std::string RuleId(const sip::WatcherRule& rule) const;

 private:
  // The name by which the event server knows it.
  std::string CheckName(std::string_view field, const std::string& uri,
                        FieldViolations& violations) const;
  template <typename Request>
  sip::WatcherFilter CheckFilter(const Request& request, FieldViolations& violations) const;
  template <typename Request>
  absl::StatusOr<WatcherPage> CheckPage(const Request& request, const std::string& tenant,
                                        std::string_view list) const;
  template <typename Request>
  WatcherSelection CheckSelection(const Request& request, std::string_view collection,
                                  FieldViolations& violations) const;

  const std::string tel_domain_;
  const sip::EventServer& server_;
  const std::string rule_secret_;
  const PageTokens page_tokens_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_WATCHER_CHECKS_H_
