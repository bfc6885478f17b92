#include "gateway/rpc/publication_checks.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/publications/value_checks.h"
#include "gateway/registry/keyed_digest.h"
#include "gateway/rpc/message_octets.h"
#include "gateway/rpc/timestamps.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"

namespace sipevents::gateway {
namespace {

constexpr DurationRange kLifetime = {.least = absl::Seconds(1), .most = absl::Hours(30 * 24)};
constexpr absl::Duration kDefaultTtl = absl::Hours(1);
constexpr size_t kMaxRequestIdOctets = 64;
constexpr size_t kDigestOctets = 16;

constexpr std::string_view kContentPaths[] = {"body", "presence", "dialog_info", "message_summary"};
constexpr std::string_view kUnchangedPaths[] = {"target_uri", "event_package", "route", "identity"};
// What the gateway gives: passed over.
constexpr std::string_view kGivenPaths[] = {
    "name",       "uid",         "etag",        "state",         "reason",      "sip_status",
    "retry_time", "create_time", "update_time", "waiting_since", "reconciling", "sip_expire_time"};

template <typename Paths>
bool IsOneOf(std::string_view path, const Paths& paths) {
  return std::find(std::begin(paths), std::end(paths), path) != std::end(paths);
}

void CheckRequestId(const std::string& id, FieldViolations& violations) {
  const bool visible =
      std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (id.size() > kMaxRequestIdOctets || !visible) {
    violations.Add("request_id", id, "1 to 64 visible ASCII characters, or none");
  }
}

// Until when; nullopt: it is not said.
std::optional<absl::Time> CheckExpiration(const v1::Publication& publication, absl::Time now,
                                          FieldViolations& violations) {
  switch (publication.expiration_case()) {
    case v1::Publication::kTtl:
      return now + CheckDuration("publication.ttl", publication.ttl(), kLifetime, violations);
    case v1::Publication::kExpireTime: {
      if (!CheckValues("publication.expire_time", publication.expire_time(), violations)) break;
      const absl::Time when = ToTime(publication.expire_time());
      if (when < now + kLifetime.least || when > now + kLifetime.most) {
        violations.Add("publication.expire_time", absl::FormatTime(when, absl::UTCTimeZone()),
                       absl::StrCat("a time 1s to 720h after now, ",
                                    absl::FormatTime(now, absl::UTCTimeZone())));
      }
      return when;
    }
    case v1::Publication::EXPIRATION_NOT_SET:
      break;
  }
  return std::nullopt;
}

bool IsLocal(const v1::Publication& publication, const std::string& target_uri,
             const sip::EventServer& server, FieldViolations& violations) {
  const bool served = server.Serves(target_uri);
  switch (publication.route()) {
    case v1::Publication::ROUTE_UNSPECIFIED:
      return served;
    case v1::Publication::REMOTE:
      return false;
    case v1::Publication::LOCAL:
      if (!served) {
        violations.Add("publication.target_uri", target_uri,
                       "a URI in a domain of --sip_domains, since the route is LOCAL");
      }
      return true;
    default:
      violations.Add("publication.route", std::to_string(publication.route()), "REMOTE or LOCAL");
      return false;
  }
}

// What can be published elsewhere is for the compositor there to say.
void CheckServedPackage(const std::string& event_package, const sip::EventServer& server,
                        FieldViolations& violations) {
  const std::vector<std::string>& served = server.PublishedPackages();
  if (!IsEventType(event_package) || IsOneOf(event_package, served)) return;
  violations.Add("publication.event_package", event_package,
                 absl::EndsWith(event_package, ".winfo")
                     ? "another package: the gateway itself tells who watches what it serves"
                     : absl::StrCat(absl::StrJoin(served, ", "),
                                    ", the packages that are served here, since the route is "
                                    "LOCAL"));
}

const char* ContentPathOf(const v1::Publication& publication) {
  switch (publication.content_case()) {
    case v1::Publication::kBody:
      return "body";
    case v1::Publication::kPresence:
      return "presence";
    case v1::Publication::kDialogInfo:
      return "dialog_info";
    case v1::Publication::kMessageSummary:
      return "message_summary";
    case v1::Publication::CONTENT_NOT_SET:
      break;
  }
  return "";
}

// What is named must be there: content and time can be replaced, not taken away.
void CheckPath(const std::string& path, const v1::Publication& publication,
               PublicationUpdate& update, bool& names_time, FieldViolations& violations) {
  const std::string field = FieldPath("publication", path);
  if (IsOneOf(path, kContentPaths)) {
    if (ContentPathOf(publication) != path) {
      violations.Add(field, "", "to be set, since update_mask names it");
    }
    update.content = true;
  } else if (path == "ttl" || path == "expire_time") {
    if (path == "ttl" ? !publication.has_ttl() : !publication.has_expire_time()) {
      violations.Add(field, "", "to be set, since update_mask names it");
    }
    names_time = true;
  } else if (IsOneOf(path, kUnchangedPaths)) {
    update.may_name_unchanged = true;
  } else if (!IsOneOf(path, kGivenPaths)) {
    violations.Add("update_mask", path,
                   "*, or body, presence, dialog_info, message_summary, ttl, expire_time");
  }
}

std::string FilterOf(const v1::ListPublicationsRequest& request, const ResourceAsker& asker) {
  return absl::StrCat(request.target_uri(), " ", request.event_package(), " ",
                      asker.admin ? "" : asker.caller);
}

}  // namespace

PublicationChecks::PublicationChecks(Options options, const sip::EventServer& server)
    : options_(std::move(options)),
      server_(server),
      digest_secret_(RandomSecret()),
      page_tokens_(RandomSecret()) {}

absl::StatusOr<PublicationOrder> PublicationChecks::Check(
    const v1::CreatePublicationRequest& request, absl::Time now) const {
  FieldViolations violations;
  const v1::Publication& publication = request.publication();
  PublicationOrder order;
  order.target_uri = CheckTarget("publication.target_uri", publication.target_uri(),
                                 options_.tel_domain, violations);
  CheckEventPackage("publication.event_package", publication.event_package(), violations);
  order.event_package = publication.event_package();
  order.identity = CheckIdentity("publication.identity", publication.identity(),
                                 options_.own_identity, violations);
  order.expire_time = CheckExpiration(publication, now, violations).value_or(now + kDefaultTtl);
  CheckRequestId(request.request_id(), violations);
  if (!order.target_uri.empty()) {
    order.local = IsLocal(publication, order.target_uri, server_, violations);
    if (order.local) CheckServedPackage(order.event_package, server_, violations);
  }
  // A content is judged by where it goes.
  if (violations.empty()) {
    order.content = CheckContent(publication,
                                 {.target_uri = order.target_uri,
                                  .event_package = order.event_package,
                                  .local = order.local},
                                 violations);
  } else if (publication.has_body()) {
    CheckMediaType("publication.body.content_type", publication.body().content_type(), violations);
  }
  if (!request.request_id().empty()) {
    order.request_id = request.request_id();
    order.digest = KeyedDigest(digest_secret_).Add(MessageOctets(request)).First(kDigestOctets);
  }
  return Conclude(std::move(order), violations);
}

absl::StatusOr<PublicationUpdate> PublicationChecks::Check(
    const v1::UpdatePublicationRequest& request, absl::Time now) const {
  FieldViolations violations;
  const v1::Publication& publication = request.publication();
  CheckResourceName("publication.name", "publications", publication.name(), violations);
  PublicationUpdate update;
  bool names_time = false;
  const auto& paths = request.update_mask().paths();
  if (paths.empty()) {
    update.content = publication.content_case() != v1::Publication::CONTENT_NOT_SET;
    names_time = true;
    update.may_name_unchanged = true;
  } else if (paths.size() == 1 && paths[0] == "*") {
    update.content = true;
    names_time = true;
    update.may_name_unchanged = true;
    update.expire_time = now + kDefaultTtl;
  } else {
    for (const std::string& path : paths) {
      CheckPath(path, publication, update, names_time, violations);
    }
  }
  if (names_time) {
    if (const auto when = CheckExpiration(publication, now, violations); when.has_value()) {
      update.expire_time = when;
    }
  }
  return Conclude(update, violations);
}

void PublicationChecks::CheckUnchanged(const v1::Publication& said,
                                       const PublicationIdentity& publication,
                                       FieldViolations& violations) const {
  const auto compare = [&](const char* field, const std::string& value, const std::string& is) {
    if (value == is) return;
    violations.Add(FieldPath("publication", field), value,
                   absl::StrCat("what it was, ", Excerpt(is), ", since it does not change"));
  };
  if (!said.target_uri().empty()) {
    compare(
        "target_uri",
        CheckTarget("publication.target_uri", said.target_uri(), options_.tel_domain, violations),
        publication.target_uri);
  }
  if (!said.event_package().empty()) {
    compare("event_package", said.event_package(), publication.event_package);
  }
  if (!said.identity().empty()) {
    compare(
        "identity",
        CheckIdentity("publication.identity", said.identity(), options_.own_identity, violations),
        publication.identity);
  }
  if (said.route() != v1::Publication::ROUTE_UNSPECIFIED) {
    compare("route",
            v1::Publication::Route_IsValid(said.route()) ? v1::Publication::Route_Name(said.route())
                                                         : std::to_string(said.route()),
            publication.local ? "LOCAL" : "REMOTE");
  }
}

absl::StatusOr<PublicationChange> PublicationChecks::CheckChange(
    const v1::UpdatePublicationRequest& request, const PublicationUpdate& update,
    const PublicationIdentity& publication) const {
  FieldViolations violations;
  PublicationChange change;
  change.etag = request.publication().etag();
  change.expire_time = update.expire_time;
  if (update.may_name_unchanged) CheckUnchanged(request.publication(), publication, violations);
  if (update.content) {
    change.content = CheckContent(request.publication(),
                                  {.target_uri = publication.target_uri,
                                   .event_package = publication.event_package,
                                   .local = publication.local},
                                  violations);
  }
  return Conclude(std::move(change), violations);
}

absl::Status PublicationChecks::CheckName(const std::string& name) const {
  FieldViolations violations;
  CheckResourceName("name", "publications", name, violations);
  return violations.ToStatus();
}

PublicationScope PublicationChecks::CheckScope(const ResourceAsker& asker,
                                               const std::string& target_uri,
                                               const std::string& event_package,
                                               FieldViolations& violations) const {
  PublicationScope scope;
  scope.tenant = asker.tenant;
  if (!asker.admin) scope.owner = asker.caller;
  if (!target_uri.empty()) {
    scope.target_uri = CheckTarget("target_uri", target_uri, options_.tel_domain, violations);
  }
  scope.event_package = event_package;
  return scope;
}

absl::StatusOr<PublicationList> PublicationChecks::Check(const v1::ListPublicationsRequest& request,
                                                         const ResourceAsker& asker) const {
  FieldViolations violations;
  PublicationList list;
  list.page_size =
      CheckCount("page_size", request.page_size(), kMaxPageSize, kDefaultPageSize, violations);
  list.scope = CheckScope(asker, request.target_uri(), request.event_package(), violations);
  if (!request.page_token().empty()) {
    auto after = page_tokens_.Read(asker.tenant, FilterOf(request, asker), request.page_token());
    if (after.has_value()) {
      list.after = *std::move(after);
    } else {
      violations.Add("page_token", request.page_token(),
                     "next_page_token of an earlier page of the same list");
    }
  }
  return Conclude(std::move(list), violations);
}

absl::StatusOr<PublicationScope> PublicationChecks::Check(
    const v1::WatchPublicationsRequest& request, const ResourceAsker& asker,
    absl::Duration& heartbeat) const {
  FieldViolations violations;
  PublicationScope scope =
      CheckScope(asker, request.target_uri(), request.event_package(), violations);
  heartbeat = CheckHeartbeat(request, violations);
  return Conclude(std::move(scope), violations);
}

std::string PublicationChecks::NextPageToken(const v1::ListPublicationsRequest& request,
                                             const ResourceAsker& asker,
                                             const std::string& after) const {
  return page_tokens_.Make(asker.tenant, FilterOf(request, asker), after);
}

}  // namespace sipevents::gateway
