#include "gateway/rpc/resource_list_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/registry/keyed_digest.h"
#include "gateway/rpc/reactors.h"
#include "gateway/rpc/refusal_count.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr int kMaxListMembers = 1000;
constexpr size_t kMaxNameOctets = 256;

// With all its lists, no more than a client takes by default (4 MiB).
constexpr size_t kMaxPageBytes = size_t{2} << 20;
constexpr size_t kListsAtOnce = 32;

// What a page token is sealed with besides the tenant.
std::string FilterOf(const ResourceAsker& asker) { return asker.admin ? "" : asker.caller; }

}  // namespace

ResourceListService::ResourceListService(std::string tel_domain, const Parts& parts)
    : tel_domain_(std::move(tel_domain)), parts_(parts), page_tokens_(RandomSecret()) {}

absl::StatusOr<Caller> ResourceListService::Admit(
    const grpc::CallbackServerContext& context) const {
  if (draining_.load()) return Draining();
  return parts_.authenticator.Authenticate(context);
}

// A list is watched in any package; what its members show is for their own rules.
absl::Status ResourceListService::Authorize(const Caller& caller,
                                            const std::string& list_uri) const {
  return parts_.authorizer.Authorize(
      caller,
      {.action = Action::kPublishList, .target = list_uri, .event_package = "", .identity = ""});
}

ResourceListTable::Done ResourceListService::AnswerWith(
    std::shared_ptr<DeferredAnswer::Right> right, v1::ResourceList* response) const {
  return [right = std::move(right), response,
          &metrics = parts_.metrics](const absl::StatusOr<v1::ResourceList>& list) {
    CountRefusal(list.status(), metrics);
    right->Answer([&] {
      if (list.ok() && response != nullptr) *response = *list;
      return list.status();
    });
  };
}

void ResourceListService::CheckMembers(const v1::ResourceList& list, sip::ServedList& served,
                                       FieldViolations& violations) const {
  if (list.members_size() == 0 || list.members_size() > kMaxListMembers) {
    violations.Add("resource_list.members", absl::StrCat(list.members_size(), " members"),
                   "1 to 1000");
    return;
  }
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < list.members_size(); ++i) {
    const std::string path = absl::StrCat("resource_list.members[", i, "]");
    const v1::ResourceList::Member& member = list.members(i);
    std::string uri = CheckTarget(FieldPath(path, "uri"), member.uri(), tel_domain_, violations);
    if (!uri.empty() && !seen.insert(uri).second) {
      violations.Add(FieldPath(path, "uri"), member.uri(), "each member once");
    }
    if (member.display_name().size() > kMaxNameOctets || HasControl(member.display_name())) {
      violations.Add(FieldPath(path, "display_name"), member.display_name(),
                     "at most 256 octets without control characters");
    }
    served.members.push_back({std::move(uri), member.display_name()});
  }
}

// ---- CreateResourceList

absl::StatusOr<sip::ServedList> ResourceListService::AdmitCreate(
    const grpc::CallbackServerContext& context, const v1::CreateResourceListRequest& request,
    ResourceAsker& asker) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  asker = AskerFor(caller);
  FieldViolations violations;
  sip::ServedList list;
  const std::string& uri = request.resource_list().list_uri();
  list.uri =
      parts_.server.NameOf(CheckTarget("resource_list.list_uri", uri, tel_domain_, violations));
  if (!list.uri.empty() && !parts_.server.Serves(list.uri)) {
    violations.Add("resource_list.list_uri", uri, "a URI in a domain of --sip_domains");
  }
  CheckMembers(request.resource_list(), list, violations);
  SIPEVENTS_RETURN_IF_ERROR(violations.ToStatus());
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, list.uri));
  return list;
}

grpc::ServerUnaryReactor* ResourceListService::CreateResourceList(
    grpc::CallbackServerContext* context, const v1::CreateResourceListRequest* request,
    v1::ResourceList* response) {
  ResourceAsker asker;
  absl::StatusOr<sip::ServedList> list = AdmitCreate(*context, *request, asker);
  if (!list.ok()) return FinishWith(*context, list.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  parts_.table.Create(asker, *std::move(list), AnswerWith(std::move(right), response));
  return reactor;
}

// ---- GetResourceList

absl::StatusOr<ResourceAsker> ResourceListService::AdmitName(
    const grpc::CallbackServerContext& context, const std::string& name) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  FieldViolations violations;
  CheckResourceName("name", "resourceLists", name, violations);
  SIPEVENTS_RETURN_IF_ERROR(violations.ToStatus());
  return AskerFor(caller);
}

grpc::ServerUnaryReactor* ResourceListService::GetResourceList(
    grpc::CallbackServerContext* context, const v1::GetResourceListRequest* request,
    v1::ResourceList* response) {
  const absl::StatusOr<ResourceAsker> asker = AdmitName(*context, request->name());
  if (!asker.ok()) return FinishWith(*context, asker.status());
  absl::StatusOr<v1::ResourceList> found = parts_.table.Find(*asker, request->name());
  if (!found.ok()) return FinishWith(*context, found.status());
  *response = *std::move(found);
  return FinishWith(*context, absl::OkStatus());
}

// ---- ListResourceLists

absl::Status ResourceListService::List(const grpc::CallbackServerContext& context,
                                       const v1::ListResourceListsRequest& request,
                                       v1::ListResourceListsResponse& response) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  const ResourceAsker asker = AskerFor(caller);
  FieldViolations violations;
  const int page_size =
      CheckCount("page_size", request.page_size(), kMaxPageSize, kDefaultPageSize, violations);
  std::optional<std::string> after = "";
  if (!request.page_token().empty()) {
    after = page_tokens_.Read(caller.tenant, FilterOf(asker), request.page_token());
    if (!after.has_value()) {
      violations.Add("page_token", request.page_token(), "next_page_token of an earlier page");
    }
  }
  SIPEVENTS_RETURN_IF_ERROR(violations.ToStatus());
  size_t bytes = 0;
  while (true) {
    std::vector<v1::ResourceList> lists = parts_.table.ListAfter(asker, *after, kListsAtOnce);
    for (v1::ResourceList& list : lists) {
      if (response.resource_lists_size() == page_size || bytes > kMaxPageBytes) {
        response.set_next_page_token(page_tokens_.Make(caller.tenant, FilterOf(asker), *after));
        return absl::OkStatus();
      }
      after = list.name();
      bytes += list.ByteSizeLong();
      *response.add_resource_lists() = std::move(list);
    }
    if (lists.size() < kListsAtOnce) return absl::OkStatus();
  }
}

grpc::ServerUnaryReactor* ResourceListService::ListResourceLists(
    grpc::CallbackServerContext* context, const v1::ListResourceListsRequest* request,
    v1::ListResourceListsResponse* response) {
  return FinishWith(*context, List(*context, *request, *response));
}

// ---- UpdateResourceList

absl::StatusOr<sip::ServedList> ResourceListService::AdmitUpdate(
    const grpc::CallbackServerContext& context, const v1::UpdateResourceListRequest& request,
    ResourceAsker& asker) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  asker = AskerFor(caller);
  FieldViolations violations;
  const v1::ResourceList& list = request.resource_list();
  CheckResourceName("resource_list.name", "resourceLists", list.name(), violations);
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "members" && path != "*") violations.Add("update_mask", path, "members or *");
  }
  sip::ServedList served;
  CheckMembers(list, served, violations);
  SIPEVENTS_RETURN_IF_ERROR(violations.ToStatus());
  SIPEVENTS_ASSIGN_OR_RETURN(const v1::ResourceList found, parts_.table.Find(asker, list.name()));
  // He may not publish for it any more.
  SIPEVENTS_RETURN_IF_ERROR(Authorize(caller, found.list_uri()));
  if (!list.list_uri().empty()) {
    served.uri = parts_.server.NameOf(
        CheckTarget("resource_list.list_uri", list.list_uri(), tel_domain_, violations));
    if (violations.empty() && served.uri != found.list_uri()) {
      violations.Add("resource_list.list_uri", list.list_uri(),
                     absl::StrCat("what it was, ", found.list_uri(), ", since it does not change"));
    }
  }
  return Conclude(std::move(served), violations);
}

grpc::ServerUnaryReactor* ResourceListService::UpdateResourceList(
    grpc::CallbackServerContext* context, const v1::UpdateResourceListRequest* request,
    v1::ResourceList* response) {
  ResourceAsker asker;
  absl::StatusOr<sip::ServedList> list = AdmitUpdate(*context, *request, asker);
  if (!list.ok()) return FinishWith(*context, list.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  const v1::ResourceList& said = request->resource_list();
  parts_.table.Update(asker, said.name(), std::move(list->members), said.etag(),
                      AnswerWith(std::move(right), response));
  return reactor;
}

// ---- DeleteResourceList

grpc::ServerUnaryReactor* ResourceListService::DeleteResourceList(
    grpc::CallbackServerContext* context, const v1::DeleteResourceListRequest* request,
    google::protobuf::Empty* /*response*/) {
  const absl::StatusOr<ResourceAsker> asker = AdmitName(*context, request->name());
  if (!asker.ok()) return FinishWith(*context, asker.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  parts_.table.Delete(*asker, request->name(), request->etag(),
                      AnswerWith(std::move(right), nullptr));
  return reactor;
}

}  // namespace sipevents::gateway
