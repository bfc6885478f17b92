#ifndef GATEWAY_RPC_PUBLICATION_CHECKS_H_
#define GATEWAY_RPC_PUBLICATION_CHECKS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/publications/publication_feed.h"
#include "gateway/publications/publication_registry.h"
#include "gateway/registry/page_token.h"
#include "gateway/rpc/field_checks.h"
#include "sip/event_server.h"
#include "sipevents/v1/publications.pb.h"

namespace sipevents::gateway {

// What an UpdatePublicationRequest asks for, as far as can be said without the Publication.
struct PublicationUpdate {
  bool content = false;
  std::optional<absl::Time> expire_time;
  bool may_name_unchanged = false;  // the fields that do not change are to be compared
};

struct PublicationList {
  int page_size = 0;
  std::string after;  // the last name of the page before; empty: from the beginning
  PublicationScope scope;
};

// Turns requests of the service Publications into orders, as RequestChecks does.
//
// Threads: any.
class PublicationChecks {
 public:
  struct Options {
    std::string tel_domain;    // for tel: URIs; empty: they are refused
    std::string own_identity;  // canonical; naming it is the same as naming none
  };

  // `server` must outlive it. Page tokens are good as long as this object lives.
  PublicationChecks(Options options, const sip::EventServer& server);

  absl::StatusOr<PublicationOrder> Check(const v1::CreatePublicationRequest& request,
                                         absl::Time now) const;
  absl::StatusOr<PublicationUpdate> Check(const v1::UpdatePublicationRequest& request,
                                          absl::Time now) const;
  // The second step: what is to become of the Publication that the request names.
  absl::StatusOr<PublicationChange> CheckChange(const v1::UpdatePublicationRequest& request,
                                                const PublicationUpdate& update,
                                                const PublicationIdentity& publication) const;
  // Get and Delete.
  absl::Status CheckName(const std::string& name) const;
  absl::StatusOr<PublicationList> Check(const v1::ListPublicationsRequest& request,
                                        const ResourceAsker& asker) const;
  // The heartbeat goes into `heartbeat`.
  absl::StatusOr<PublicationScope> Check(const v1::WatchPublicationsRequest& request,
                                         const ResourceAsker& asker,
                                         absl::Duration& heartbeat) const;

  // The page token for what comes after the name `after` in the list that `request` asks for.
  std::string NextPageToken(const v1::ListPublicationsRequest& request, const ResourceAsker& asker,
                            const std::string& after) const;

 private:
  void CheckUnchanged(const v1::Publication& said, const PublicationIdentity& publication,
                      FieldViolations& violations) const;
  PublicationScope CheckScope(const ResourceAsker& asker, const std::string& target_uri,
                              const std::string& event_package, FieldViolations& violations) const;

  const Options options_;
  const sip::EventServer& server_;
  const std::string digest_secret_;
  const PageTokens page_tokens_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_PUBLICATION_CHECKS_H_
