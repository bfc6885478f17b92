#include "gateway/rpc/publication_service.h"

#include <utility>
#include <vector>

#include "gateway/rpc/reactors.h"
#include "gateway/rpc/refusal_count.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

using WatchReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
using Publication = PublicationRegistry::Publication;

// As ChangeStream writes them.
static_assert(v1::WatchPublicationsResponse::kItemsFieldNumber == 1);
static_assert(v1::PublicationItem::kBookmarkFieldNumber == 2);

// How many rows a List looks at before it returns what it found, be it a short page.
constexpr size_t kMaxRowsScanned = 10'000;
constexpr size_t kRowsAtOnce = 256;

// With whatever is in their content, no more than a client takes by default (4 MiB).
constexpr size_t kMaxPageBytes = size_t{2} << 20;

}  // namespace

PublicationService::PublicationService(const Options& options, const Parts& parts)
    : parts_(parts), checks_(options, parts.server) {}

absl::StatusOr<Caller> PublicationService::Admit(const grpc::CallbackServerContext& context) const {
  if (streams_.draining()) return Draining();
  return parts_.authenticator.Authenticate(context);
}

absl::Status PublicationService::Authorize(const Caller& caller, const std::string& target_uri,
                                           const std::string& event_package,
                                           const std::string& identity) const {
  return parts_.authorizer.Authorize(caller, {.action = Action::kPublish,
                                              .target = target_uri,
                                              .event_package = event_package,
                                              .identity = identity});
}

PublicationRegistry::Done PublicationService::AnswerWith(
    std::shared_ptr<DeferredAnswer::Right> right, v1::Publication* response) const {
  return [right = std::move(right), response,
          &metrics = parts_.metrics](const absl::StatusOr<Publication>& publication) {
    CountRefusal(publication.status(), metrics);
    right->Answer([&] {
      if (publication.ok() && response != nullptr) *response = (*publication)->Describe();
      return publication.status();
    });
  };
}

// ---- CreatePublication

absl::StatusOr<PublicationOrder> PublicationService::AdmitCreate(
    const grpc::CallbackServerContext& context, const v1::CreatePublicationRequest& request,
    ResourceAsker& asker) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_ASSIGN_OR_RETURN(PublicationOrder order, checks_.Check(request, parts_.clock.Now()));
  SIPEVENTS_RETURN_IF_ERROR(
      Authorize(caller, order.target_uri, order.event_package, order.identity));
  asker = AskerFor(caller);
  return order;
}

grpc::ServerUnaryReactor* PublicationService::CreatePublication(
    grpc::CallbackServerContext* context, const v1::CreatePublicationRequest* request,
    v1::Publication* response) {
  ResourceAsker asker;
  absl::StatusOr<PublicationOrder> order = AdmitCreate(*context, *request, asker);
  if (!order.ok()) return FinishWith(*context, order.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  parts_.registry.Create(asker, *std::move(order), AnswerWith(std::move(right), response));
  return reactor;
}

// ---- GetPublication

absl::Status PublicationService::Get(const grpc::CallbackServerContext& context,
                                     const v1::GetPublicationRequest& request,
                                     v1::Publication& response) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_RETURN_IF_ERROR(checks_.CheckName(request.name()));
  SIPEVENTS_ASSIGN_OR_RETURN(const Publication found,
                             parts_.registry.Find(AskerFor(caller), request.name()));
  response = found->Describe();
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* PublicationService::GetPublication(
    grpc::CallbackServerContext* context, const v1::GetPublicationRequest* request,
    v1::Publication* response) {
  return FinishWith(*context, Get(*context, *request, *response));
}

// ---- ListPublications

absl::Status PublicationService::List(const grpc::CallbackServerContext& context,
                                      const v1::ListPublicationsRequest& request,
                                      v1::ListPublicationsResponse& response) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  const ResourceAsker asker = AskerFor(caller);
  SIPEVENTS_ASSIGN_OR_RETURN(const PublicationList list, checks_.Check(request, asker));
  std::string after = list.after;
  size_t bytes = 0;
  for (size_t scanned = 0; scanned < kMaxRowsScanned; scanned += kRowsAtOnce) {
    const std::vector<Publication> rows =
        parts_.registry.ListAfter(caller.tenant, after, kRowsAtOnce);
    for (const Publication& row : rows) {
      if (response.publications_size() == list.page_size || bytes > kMaxPageBytes) {
        response.set_next_page_token(checks_.NextPageToken(request, asker, after));
        return absl::OkStatus();
      }
      after = row->name();
      if (!list.scope.Covers(row->identity())) continue;
      v1::Publication& shown = *response.add_publications();
      shown = row->Describe();
      bytes += shown.ByteSizeLong();
    }
    if (rows.size() < kRowsAtOnce) return absl::OkStatus();
  }
  response.set_next_page_token(checks_.NextPageToken(request, asker, after));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* PublicationService::ListPublications(
    grpc::CallbackServerContext* context, const v1::ListPublicationsRequest* request,
    v1::ListPublicationsResponse* response) {
  return FinishWith(*context, List(*context, *request, *response));
}

// ---- UpdatePublication

absl::StatusOr<PublicationChange> PublicationService::AdmitUpdate(
    const grpc::CallbackServerContext& context, const v1::UpdatePublicationRequest& request,
    ResourceAsker& asker) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_ASSIGN_OR_RETURN(const PublicationUpdate update,
                             checks_.Check(request, parts_.clock.Now()));
  asker = AskerFor(caller);
  SIPEVENTS_ASSIGN_OR_RETURN(const Publication found,
                             parts_.registry.Find(asker, request.publication().name()));
  const PublicationIdentity& identity = found->identity();
  // He may not publish for it any more.
  SIPEVENTS_RETURN_IF_ERROR(
      Authorize(caller, identity.target_uri, identity.event_package, identity.identity));
  return checks_.CheckChange(request, update, identity);
}

grpc::ServerUnaryReactor* PublicationService::UpdatePublication(
    grpc::CallbackServerContext* context, const v1::UpdatePublicationRequest* request,
    v1::Publication* response) {
  ResourceAsker asker;
  absl::StatusOr<PublicationChange> change = AdmitUpdate(*context, *request, asker);
  if (!change.ok()) return FinishWith(*context, change.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  parts_.registry.Update(asker, request->publication().name(), *std::move(change),
                         AnswerWith(std::move(right), response));
  return reactor;
}

// ---- DeletePublication

absl::StatusOr<ResourceAsker> PublicationService::AdmitDelete(
    const grpc::CallbackServerContext& context, const v1::DeletePublicationRequest& request) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  SIPEVENTS_RETURN_IF_ERROR(checks_.CheckName(request.name()));
  return AskerFor(caller);
}

grpc::ServerUnaryReactor* PublicationService::DeletePublication(
    grpc::CallbackServerContext* context, const v1::DeletePublicationRequest* request,
    google::protobuf::Empty* /*response*/) {
  const absl::StatusOr<ResourceAsker> asker = AdmitDelete(*context, *request);
  if (!asker.ok()) return FinishWith(*context, asker.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  parts_.registry.Delete(*asker, request->name(), request->etag(),
                         AnswerWith(std::move(right), nullptr));
  return reactor;
}

// ---- WatchPublications

absl::StatusOr<std::shared_ptr<ChangeStream>> PublicationService::BeginWatch(
    const grpc::CallbackServerContext& context, const grpc::ByteBuffer& octets,
    PublicationScope& scope) const {
  SIPEVENTS_ASSIGN_OR_RETURN(const Caller caller, Admit(context));
  v1::WatchPublicationsRequest request;
  grpc::ByteBuffer copy(octets);  // references; the parser consumes it
  if (!grpc::SerializationTraits<v1::WatchPublicationsRequest>::Deserialize(&copy, &request).ok()) {
    return InvalidField("", "", "an encoded sipevents.v1.WatchPublicationsRequest");
  }
  ChangeStream::Options options;
  SIPEVENTS_ASSIGN_OR_RETURN(scope,
                             checks_.Check(request, AskerFor(caller), options.heartbeat_interval));
  return std::make_shared<ChangeStream>(options, ChangeStream::Parts{.executor = parts_.executor,
                                                                     .clock = parts_.clock,
                                                                     .metrics = parts_.metrics,
                                                                     .streams = streams_});
}

void PublicationService::ShowAll(const PublicationScope& scope, ChangeStream& stream) const {
  std::string after;
  while (true) {
    const std::vector<Publication> rows =
        parts_.registry.ListAfter(scope.tenant, after, kRowsAtOnce);
    for (const Publication& row : rows) {
      if (scope.Covers(row->identity())) stream.Put(row);
    }
    if (rows.size() < kRowsAtOnce) break;
    after = rows.back()->name();
  }
  stream.CompleteInitial();
}

WatchReactor* PublicationService::WatchPublications(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request) {
  PublicationScope scope;
  const absl::StatusOr<std::shared_ptr<ChangeStream>> stream =
      BeginWatch(*context, *request, scope);
  if (!stream.ok()) return Refused<WatchReactor>::Start(stream.status());
  // It hears of changes before it is shown what there is: between the two nothing is lost.
  std::shared_ptr<void> membership = parts_.registry.feed()->Join(
      scope, [weak = std::weak_ptr<ChangeStream>(*stream)](const Publication& publication) {
        if (const std::shared_ptr<ChangeStream> alive = weak.lock()) alive->Put(publication);
      });
  ShowAll(scope, **stream);
  return (*stream)->Start(std::move(membership));
}

// ---- Drainable

void PublicationService::BeginDrain() { streams_.BeginDrain(); }

bool PublicationService::AwaitDrained(absl::Time deadline) { return streams_.AwaitNone(deadline); }

}  // namespace sipevents::gateway
